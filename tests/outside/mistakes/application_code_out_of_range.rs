//! A close code that is none of an application.
//!
//! says: codes of applications are 3000 to 4999
//! lines: 17

use ws_server::CloseCode;

const BYE: CloseCode = CloseCode::application(1000);

fn main() {
    let _code = BYE;
}
