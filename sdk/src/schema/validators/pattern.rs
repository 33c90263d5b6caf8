//! Regular expressions.

use std::sync::OnceLock;

use regex::Regex;

use crate::schema::{Validator, validators::text};

/// Text that a regular expression matches, `message` saying so in words:
/// `matches("^[a-z][a-z0-9-]*$", "must be lower-case letters, digits and
/// hyphens, and begin with a letter")`.
///
/// The expression is compiled when it is first needed, so that a provider with
/// hundreds of them starts at once.
pub fn matches(pattern: &'static str, message: impl Into<String>) -> impl Validator {
    let message = message.into();
    let compiled: OnceLock<Result<Regex, String>> = OnceLock::new();
    text(message.clone(), move |value| {
        match compiled.get_or_init(|| Regex::new(pattern).map_err(|error| error.to_string())) {
            Ok(regex) if regex.is_match(value) => Ok(()),
            Ok(_) => Err(format!("{message}, and is {value:?}")),
            Err(error) => Err(format!(
                "cannot be checked: the pattern {pattern:?} is malformed. This is a fault of the \
                 provider. {error}"
            )),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::validators::tests::said;

    #[test]
    fn the_message_stands_for_the_pattern() {
        let id = matches("^ccn-[a-z0-9]{8}$", "must be a CCN id such as \"ccn-0a1b2c3d\"");
        assert_eq!(said(&id, "ccn-0a1b2c3d"), "");
        assert_eq!(
            said(&id, "vpc-1"),
            "x must be a CCN id such as \"ccn-0a1b2c3d\", and is \"vpc-1\""
        );
    }

    #[test]
    fn a_malformed_pattern_is_a_fault_and_never_holds() {
        assert!(said(&matches("(", "must be right"), "x").contains("fault of the provider"));
    }
}
