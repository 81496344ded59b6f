//! The Rust programs of a README, with what they need to be built and visited.
//!
//! A program begins with the commands that add its dependencies, as comments:
//!
//! ```text
//! // cargo add ws-server --features deflate
//! // cargo add tokio --features full
//! ```

use ws_outside::Generated;

/// A program of the README.
#[derive(Debug)]
pub(crate) struct Snippet {
    /// The number of its first line.
    pub(crate) line: usize,
    pub(crate) source: String,
    /// The text from its end to the next program.
    text: String,
}

/// The programs of a README.
pub(crate) fn snippets(readme: &str) -> Vec<Snippet> {
    let mut snippets = Vec::<Snippet>::new();
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
        if language.split(',').next() == Some("rust") {
            let source = block.join("\n") + "\n";
            snippets.push(Snippet { line: at + 2, source, text: String::new() });
        }
    }
    snippets
}

/// The line of Cargo.toml for what a command adds; a crate of this repository is found by its path.
fn dependency(command: &str) -> Result<String, String> {
    let words: Vec<&str> = command.split_whitespace().skip(2).collect();
    let (name, features) = match words[..] {
        [name] => (name, Vec::new()),
        [name, "--features", features] => (name, features.split(',').collect()),
        _ => return Err(format!("`{command}` is not `cargo add NAME [--features A,B]`")),
    };
    let source = match name {
        "ws-server" => format!("path = {:?}", Generated::crate_path(name)),
        _ => "version = \"*\"".to_owned(),
    };
    Ok(format!("{name} = {{ {source}, features = {features:?} }}\n"))
}

impl Snippet {
    /// What it depends on, as lines of Cargo.toml.
    pub(crate) fn dependencies(&self) -> Result<String, String> {
        let comments = self.source.lines().map_while(|line| line.strip_prefix("// "));
        let commands = comments.filter(|line| line.starts_with("cargo add "));
        let lines = commands.map(dependency).collect::<Result<String, _>>()?;
        match lines.is_empty() {
            true => Err("no `cargo add` names its dependencies".to_owned()),
            false => Ok(lines),
        }
    }

    /// The string literals of the program.
    fn literals(&self) -> impl Iterator<Item = &str> {
        self.source.lines().flat_map(|line| line.split('"').skip(1).step_by(2))
    }

    /// Where it listens: `127.0.0.1:8080`.
    pub(crate) fn address(&self) -> Result<&str, String> {
        let address = self.literals().find(|literal| literal.starts_with("127.0.0.1:"));
        address.ok_or_else(|| "it has no address of 127.0.0.1".to_owned())
    }

    /// The URLs at which it may serve WebSockets. If the text after it shows one, it is that one;
    /// otherwise its paths are tried.
    pub(crate) fn urls(&self, address: &str) -> Vec<String> {
        let root = format!("ws://{address}");
        if let Some(at) = self.text.find(&root) {
            let end = |c: char| c.is_whitespace() || "`\"'<>)".contains(c);
            let shown = self.text[at..].split(end).next().into_iter();
            return shown.map(|url| url.trim_end_matches(['.', ',']).to_owned()).collect();
        }
        let paths = self.literals().filter(|literal| literal.starts_with('/'));
        ["/"].into_iter().chain(paths).map(|path| format!("{root}{path}")).collect()
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

```rust,no_run
// cargo add ws-server
// cargo add tokio --features net,macros
fn main() { bind("127.0.0.1:8080", "/echo"); }
```

Try it with `websocat ws://127.0.0.1:8080/echo?x=1`.

```rust
// cargo add ws-server --features axum
// The site has two paths.
fn main() { bind("127.0.0.1:8081"); route("/a", "/b"); }
```

```sh
websocat ws://127.0.0.1:8081
```

```rust
fn main() {}
```
"#;

    #[test]
    fn programs_are_found_with_their_dependencies() {
        let found = snippets(README);
        let lines: Vec<usize> = found.iter().map(|snippet| snippet.line).collect();
        assert_eq!(lines, [4, 12, 22]);
        let dependencies = found[0].dependencies().unwrap();
        let (ours, other) = dependencies.split_once('\n').unwrap();
        assert!(ours.starts_with("ws-server = { path = \"/"), "{ours}");
        assert_eq!(other, "tokio = { version = \"*\", features = [\"net\", \"macros\"] }\n");
        assert!(found[1].dependencies().unwrap().ends_with("features = [\"axum\"] }\n"));
        assert!(found[2].dependencies().unwrap_err().contains("cargo add"));
    }

    #[test]
    fn a_command_that_is_not_understood_is_an_error() {
        for wrong in ["cargo add", "cargo add a b", "cargo add a --git x", "cargo add a --features"]
        {
            assert!(dependency(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_a_program_serves_is_read_from_it_and_from_the_text_after_it() {
        let found = snippets(README);
        let address = found[0].address().unwrap();
        assert_eq!(found[0].urls(address), ["ws://127.0.0.1:8080/echo?x=1"]);
        assert!(found[0].echoes());
        let urls = ["/", "/a", "/b"].map(|path| format!("ws://127.0.0.1:8081{path}"));
        assert_eq!(found[1].urls("127.0.0.1:8081"), urls);
        assert!(!found[1].echoes());
        assert!(found[2].address().is_err());
    }
}
