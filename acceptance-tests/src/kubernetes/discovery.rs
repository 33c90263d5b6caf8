//! What the server serves: groups, versions, resources; legacy and aggregated.

use serde_json::{Value, json};

use super::kinds::{Kind, Kinds, api_version};

/// `GET /api`
pub(crate) fn core_versions() -> Value {
    json!({
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1"}],
    })
}

/// `GET /apis`
pub(crate) fn groups(kinds: &Kinds) -> Value {
    let groups: Vec<Value> = group_names(kinds)
        .iter()
        .filter(|group| !group.is_empty())
        .filter_map(|name| group(kinds, name))
        .map(|mut group| {
            if let Some(group) = group.as_object_mut() {
                group.remove("kind");
                group.remove("apiVersion");
            }
            group
        })
        .collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// `GET /apis/GROUP`
pub(crate) fn group(kinds: &Kinds, name: &str) -> Option<Value> {
    let versions: Vec<Value> = versions(kinds, name)
        .iter()
        .map(|version| json!({"groupVersion": api_version(name, version), "version": version}))
        .collect();
    let preferred = versions.first()?.clone();
    Some(json!({
        "kind": "APIGroup",
        "apiVersion": "v1",
        "name": name,
        "versions": versions,
        "preferredVersion": preferred,
    }))
}

/// `GET /apis/GROUP/VERSION` and `GET /api/v1`
pub(crate) fn resources(kinds: &Kinds, group: &str, version: &str) -> Option<Value> {
    let served: Vec<_> = of_version(kinds, group, version).collect();
    if served.is_empty() {
        return None;
    }
    let mut resources = Vec::new();
    for kind in served {
        let mut resource = json!({
            "name": kind.plural,
            "singularName": kind.singular,
            "namespaced": kind.namespaced,
            "kind": kind.kind,
            "verbs": Kind::verbs(),
            "storageVersionHash": "",
        });
        if !kind.short_names.is_empty() {
            resource["shortNames"] = json!(kind.short_names);
        }
        if !kind.categories.is_empty() {
            resource["categories"] = json!(kind.categories);
        }
        resources.push(resource);
        for (name, group, version, kind_name) in subresources(kind) {
            let mut resource = json!({
                "name": format!("{}/{name}", kind.plural),
                "singularName": "",
                "namespaced": kind.namespaced,
                "kind": kind_name,
                "verbs": ["get", "patch", "update"],
            });
            if group != kind.group {
                resource["group"] = Value::from(group);
                resource["version"] = Value::from(version);
            }
            resources.push(resource);
        }
    }
    let group_version = api_version(group, version);
    Some(json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": group_version,
        "resources": resources,
    }))
}

/// `GET /api` (`core`) or `/apis` as an `APIGroupDiscoveryList` of
/// `apidiscovery.k8s.io/<version>`.
pub(crate) fn aggregated(kinds: &Kinds, core: bool, version: &str) -> Value {
    let items: Vec<Value> = group_names(kinds)
        .iter()
        .filter(|group| group.is_empty() == core)
        .map(|group| {
            let versions: Vec<Value> = versions(kinds, group)
                .iter()
                .map(|version| {
                    let resources: Vec<Value> =
                        of_version(kinds, group, version).map(discovered).collect();
                    json!({"version": version, "resources": resources, "freshness": "Current"})
                })
                .collect();
            let name = json!({"name": group, "creationTimestamp": null});
            json!({"metadata": if core { json!({"creationTimestamp": null}) } else { name }, "versions": versions})
        })
        .collect();
    json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": format!("apidiscovery.k8s.io/{version}"),
        "metadata": {},
        "items": items,
    })
}

/// All group names, the core group first, in order of first appearance.
pub(crate) fn group_names(kinds: &Kinds) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for kind in kinds.all() {
        if !names.contains(&kind.group) {
            names.push(kind.group.clone());
        }
    }
    names
}

/// Versions of a group, the preferred first.
pub(crate) fn versions(kinds: &Kinds, group: &str) -> Vec<String> {
    let mut versions: Vec<String> = Vec::new();
    for kind in kinds.all().filter(|kind| kind.group == group) {
        if !versions.contains(&kind.version) {
            versions.push(kind.version.clone());
        }
    }
    versions.sort_by_key(|version| super::kinds::priority(version));
    versions
}

pub(crate) fn of_version<'a>(
    kinds: &'a Kinds,
    group: &'a str,
    version: &'a str,
) -> impl Iterator<Item = &'a Kind> {
    kinds
        .all()
        .filter(move |kind| kind.group == group && kind.version == version)
        .map(AsRef::as_ref)
}

/// Name, group, version and kind of each subresource.
fn subresources(kind: &Kind) -> Vec<(&'static str, &str, &str, &str)> {
    let mut found = Vec::new();
    if kind.scale.is_some() {
        found.push(("scale", "autoscaling", "v1", "Scale"));
    }
    if kind.status {
        found.push(("status", kind.group.as_str(), kind.version.as_str(), kind.kind.as_str()));
    }
    found
}

fn discovered(kind: &Kind) -> Value {
    let response = |group: &str, version: &str, kind: &str| json!({"group": group, "version": version, "kind": kind});
    let inner: Vec<Value> = subresources(kind)
        .into_iter()
        .map(|(name, group, version, kind)| {
            json!({
                "subresource": name,
                "responseKind": response(group, version, kind),
                "verbs": ["get", "patch", "update"],
            })
        })
        .collect();
    let mut resource = json!({
        "resource": kind.plural,
        "responseKind": response(&kind.group, &kind.version, &kind.kind),
        "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": kind.singular,
        "verbs": Kind::verbs(),
    });
    if !kind.short_names.is_empty() {
        resource["shortNames"] = json!(kind.short_names);
    }
    if !kind.categories.is_empty() {
        resource["categories"] = json!(kind.categories);
    }
    if !inner.is_empty() {
        resource["subresources"] = Value::Array(inner);
    }
    resource
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_groups_versions_and_resources() {
        let kinds = Kinds::built_in();
        let apps = resources(&kinds, "apps", "v1").unwrap();
        let names: Vec<_> =
            apps["resources"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
        assert_eq!(names[..3], ["deployments", "deployments/scale", "deployments/status"]);
        assert!(resources(&kinds, "nothing", "v1").is_none());
        assert_eq!(aggregated(&kinds, true, "v2")["items"].as_array().unwrap().len(), 1);
        let groups = groups(&kinds);
        assert!(groups["groups"].as_array().unwrap().iter().any(|one| one["name"] == "apps"));
    }
}
