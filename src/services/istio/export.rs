//! The namespaces that an object is visible in.

use tfsdk::{
    Diagnostics,
    schema::{Validator, validators},
    value::{Path, Tf},
};

use crate::services::istio::{metadata::Metadata, syntax};

/// Stands for every namespace.
const ALL: &str = "*";

/// Stands for the object's own namespace.
const OWN: &str = ".";

/// Stands for no namespace at all.
const NONE: &str = "~";

/// Where a ServiceEntry is visible: also `~`, nowhere.
pub(super) fn or_nowhere() -> impl Validator {
    let named = syntax::export_to();
    validators::satisfies("must be a namespace, `.`, `*` or `~`", move |value| {
        match value.as_str() {
            Some(NONE) => Ok(()),
            _ => named.check(value, &Path::root()),
        }
    })
}

/// Checks `export_to`: no namespace twice, and none beside all or none.
pub(super) fn check(
    export_to: &Tf<Vec<String>>,
    metadata: Option<&Metadata>,
    diagnostics: &mut Diagnostics,
) {
    let path = Path::from("spec").attribute("export_to");
    let targets = export_to.items();
    for (i, target) in targets.iter().enumerate() {
        let same = |other: &String| named(other, metadata) == named(target, metadata);
        if let Some(first) = targets[..i].iter().find(|other| same(other)) {
            let detail = match first == target {
                true => format!("{target:?} is there before. Remove it."),
                false => format!("{first:?} is the same namespace. Remove one of them."),
            };
            diagnostics.error_at(path.index(i), "Namespace is there twice", detail);
        }
    }
    for (word, meaning) in [(ALL, "every namespace"), (NONE, "no namespace")] {
        if targets.len() > 1 && targets.iter().any(|target| target == word) {
            let detail = format!("`{word}` is {meaning}: leave the others out.");
            diagnostics.error_at(&path, "Namespaces beside all or none", detail);
        }
    }
}

/// Whether it is visible in the object's own namespace and nowhere else.
pub(super) fn is_own(export_to: &Tf<Vec<String>>, metadata: Option<&Metadata>) -> bool {
    let own = named(OWN, metadata);
    export_to.items().iter().all(|target| named(target, metadata) == own)
}

/// A namespace by its name, where the object's own is known.
fn named<'a>(target: &'a str, metadata: Option<&'a Metadata>) -> &'a str {
    match metadata.and_then(|metadata| metadata.namespace.known()) {
        Some(own) if target == OWN => own,
        _ => target,
    }
}
