//! Regular expressions in the syntax of RE2, which Istio and Envoy read.

use regex::Regex;
use tfsdk::schema::{Validator, validators};

/// A regular expression that Istio accepts.
pub(super) fn regex() -> impl Validator {
    validators::satisfies("must be a regular expression (RE2 syntax)", |value| {
        value.as_str().map_or(Ok(()), problem)
    })
}

fn problem(pattern: &str) -> Result<(), String> {
    if pattern.is_empty() {
        return Err("must be a regular expression, and is empty".to_owned());
    }
    match Regex::new(&translated(pattern)) {
        Ok(_) => Ok(()),
        // Tables of scripts and categories, which this program is built without.
        Err(regex::Error::Syntax(text)) if text.contains("Unicode") => Ok(()),
        Err(regex::Error::Syntax(text)) => {
            let reason = text.lines().find_map(|line| line.strip_prefix("error: "));
            let reason = reason.unwrap_or("it is malformed");
            Err(format!(
                "must be a regular expression (RE2 syntax), and {pattern:?} is none: {reason}"
            ))
        }
        // RE2 has a limit of its own, which this is not.
        Err(_) => Ok(()),
    }
}

/// The same expression in the syntax of this program's engine, which differs in
/// what stands for itself: RE2 takes a `{` that begins no count literally, as it
/// does `[`, `&&`, `--` and `~~` within a class, and knows `\Q…\E`.
fn translated(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    let mut in_class = false;
    while let Some(letter) = rest.chars().next() {
        let after = &rest[letter.len_utf8()..];
        rest = match letter {
            '\\' if after.starts_with('Q') => {
                let quoted = &after[1..];
                let (quoted, after) = quoted.split_once("\\E").unwrap_or((quoted, ""));
                text.push_str(&regex::escape(quoted));
                after
            }
            '\\' => {
                text.push('\\');
                let escaped = after.chars().next();
                text.extend(escaped);
                &after[escaped.map_or(0, char::len_utf8)..]
            }
            '[' if in_class && !after.starts_with(':') => {
                text.push_str("\\[");
                after
            }
            '[' if in_class => {
                let end = after.find(":]").map_or(0, |end| end + 2);
                text.push('[');
                text.push_str(&after[..end]);
                &after[end..]
            }
            '[' => {
                in_class = true;
                text.push('[');
                let negated = after.strip_prefix('^').unwrap_or(after);
                text.push_str(&after[..after.len() - negated.len()]);
                // Right at the beginning it stands for itself.
                match negated.strip_prefix(']') {
                    Some(after) => {
                        text.push_str("\\]");
                        after
                    }
                    None => negated,
                }
            }
            ']' if in_class => {
                in_class = false;
                text.push(']');
                after
            }
            '&' | '~' | '-' if in_class && after.starts_with(letter) => {
                text.push('\\');
                text.push(letter);
                after
            }
            '{' if !in_class && !begins_count(after) => {
                text.push_str("\\{");
                after
            }
            letter => {
                text.push(letter);
                after
            }
        };
    }
    text
}

/// Whether what follows a `{` makes it a count: `3}`, `3,}`, `3,5}`.
fn begins_count(after: &str) -> bool {
    let Some((count, _)) = after.split_once('}') else { return false };
    let (least, most) = count.split_once(',').unwrap_or((count, ""));
    let digits = |text: &str| text.bytes().all(|it| it.is_ascii_digit());
    !least.is_empty() && digits(least) && digits(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_of_re2_are_accepted() {
        for pattern in [
            ".*",
            "/users/[0-9]+(/.*)?",
            "^(?i)foo$",
            "(?P<name>a+)b{2,3}",
            "/api/{id}",
            "a{,3}",
            "[[:alpha:]]+",
            "[a[b]",
            "[a&&b--c]",
            "[]a]",
            "[^]a]",
            "\\Qa.b(\\E+",
            "\\pN\\p{Greek}",
            "\\d+\\.\\d+",
            "日本",
        ] {
            assert_eq!(problem(pattern), Ok(()), "{pattern} as {}", translated(pattern));
        }
    }

    #[test]
    fn what_re2_lacks_or_cannot_read_is_refused() {
        for pattern in ["", "(", "a)", "[a", "*a", "a(?=b)", "(a)\\1", "a{3,1}", "\\"] {
            assert!(problem(pattern).is_err(), "{pattern}");
        }
        assert!(problem("(").unwrap_err().contains("unclosed group"));
    }
}
