//! Paths of requests, also with templates.

use tfsdk::schema::{Validator, validators};

/// Stands for one part of a path.
const ONE: &str = "{*}";

/// Stands for any number of parts.
const ANY: &str = "{**}";

/// A path, or a pattern of paths.
pub(super) fn path() -> impl Validator {
    validators::satisfies(
        "must be a path, in which `{*}` and `{**}` stand for whole parts",
        |value| value.as_str().map_or(Ok(()), problem),
    )
}

fn problem(path: &str) -> Result<(), String> {
    if path.is_empty() {
        return Err("must not be empty".to_owned());
    }
    let is_template = path.contains(ONE) || path.contains(ANY);
    let mut after_any = false;
    for part in path.trim_matches('/').split('/') {
        match part {
            ONE | ANY if after_any => {
                return Err(format!("must have nothing in braces after `{{**}}`, and is {path:?}"));
            }
            ANY => after_any = true,
            ONE => {}
            part if part.contains(['{', '}']) => {
                return Err(format!(
                    "must have braces only as `{{*}}` or `{{**}}` for whole parts, and is {path:?}"
                ));
            }
            part if is_template && !is_literal(part) => {
                return Err(format!(
                    "must have parts without `*` beside those in braces, and is {path:?}"
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether this is a part of a path as it is sent.
fn is_literal(part: &str) -> bool {
    let letter = |it: u8| it.is_ascii_alphanumeric() || b"-._~%!$&'()+,;:@=".contains(&it);
    !part.is_empty() && part.bytes().all(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_stand_for_whole_parts() {
        for path in
            ["/a", "*", "/a/*", "*/a", "/a/{*}/b", "/a/{**}", "/{*}/{**}", "/{**}/a", "/a//b"]
        {
            assert_eq!(problem(path), Ok(()), "{path}");
        }
        for path in ["", "/a{*}", "/{**}/{*}", "/{**}/{**}", "/{a}", "/{*}/*", "/{*}//a"] {
            assert!(problem(path).is_err(), "{path}");
        }
    }
}
