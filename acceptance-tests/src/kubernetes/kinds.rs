//! The kinds that a server serves: built-ins from a table, and what custom
//! resource definitions add.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::schema::{Schema, structural};

/// One kind in one version.
#[derive(Debug, Clone)]
pub(crate) struct Kind {
    /// API group; empty for the core group.
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) kind: String,
    pub(crate) list_kind: String,
    pub(crate) short_names: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) namespaced: bool,
    /// Has the subresource `status`.
    pub(crate) status: bool,
    /// Has the subresource `scale`, with these paths.
    pub(crate) scale: Option<Scale>,
    /// Counts `metadata.generation`.
    pub(crate) generation: bool,
    pub(crate) schema: Arc<Schema>,
    pub(crate) custom: Option<Custom>,
}

/// Paths of the scale subresource.
#[derive(Debug, Clone)]
pub(crate) struct Scale {
    pub(crate) spec_replicas: String,
    pub(crate) status_replicas: String,
    pub(crate) selector: Option<String>,
}

/// What a definition says beyond the shape.
#[derive(Debug, Clone)]
pub(crate) struct Custom {
    /// Name of the definition.
    pub(crate) definition: String,
    /// `additionalPrinterColumns` of the version.
    pub(crate) columns: Vec<Value>,
    /// The definition is being deleted: no creation.
    pub(crate) terminating: bool,
    /// The schema as given, for OpenAPI.
    pub(crate) source: Option<Value>,
    pub(crate) deprecated: Option<String>,
}

impl Kind {
    /// `apps/v1`, or `v1` of the core group.
    pub(crate) fn api_version(&self) -> String {
        api_version(&self.group, &self.version)
    }

