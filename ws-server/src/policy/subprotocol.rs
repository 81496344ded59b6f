//! Which of the offered subprotocols is selected (RFC 6455 §1.9).

use ws_core::Capabilities;

/// The subprotocols a server speaks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Subprotocols {
    /// Those of the application.
    pub(crate) named: Vec<String>,
    /// Whether any other is spoken too.
    pub(crate) any: bool,
}

/// What the connection carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// Messages: only the application's own subprotocols make sense.
    Messages,
    /// Bytes: the subprotocols `binary` and `base64` say how they are encoded in messages.
    Bytes,
}

impl Subprotocols {
    /// The client's first choice among the supported subprotocols. For bytes, the application's own
    /// come first, then `binary`, then `base64`.
    pub(crate) fn pick<'o>(
        &self,
        offered: &'o [impl AsRef<str>],
        content: Content,
        capabilities: &Capabilities,
    ) -> Option<&'o str> {
        let mut offered_names = offered.iter().map(AsRef::as_ref);
        let own = offered_names.find(|one| self.any || self.named.iter().any(|name| name == one));
        let carried = |name: &str| offered.iter().map(AsRef::as_ref).find(|one| *one == name);
        match (own, content) {
            (Some(own), _) => Some(own),
            (None, Content::Messages) => None,
            (None, Content::Bytes) => {
                carried("binary").filter(|_| capabilities.binary).or_else(|| carried("base64"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pick<'o>(
        named: &[&str],
        offered: &'o [&'static str],
        content: Content,
        binary: bool,
    ) -> Option<&'o str> {
        let named = named.iter().map(|name| (*name).to_owned()).collect();
        let text_only = Capabilities::new();
        let capabilities = if binary { text_only.with_binary() } else { text_only };
        Subprotocols { named, any: false }.pick(offered, content, &capabilities)
    }

    #[test]
    fn picks_the_clients_first_choice_that_is_spoken() {
        assert_eq!(pick(&["a", "b"], &["c", "b", "a"], Content::Messages, true), Some("b"));
        assert_eq!(pick(&["a"], &["c"], Content::Messages, true), None);
        assert_eq!(pick(&[], &["binary"], Content::Messages, true), None);
    }

    #[test]
    fn picks_the_clients_first_choice_where_any_is_spoken() {
        let any = Subprotocols { named: vec!["b".to_owned()], any: true };
        for content in [Content::Messages, Content::Bytes] {
            let picked = any.pick(&["a", "b", "binary"], content, &Capabilities::new());
            assert_eq!(picked, Some("a"));
            assert_eq!(any.pick(&[""; 0], content, &Capabilities::new()), None);
        }
    }

    #[test]
    fn carries_bytes_as_binary_or_else_as_base64() {
        assert_eq!(pick(&[], &["base64", "binary"], Content::Bytes, true), Some("binary"));
        assert_eq!(pick(&[], &["binary", "base64"], Content::Bytes, false), Some("base64"));
        assert_eq!(pick(&[], &["binary"], Content::Bytes, false), None);
        assert_eq!(pick(&["mqtt"], &["binary", "mqtt"], Content::Bytes, true), Some("mqtt"));
    }
}
