//! What a URL asks for.

use percent_encoding::percent_decode_str;

/// A resource's URL, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) plural: String,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) subresource: Option<String>,
}

/// The resource behind a path; `None` for discovery, health and the like.
pub(crate) fn target(path: &str) -> Option<Target> {
    let segments: Vec<String> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
        .collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (group, version, rest) = match segments.as_slice() {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return None,
    };
    let (namespace, rest) = match rest {
        ["namespaces", _, "status" | "finalize"] | ["namespaces", _] | ["namespaces"] => {
            (None, rest)
        }
        ["namespaces", namespace, rest @ ..] => (Some((*namespace).to_owned()), rest),
        rest => (None, rest),
    };
    let owned = |text: &&str| (*text).to_owned();
    let (plural, name, subresource) = match rest {
        [plural] => (plural, None, None),
        [plural, name] => (plural, Some(owned(name)), None),
        [plural, name, subresource] => (plural, Some(owned(name)), Some(owned(subresource))),
        _ => return None,
    };
    Some(Target {
        group: group.to_owned(),
        version: version.to_owned(),
        plural: owned(plural),
        namespace,
        name,
        subresource,
    })
}

/// What becomes of unknown fields in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum FieldValidation {
    Ignore,
    #[default]
    Warn,
    Strict,
}

/// The query parameters.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) field_manager: Option<String>,
    pub(crate) force: Option<bool>,
    pub(crate) dry_run: bool,
    pub(crate) field_validation: FieldValidation,
    pub(crate) label_selector: String,
    pub(crate) field_selector: String,
    pub(crate) limit: Option<usize>,
    pub(crate) continuation: Option<String>,
    pub(crate) watch: bool,
    pub(crate) resource_version: Option<String>,
    pub(crate) timeout_seconds: Option<u64>,
    pub(crate) bookmarks: bool,
    pub(crate) initial_events: bool,
    pub(crate) propagation_policy: Option<String>,
    /// Parameters with values that are not allowed: name and message.
    pub(crate) faults: Vec<String>,
}

impl Options {
    /// Reads a query string. Unknown parameters are ignored, as in Kubernetes.
    pub(crate) fn parse(query: &str) -> Self {
        let mut options = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = value.replace('+', " ");
            let value = percent_decode_str(&value).decode_utf8_lossy().into_owned();
            options.set(name, value);
        }
        options
    }

    fn set(&mut self, name: &str, value: String) {
        let truth = matches!(value.as_str(), "true" | "1" | "");
        match name {
            "fieldManager" => self.field_manager = Some(value),
            "force" => self.force = Some(truth),
            "dryRun" if value == "All" => self.dry_run = true,
            "dryRun" => self
                .faults
                .push(format!("dryRun: Unsupported value: {value:?}: supported values: \"All\"")),
            "fieldValidation" => match value.as_str() {
                "Ignore" => self.field_validation = FieldValidation::Ignore,
                "Strict" => self.field_validation = FieldValidation::Strict,
                "Warn" | "" => self.field_validation = FieldValidation::Warn,
                _ => self.faults.push(format!(
                    "fieldValidation: Unsupported value: {value:?}: supported values: \
                     \"Ignore\", \"Strict\", \"Warn\""
                )),
            },
            "labelSelector" => self.label_selector = value,
            "fieldSelector" => self.field_selector = value,
            "limit" => self.limit = value.parse().ok().filter(|limit| *limit > 0),
            "continue" => self.continuation = Some(value).filter(|value| !value.is_empty()),
            "watch" => self.watch = truth,
            "resourceVersion" => {
                self.resource_version = Some(value).filter(|value| !value.is_empty());
            }
            "timeoutSeconds" => self.timeout_seconds = value.parse().ok(),
            "allowWatchBookmarks" => self.bookmarks = truth,
            "sendInitialEvents" => self.initial_events = truth,
            "propagationPolicy" => self.propagation_policy = Some(value),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plural, namespace, name and subresource; `-` for what is missing.
    fn parts(path: &str) -> Option<[String; 4]> {
        let or = |part: Option<String>| part.unwrap_or_else(|| "-".to_owned());
        target(path).map(|t| [t.plural, or(t.namespace), or(t.name), or(t.subresource)])
    }

    #[test]
    fn takes_urls_apart() {
        for (path, expected) in [
            ("/api/v1/namespaces", ["namespaces", "-", "-", "-"]),
            ("/api/v1/namespaces/a/status", ["namespaces", "-", "a", "status"]),
            ("/api/v1/namespaces/a/pods", ["pods", "a", "-", "-"]),
            ("/apis/apps/v1/namespaces/a/deployments/b/scale", ["deployments", "a", "b", "scale"]),
            (
                "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Aa",
                ["clusterroles", "-", "system:a", "-"],
            ),
        ] {
            assert_eq!(parts(path).unwrap(), expected, "{path}");
        }
        assert_eq!(parts("/apis/apps/v1"), None);
        assert_eq!(parts("/healthz"), None);
    }

    #[test]
    fn reads_options() {
        let options = Options::parse("fieldManager=a%2Fb&force=true&dryRun=All&limit=0");
        assert_eq!(options.field_manager.as_deref(), Some("a/b"));
        assert!(options.dry_run && options.force == Some(true) && options.limit.is_none());
        assert_eq!(Options::parse("dryRun=Some").faults.len(), 1);
    }
}
