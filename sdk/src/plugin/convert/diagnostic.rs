//! Messages for the person, and paths.

use crate::{
    Diagnostic, Diagnostics, Severity,
    plugin::{log::masked, wire::tfplugin6 as wire},
    value::{Path, Step},
};

/// The messages, without secrets.
pub(crate) fn diagnostics(diagnostics: Diagnostics) -> Vec<wire::Diagnostic> {
    diagnostics.into_iter().map(diagnostic).collect()
}

fn diagnostic(diagnostic: Diagnostic) -> wire::Diagnostic {
    let severity = match diagnostic.severity {
        Severity::Error => wire::diagnostic::Severity::Error,
        Severity::Warning => wire::diagnostic::Severity::Warning,
    };
    wire::Diagnostic {
        severity: severity.into(),
        summary: masked(&diagnostic.summary).into_owned(),
        detail: masked(&diagnostic.detail).into_owned(),
        attribute: diagnostic.path.as_ref().filter(|path| !path.is_root()).map(path),
    }
}

/// The path up to the first element of a set, which cannot be expressed.
pub(crate) fn path(path: &Path) -> wire::AttributePath {
    use wire::attribute_path::step::Selector;
    let steps = path.steps().iter().map_while(|step| match step {
        Step::Attribute(name) => Some(Selector::AttributeName(name.clone())),
        Step::Key(key) => Some(Selector::ElementKeyString(key.clone())),
        Step::Index(index) => Some(Selector::ElementKeyInt(i64::try_from(*index).ok()?)),
        Step::Element(_) => None,
    });
    wire::AttributePath {
        steps: steps
            .map(|selector| wire::attribute_path::Step { selector: Some(selector) })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{plugin::mask, value::Value};

    #[test]
    fn paths_end_before_a_sets_element() {
        let steps =
            path(&Path::from("rules").index(2).key("a").element(Value::Null).attribute("x"));
        use wire::attribute_path::step::Selector::*;
        let selectors: Vec<_> = steps.steps.into_iter().filter_map(|step| step.selector).collect();
        assert_eq!(
            selectors,
            [AttributeName("rules".into()), ElementKeyInt(2), ElementKeyString("a".into())]
        );
    }

    #[test]
    fn the_whole_block_has_no_path() {
        let message = diagnostic(Diagnostic::error("s", "d").at(Path::root()));
        assert_eq!(message.attribute, None);
        assert_eq!(message.severity(), wire::diagnostic::Severity::Error);
    }

    #[test]
    fn secrets_do_not_reach_the_terminal() {
        mask("diagnostic-test-secret");
        let message = diagnostic(Diagnostic::warning("s", "sent diagnostic-test-secret").at("a"));
        assert_eq!(message.detail, "sent ***");
        assert_eq!(message.severity(), wire::diagnostic::Severity::Warning);
        assert!(message.attribute.is_some());
    }
}
