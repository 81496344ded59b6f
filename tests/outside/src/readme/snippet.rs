//! The Rust programs of a README, with what they need to be built and run.
//!
//! A program begins with the commands that add its dependencies, as comments:
//!
//! ```text
//! // cargo add ws-server --features deflate
//! // cargo add tokio --features full
//! ```
//!
//! Without them, the `sh` block before it has these commands. A block that is `rust,ignore` is a
//! fragment and not a program.

use crate::dependency::Dependency;

/// A program of the README.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Snippet {
    /// The number of its first line.
    pub(crate) line: usize,
    pub(crate) source: String,
    /// The commands that add its dependencies.
    commands: Vec<String>,
    /// The text from its end to the next program.
    text: String,
}

/// The programs of a README.
pub(crate) fn snippets(readme: &str) -> Vec<Snippet> {
    let mut snippets = Vec::<Snippet>::new();
    let mut commands = Vec::new();
    let mut lines = readme.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let Some(language) = line.strip_prefix("```") else {
            if let Some(last) = snippets.last_mut() {
                last.text.push_str(line);
                last.text.push('\n');
            }
            continue;
        };
        let block = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```");
        let block: Vec<&str> = block.collect();
        let mut words = language.split(',');
        match words.next() {
            Some("sh") => commands = added(block.iter().copied()),
            Some("rust") if words.all(|word| word != "ignore") => {
                let own = added(block.iter().map_while(|line| line.strip_prefix("// ")));
                let before = std::mem::take(&mut commands);
                snippets.push(Snippet {
                    line: at + 2,
                    source: block.join("\n") + "\n",
                    commands: if own.is_empty() { before } else { own },
                    text: String::new(),
                });
            }
            _ => {}
        }
    }
    snippets
}

/// The commands that add dependencies.
fn added<'l>(lines: impl Iterator<Item = &'l str>) -> Vec<String> {
    lines.filter(|line| line.starts_with("cargo add ")).map(str::to_owned).collect()
}

impl Snippet {
    /// What it depends on.
    pub(crate) fn dependencies(&self) -> Result<Vec<Dependency>, String> {
        let parsed = self.commands.iter().map(|command| Dependency::parse(command));
        let dependencies: Vec<Dependency> = parsed.collect::<Result<Vec<_>, _>>()?.concat();
        match dependencies.is_empty() {
            true => Err("no `cargo add` names its dependencies".to_owned()),
            false => Ok(dependencies),
        }
    }

    /// The string literals of the program.
    fn literals(&self) -> impl Iterator<Item = &str> {
        self.source.lines().flat_map(|line| line.split('"').skip(1).step_by(2))
    }

    /// Where it listens, if it does: `127.0.0.1:8080`.
    pub(crate) fn address(&self) -> Option<&str> {
        self.literals().find(|literal| literal.starts_with("127.0.0.1:"))
    }

    /// The URLs at which it may serve WebSockets. One that the program or the text after it shows
    /// has to be one; otherwise its paths are tried.
    pub(crate) fn urls(&self, address: &str) -> Vec<String> {
        let shown = [&self.source, &self.text].into_iter().flat_map(|text| {
            ["ws", "wss"].into_iter().filter_map(move |scheme| {
                let start = format!("{scheme}://{address}");
                let at = text.find(&start)?;
                let end = |c: char| c.is_whitespace() || "`\"'<>)".contains(c);
                text[at..].split(end).next().map(|url| url.trim_end_matches(['.', ',']).to_owned())
            })
        });
        let shown: Vec<String> = shown.collect();
        if !shown.is_empty() {
            return shown;
        }
        let scheme = if self.certificate().is_some() { "wss" } else { "ws" };
        let paths = self.literals().filter(|literal| literal.starts_with('/'));
        ["/"].into_iter().chain(paths).map(|path| format!("{scheme}://{address}{path}")).collect()
    }

    /// The files of the certificate and its key that it reads.
    pub(crate) fn certificate(&self) -> Option<(&str, &str)> {
        let mut files = self.literals().filter(|literal| {
            [".pem", ".key", ".crt"].iter().any(|extension| literal.ends_with(extension))
        });
        Some((files.next()?, files.next()?))
    }

    /// Whether a message comes back.
    pub(crate) fn echoes(&self) -> bool {
        self.source.contains("echo")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const README: &str = r#"# Title

```sh
cargo add ws-server
cargo add tokio --features full
```

```rust,no_run
fn main() { bind("127.0.0.1:8080", "/echo"); }
```

Try it with `websocat ws://127.0.0.1:8080/echo?x=1`.

```rust,ignore
register!(Acme);
```

```rust
// cargo add ws-server --features tls
// The certificate is that of the site.
fn main() { bind("127.0.0.1:8443"); load("site.pem", "site.key"); route("/a", "/b"); }
```

```sh
cargo build
```

```rust
fn main() {}
```
"#;

    #[test]
    fn programs_are_found_with_the_commands_before_them_or_in_them() {
        let found = snippets(README);
        let lines: Vec<usize> = found.iter().map(|snippet| snippet.line).collect();
        assert_eq!(lines, [9, 19, 29]);
        let commands: Vec<&[String]> = found.iter().map(|snippet| &*snippet.commands).collect();
        assert_eq!(commands[0], ["cargo add ws-server", "cargo add tokio --features full"]);
        assert_eq!(commands[1], ["cargo add ws-server --features tls"]);
        assert_eq!(commands[2], [""; 0]);
        assert!(found[2].dependencies().unwrap_err().contains("cargo add"));
    }

    #[test]
    fn what_a_program_serves_is_read_from_it_and_from_the_text_after_it() {
        let found = snippets(README);
        let address = found[0].address().unwrap();
        assert_eq!(found[0].urls(address), ["ws://127.0.0.1:8080/echo?x=1"]);
        assert!(found[0].echoes() && found[0].certificate().is_none());
        let urls = ["/", "/a", "/b"].map(|path| format!("wss://127.0.0.1:8443{path}"));
        assert_eq!(found[1].urls("127.0.0.1:8443"), urls);
        assert_eq!(found[1].certificate(), Some(("site.pem", "site.key")));
        assert!(!found[1].echoes());
        assert_eq!(found[2].address(), None);
    }
}
