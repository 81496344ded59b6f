//! The known disagreements, and the reason for each.

use ws_core::CloseCode;

use super::{End, FRAME_LIMIT, Verdict};

/// A disagreement that has a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Difference {
    /// RFC 6455 §5.2: "the minimal number of bytes MUST be used to encode the length". Ours fails;
    /// theirs accepts any form.
    NonMinimalLength,
    /// RFC 6455 §5.2: the top bit of an eight-byte length MUST be 0. Both fail, ours with 1002 for
    /// the violation, theirs with 1009 because such a length is over its limit.
    TopBit,
    /// 1014 is in the registry of close codes since 2012; theirs does not accept it.
    BadGateway,
    /// One frame breaks two rules; the RFC does not say which error to report.
    TwoFaults,
    /// The stream ends within a frame whose header, or whose text so far, is invalid. Ours fails at
    /// once; theirs waits for the whole frame.
    WithinAFrame,
}

/// The reason for a disagreement; `None` when there is none.
pub(crate) fn explain(wire: &[u8], ours: &Verdict, theirs: &Verdict) -> Option<Difference> {
    let headers = headers(wire);
    let any = |test: fn(&Header) -> bool| headers.iter().any(test);
    let same_so_far = ours.messages == theirs.messages && ours.pongs == theirs.pongs;
    match (&ours.end, &theirs.end) {
        (End::Failed(1002), _)
            if any(|header| !header.minimal)
                && theirs.messages.starts_with(&ours.messages)
                && theirs.pongs.starts_with(&ours.pongs) =>
        {
            Some(Difference::NonMinimalLength)
        }
        (End::Failed(1002), End::Failed(1009)) if same_so_far && any(|header| header.top_bit) => {
            Some(Difference::TopBit)
        }
        (End::Closed(Some((1014, _))), End::Failed(1002)) if same_so_far => {
            Some(Difference::BadGateway)
        }
        (End::Failed(_), End::Failed(_)) if same_so_far && any(|header| header.faults > 1) => {
            Some(Difference::TwoFaults)
        }
        (End::Failed(_), End::Waiting) if same_so_far && any(|header| !header.whole) => {
            Some(Difference::WithinAFrame)
        }
        _ => None,
    }
}

/// The properties of a frame, as far as it has arrived.
struct Header {
    minimal: bool,
    top_bit: bool,
    /// Whether the frame is complete.
    whole: bool,
    /// How many rules it breaks, apart from those about the order of frames.
    faults: usize,
}

fn headers(mut wire: &[u8]) -> Vec<Header> {
    let mut headers = Vec::new();
    while let [first, second, rest @ ..] = wire {
        let (extra, least) = match second & 0x7f {
            126 => (2, 126),
            127 => (8, 1 << 16),
            _ => (0, 0),
        };
        let key_len = if second & 0x80 == 0 { 0 } else { 4 };
        let short = u64::from(second & 0x7f);
        let len = rest.get(..extra).map_or(0, |bytes| {
            bytes.iter().fold(if extra == 0 { short } else { 0 }, |len, b| len << 8 | u64::from(*b))
        });
        let control = first & 0x08 != 0;
        let payload = rest.get(extra + key_len..).unwrap_or_default();
        let whole = rest.len() >= extra + key_len && payload.len() as u64 >= len;
        let payload = &payload[..payload.len().min(usize::try_from(len).unwrap_or(usize::MAX))];
        let key = rest.get(extra..extra + key_len).unwrap_or_default();
        let faults = [
            key_len == 0,
            first & 0x70 != 0,
            matches!(first & 0x0f, 3..=7 | 11..),
            control && first & 0x80 == 0,
            control && len > 125,
            len > FRAME_LIMIT as u64,
        ];
        let mut faults = faults.iter().filter(|fault| **fault).count();
        if first & 0x0f == 8 {
            faults += close_faults(payload, key);
        }
        headers.push(Header {
            minimal: extra == 0 || rest.len() < extra || len >= least,
            top_bit: len >> 63 != 0,
            whole,
            faults,
        });
        wire = rest.get(extra + key_len + payload.len()..).unwrap_or_default();
    }
    if let ([_], false) = (wire, headers.is_empty()) {
        headers.push(Header { minimal: true, top_bit: false, whole: false, faults: 0 });
    }
    headers
}

/// How many rules a Close breaks: about its code, its text, or both.
fn close_faults(payload: &[u8], key: &[u8]) -> usize {
    let payload: Vec<_> = payload.iter().zip(key.iter().cycle()).map(|(b, key)| b ^ key).collect();
    let [high, low, text @ ..] = payload.as_slice() else {
        return 0;
    };
    let code = u16::from_be_bytes([*high, *low]);
    usize::from(CloseCode::new(code).is_none()) + usize::from(str::from_utf8(text).is_err())
}

/// A vector of each disagreement. Remove one from the list when it has gone.
#[test]
fn each_disagreement_is_there_and_has_its_reason() {
    let vectors: [(&[u8], Difference); 6] = [
        (b"\x82\xfe\x00\x01\0\0\0\0x", Difference::NonMinimalLength),
        (b"\x82\xff\x80\0\0\0\0\0\0\x01\0\0\0\0x", Difference::TopBit),
        (b"\x88\x82\0\0\0\0\x03\xf6", Difference::BadGateway),
        (b"\x88\x83\0\0\0\0\x03\xed\xff", Difference::TwoFaults),
        (b"\xc2\xfe\x02\x00\0\0\0\0", Difference::WithinAFrame),
        (b"\x81\x82\0\0\0\0\xff", Difference::WithinAFrame),
    ];
    for (wire, difference) in vectors {
        let ours = super::ours::read(wire, &[super::ours::ReadStep::largest()]);
        let theirs = super::theirs::read(wire);
        assert_ne!(ours, theirs, "{difference:?} is gone");
        assert_eq!(explain(wire, &ours, &theirs), Some(difference), "{ours:?}, {theirs:?}");
    }
}