    /// `deployments.apps`, or `pods` of the core group.
    pub(crate) fn qualified(&self) -> String {
        if self.group.is_empty() {
            self.plural.clone()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    /// `apps/v1, Kind=Deployment`, as Go prints it.
    pub(crate) fn gvk(&self) -> String {
        format!("{}/{}, Kind={}", self.group, self.version, self.kind)
    }

    /// `details` of a `Status` about one object.
    pub(crate) fn details(&self, name: &str) -> Value {
        let mut details = json!({"name": name, "kind": self.plural});
        if !self.group.is_empty() {
            details["group"] = Value::from(self.group.clone());
        }
        details
    }

    pub(crate) fn is(&self, group: &str, plural: &str) -> bool {
        self.group == group && self.plural == plural
    }

    /// Verbs for discovery.
    pub(crate) fn verbs() -> [&'static str; 8] {
        ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
    }
}

/// `group/version`, or the version alone for the core group.
pub(crate) fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

/// `apps/v1` → (`apps`, `v1`); `v1` → (``, `v1`).
pub(crate) fn split_api_version(text: &str) -> (&str, &str) {
    text.rsplit_once('/').unwrap_or(("", text))
}

/// All kinds served, in discovery's order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kinds {
    built_in: Vec<Arc<Kind>>,
    /// By definition name; versions in order of preference.
    custom: BTreeMap<String, Vec<Arc<Kind>>>,
}

impl Kinds {
    pub(crate) fn built_in() -> Self {
        let built_in = include_str!("kinds.types")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(parse)
            .map(Arc::new)
            .collect();
        Self { built_in, custom: BTreeMap::new() }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Kind>> {
        self.built_in.iter().chain(self.custom.values().flatten())
    }

    /// The kind behind a URL.
    pub(crate) fn find(&self, group: &str, version: &str, plural: &str) -> Option<Arc<Kind>> {
        self.all().find(|kind| kind.is(group, plural) && kind.version == version).cloned()
    }

    /// A kind in its preferred version.
    pub(crate) fn preferred(&self, group: &str, plural: &str) -> Option<Arc<Kind>> {
        self.all().find(|kind| kind.is(group, plural)).cloned()
    }

    /// The kind of an object.
    pub(crate) fn of_object(&self, object: &Value) -> Option<Arc<Kind>> {
        let (group, version) = split_api_version(object["apiVersion"].as_str()?);
        let name = object["kind"].as_str()?;
        self.all()
            .find(|kind| kind.group == group && kind.version == version && kind.kind == name)
            .cloned()
    }

    /// Serves a definition's versions, in place of what it served before.
    pub(crate) fn define(&mut self, definition: &Value) {
        let name = definition["metadata"]["name"].as_str().unwrap_or_default();
        let kinds = from_definition(definition).into_iter().map(Arc::new).collect();
        self.custom.insert(name.to_owned(), kinds);
    }

    /// Stops serving a definition.
    pub(crate) fn undefine(&mut self, definition: &str) {
        self.custom.remove(definition);
    }

    pub(crate) fn is_defined(&self, definition: &str) -> bool {
        self.custom.contains_key(definition)
    }
}

fn parse(line: &str) -> Option<Kind> {
    let words: Vec<&str> = line.split(' ').collect();
    let [group, version, plural, kind, scope, short, categories, flags] = words.as_slice() else {
        return None;
    };
    let list = |text: &str| -> Vec<String> {
        if text == "-" { Vec::new() } else { text.split(',').map(str::to_owned).collect() }
    };
    let name: &'static str = super::schema::builtin::all().map(|(n, _)| n).find(|n| n == kind)?;
    let schema = Arc::new(Schema::named(name));
    let scale = flags.contains('c').then(|| Scale {
        spec_replicas: ".spec.replicas".to_owned(),
        status_replicas: ".status.replicas".to_owned(),
        selector: None,
    });
    Some(Kind {
        group: if *group == "-" { String::new() } else { (*group).to_owned() },
        version: (*version).to_owned(),
        plural: (*plural).to_owned(),
        singular: kind.to_lowercase(),
        kind: (*kind).to_owned(),
        list_kind: format!("{kind}List"),
        short_names: list(short),
        categories: list(categories),
        namespaced: *scope == "ns",
        status: flags.contains('s'),
        scale,
        generation: flags.contains('g'),
        schema,
        custom: None,
    })
}

fn from_definition(definition: &Value) -> Vec<Kind> {
    let mut versions: Vec<&Value> = definition["spec"]["versions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|version| version["served"] == true)
        .collect();
    versions.sort_by_key(|version| priority(version["name"].as_str().unwrap_or_default()));
    versions.into_iter().map(|version| of_version(definition, version)).collect()
}

fn of_version(definition: &Value, version: &Value) -> Kind {
    let spec = &definition["spec"];
    let names = &spec["names"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| -> Vec<String> {
        let items = value.as_array().into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let or = |value: &Value, other: String| value.as_str().map_or(other, str::to_owned);
    let source = version["schema"].get("openAPIV3Schema").cloned();
    let (group, name, kind) = (text(&spec["group"]), text(&version["name"]), text(&names["kind"]));
    let deprecated = (version["deprecated"] == true).then(|| {
        or(&version["deprecationWarning"], format!("{group}/{name} {kind} is deprecated"))
    });
    Kind {
        plural: text(&names["plural"]),
        singular: or(&names["singular"], kind.to_lowercase()),
        list_kind: or(&names["listKind"], format!("{kind}List")),
        short_names: list(&names["shortNames"]),
        categories: list(&names["categories"]),
        namespaced: spec["scope"] == "Namespaced",
        status: version["subresources"].get("status").is_some(),
        scale: scale_of(&version["subresources"]["scale"]),
        generation: true,
        schema: Arc::new(structural::object_schema(source.as_ref())),
        custom: Some(Custom {
            definition: text(&definition["metadata"]["name"]),
            columns: version["additionalPrinterColumns"].as_array().cloned().unwrap_or_default(),
            terminating: definition["metadata"].get("deletionTimestamp").is_some(),
            source,
            deprecated,
        }),
        group,
        version: name,
        kind,
    }
}

fn scale_of(scale: &Value) -> Option<Scale> {
    Some(Scale {
        spec_replicas: scale["specReplicasPath"].as_str()?.to_owned(),
        status_replicas: scale["statusReplicasPath"].as_str()?.to_owned(),
        selector: scale["labelSelectorPath"].as_str().map(str::to_owned),
    })
}

/// Stable versions first, then beta, then alpha; higher numbers first.
pub(crate) fn priority(version: &str) -> (u8, i64, i64) {
    let Some(rest) = version.strip_prefix('v') else { return (3, 0, 0) };
    let digits = |text: &str| text.parse::<i64>().unwrap_or(0);
    if let Some((major, minor)) = rest.split_once("beta") {
        return (1, -digits(major), -digits(minor));
    }
    if let Some((major, minor)) = rest.split_once("alpha") {
        return (2, -digits(major), -digits(minor));
    }
    (0, -digits(rest), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serves_the_built_in_kinds() {
        let kinds = Kinds::built_in();
        assert!(kinds.all().count() > 30);
        let kind = kinds.find("apps", "v1", "deployments").unwrap();
        assert_eq!(kind.gvk(), "apps/v1, Kind=Deployment");
        assert!(kind.scale.is_some() && kind.namespaced);
        assert_eq!(kinds.find("", "v1", "pods").unwrap().gvk(), "/v1, Kind=Pod");
    }

    #[test]
    fn versions_are_preferred_by_maturity() {
        let mut versions = vec!["v1alpha3", "v1beta1", "v1", "v2", "v1beta2"];
        versions.sort_by_key(|version| priority(version));
        assert_eq!(versions, ["v2", "v1", "v1beta2", "v1beta1", "v1alpha3"]);
    }
}
