//! What handlers may end with.

use std::error::Error;
use std::io;

use crate::error::{RecvError, SendError};

/// What a handler may end with: nothing, or a `Result` whose error is any error type, such as
/// `anyhow::Error` or `Box<dyn Error + Send + Sync>`.
#[diagnostic::on_unimplemented(
    message = "a handler cannot end with `{Self}`",
    label = "expected `()` or `Result<(), E>`",
    note = "`E` is any error type that converts into `Box<dyn Error + Send + Sync>`"
)]
pub trait Outcome {
    /// The outcome as a service has it.
    ///
    /// # Errors
    /// The error of the handler. An `io::Error`, [`RecvError`] or [`SendError`] keeps its kind, any
    /// other error becomes the inner error of one of kind `Other`.
    fn into_io_result(self) -> io::Result<()>;
}

#[diagnostic::do_not_recommend]
impl Outcome for () {
    fn into_io_result(self) -> io::Result<()> {
        Ok(())
    }
}

#[diagnostic::do_not_recommend]
impl Outcome for Never {
    fn into_io_result(self) -> io::Result<()> {
        self
    }
}

/// The type `!` of a handler that never ends. It can be named in the output of a function pointer
/// only, as long as the type itself is not stable.
pub(crate) type Never = <fn() -> ! as Returns>::Output;

/// A function pointer.
pub trait Returns {
    /// What the function returns.
    type Output;
}

impl<T> Returns for fn() -> T {
    type Output = T;
}

#[diagnostic::do_not_recommend]
impl<E: Into<Box<dyn Error + Send + Sync>>> Outcome for Result<(), E> {
    fn into_io_result(self) -> io::Result<()> {
        let Err(error) = self else {
            return Ok(());
        };
        let error = match error.into().downcast::<io::Error>() {
            Ok(error) => return Err(*error),
            Err(error) => error,
        };
        let error = match error.downcast::<RecvError>() {
            Ok(error) => return Err((*error).into()),
            Err(error) => error,
        };
        Err(match error.downcast::<SendError>() {
            Ok(error) => (*error).into(),
            Err(error) => io::Error::other(error),
        })
    }
}
