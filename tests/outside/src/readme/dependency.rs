//! Dependencies, as `cargo add` names them.

use ws_outside::Generated;

/// A dependency of a program.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dependency {
    name: String,
    version: String,
    features: Vec<String>,
    default_features: bool,
}

impl Dependency {
    /// The dependencies that one command adds.
    pub(crate) fn parse(command: &str) -> Result<Vec<Dependency>, String> {
        let mut words = command.split_whitespace().skip(2);
        let mut found = Vec::<Dependency>::new();
        let mut features = Vec::new();
        let mut default_features = true;
        while let Some(word) = words.next() {
            match word {
                "--features" | "-F" => {
                    let named = words.next().ok_or(format!("`{command}` ends too early"))?;
                    features.extend(named.split(',').map(str::to_owned));
                }
                "--no-default-features" => default_features = false,
                option if option.starts_with('-') => {
                    return Err(format!("`{command}` has an unknown option"));
                }
                spec => {
                    let (name, version) = spec.split_once('@').unwrap_or((spec, "*"));
                    found.push(Dependency {
                        name: name.to_owned(),
                        version: version.to_owned(),
                        features: Vec::new(),
                        default_features: true,
                    });
                }
            }
        }
        let [only] = &mut found[..] else {
            return Err(format!("`{command}` does not add one crate"));
        };
        only.features = features;
        only.default_features = default_features;
        Ok(found)
    }

    /// Its line in Cargo.toml; that of this repository by path.
    pub(crate) fn line(&self) -> String {
        let Dependency { name, version, features, default_features } = self;
        let source = match name.as_str() {
            "ws-server" => format!("path = {:?}", Generated::crate_path(name)),
            _ => format!("version = {version:?}"),
        };
        format!(
            "{name} = {{ {source}, features = {features:?}, \
             default-features = {default_features} }}\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_as_cargo_reads_them() {
        let line = |command| Dependency::parse(command).map(|found| found[0].line());
        assert_eq!(
            line("cargo add tokio --features net,macros").unwrap(),
            "tokio = { version = \"*\", features = [\"net\", \"macros\"], default-features = true }\n"
        );
        assert_eq!(
            line("cargo add axum@0.8 --no-default-features -F ws").unwrap(),
            "axum = { version = \"0.8\", features = [\"ws\"], default-features = false }\n"
        );
        assert!(line("cargo add ws-server").unwrap().contains("path = \"/"));
        for wrong in ["cargo add", "cargo add a b", "cargo add a --git x", "cargo add a -F"] {
            assert!(line(wrong).is_err(), "{wrong}");
        }
    }
}
