//! What the compiler says to common mistakes: each file of `mistakes` is one, with the sentences
//! that have to be said, and the most lines that the errors may have. Both depend on the release of
//! the compiler, so it is the one that `tests/outside/run` names, and not the newest.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use ws_outside::Generated;

/// A mistake, with what its first lines demand.
struct Mistake {
    source: String,
    says: Vec<String>,
    lines: usize,
}

impl Mistake {
    fn read(path: &Path) -> Mistake {
        let source = fs::read_to_string(path).unwrap();
        let demands = |name| source.lines().filter_map(move |line| line.strip_prefix(name));
        let says: Vec<String> = demands("//! says: ").map(str::to_owned).collect();
        assert!(!says.is_empty(), "{} does not demand a sentence", path.display());
        let lines = demands("//! lines: ").next().and_then(|lines| lines.parse().ok());
        let lines = lines.unwrap_or_else(|| panic!("{} has no bound on lines", path.display()));
        Mistake { says, lines, source }
    }

    /// What is wrong with these errors.
    fn faults(&self, errors: &[String]) -> Vec<String> {
        let whole = errors.concat();
        let mut faults: Vec<String> = self
            .says
            .iter()
            .filter(|sentence| !whole.contains(sentence.as_str()))
            .map(|sentence| format!("nothing says \"{sentence}\""))
            .collect();
        let lines = errors.iter().map(|error| error.trim_end().lines().count()).sum::<usize>();
        if lines > self.lines {
            faults.push(format!("{lines} lines in place of {}", self.lines));
        }
        faults
    }
}

fn mistakes() -> BTreeMap<String, Mistake> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("mistakes");
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let named = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    files.map(|path| (named(&path), Mistake::read(&path))).collect()
}

/// The errors of each program of a crate, as the compiler prints them.
fn errors(generated: &Generated) -> BTreeMap<String, Vec<String>> {
    let release = std::env::var("MISTAKES_RUST");
    let release = release.expect("tests/outside/run sets MISTAKES_RUST to a release of Rust");
    let mut check = generated.cargo_of(&release, "check");
    let output = check.args(["--keep-going", "--message-format=json"]).output().unwrap();
    let mut errors = BTreeMap::<String, Vec<String>>::new();
    for line in output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let line: Value = serde_json::from_slice(line).unwrap();
        let message = &line["message"];
        // One without a place only counts the others.
        let placed = message["spans"].as_array().is_some_and(|spans| !spans.is_empty());
        if placed && message["level"] == "error" {
            let name = line["target"]["name"].as_str().unwrap().to_owned();
            let rendered = message["rendered"].as_str().unwrap().to_owned();
            errors.entry(name).or_default().push(rendered);
        }
    }
    assert!(!errors.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    errors
}

#[test]
fn common_mistakes_are_explained_in_few_lines() {
    let dependencies = [
        "anyhow = \"1\"\n",
        "tokio = { version = \"1\", features = [\"macros\", \"net\", \"rt-multi-thread\"] }\n",
        &format!("ws-server = {{ path = {:?} }}\n", Generated::crate_path("ws-server")),
    ];
    let generated = Generated::new("mistakes", &dependencies.concat());
    let mistakes = mistakes();
    for (name, mistake) in &mistakes {
        generated.write(&format!("src/bin/{name}.rs"), &mistake.source);
    }
    let mut errors = errors(&generated);
    let mut failed = 0;
    for (name, mistake) in &mistakes {
        let errors = errors.remove(name).unwrap_or_default();
        for fault in mistake.faults(&errors) {
            eprintln!("{name}: {fault}:\n\n{}", errors.concat());
            failed += 1;
        }
    }
    assert_eq!(failed, 0);
    assert!(errors.is_empty(), "errors of no mistake: {errors:?}");
}

#[test]
fn a_sentence_that_is_missing_and_a_line_too_many_are_faults() {
    let mistake = Mistake { source: String::new(), says: vec!["because".into()], lines: 2 };
    let error = |text: &str| vec![text.to_owned()];
    assert!(mistake.faults(&error("error\nbecause\n")).is_empty());
    assert_eq!(mistake.faults(&error("error\n")), ["nothing says \"because\""]);
    assert_eq!(mistake.faults(&error("error\nbecause\nof\n")), ["3 lines in place of 2"]);
    assert_eq!(mistake.faults(&[]), ["nothing says \"because\""]);
}
