//! The output: one JSON object.

use std::fmt::{self, Display, Formatter};

use crate::draft::Draft;

#[derive(Debug)]
pub(crate) struct Report {
    fields: Vec<(&'static str, String)>,
    errors: u64,
}

impl Report {
    pub(crate) fn new(mode: &str, draft: Draft) -> Report {
        let report = Report { fields: Vec::new(), errors: 0 };
        report.text("mode", Some(mode)).text("draft", Some(draft.name()))
    }

    /// An integer, or other text that is valid JSON.
    #[must_use]
    pub(crate) fn value(mut self, name: &'static str, value: impl Display) -> Report {
        self.fields.push((name, value.to_string()));
        self
    }

    /// With three digits; a value that is not finite is null.
    #[must_use]
    pub(crate) fn number(self, name: &'static str, value: f64) -> Report {
        match value.is_finite() {
            true => self.value(name, format_args!("{value:.3}")),
            false => self.value(name, "null"),
        }
    }

    #[must_use]
    pub(crate) fn text(self, name: &'static str, text: Option<&str>) -> Report {
        match text {
            Some(text) => self.value(name, quoted(text)),
            None => self.value(name, "null"),
        }
    }

    #[must_use]
    pub(crate) fn errors(mut self, errors: u64, first: Option<&str>) -> Report {
        self.errors = errors;
        self.value("errors", errors).text("first_error", first)
    }

    /// The fields of an object within this one.
    #[must_use]
    pub(crate) fn list(self, name: &'static str, items: &[Report]) -> Report {
        let items: Vec<String> = items.iter().map(Report::to_string).collect();
        self.value(name, format_args!("[{}]", items.join(",")))
    }

    pub(crate) fn part() -> Report {
        Report { fields: Vec::new(), errors: 0 }
    }

    pub(crate) fn failed(&self) -> bool {
        self.errors > 0
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let fields: Vec<String> =
            self.fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        write!(f, "{{{}}}", fields.join(","))
    }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            character if character.is_control() => quoted.push(' '),
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_json() {
        let report = Report::part()
            .value("count", 3)
            .number("part", 0.5)
            .number("none", f64::NAN)
            .text("text", Some("a \"b\"\n"))
            .list("list", &[Report::part().value("x", 1)]);
        let expected = "{\"count\":3,\"part\":0.500,\"none\":null,\"text\":\"a \\\"b\\\" \",\
                        \"list\":[{\"x\":1}]}";
        assert_eq!(report.to_string(), expected);
    }
}
