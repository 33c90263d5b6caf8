//! Which object of a cluster is meant.

use std::{fmt, str::FromStr};

use serde_json::Value;

/// One object: API version, kind, namespace and name.
///
/// Written as `apiVersion/kind/namespace/name`, without the namespace for an
/// object that has none: `apps/v1/Deployment/shop/cart`, `v1/Namespace/shop`.
/// That text is an import id and a key of the attribute `objects`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef {
    /// `v1` for the core group, else `group/version`.
    pub api_version: String,
    /// Kind in its singular CamelCase form, such as `VirtualService`.
    pub kind: String,
    /// Namespace as written; `None` for cluster-scoped objects and for objects
    /// that leave the choice to the cluster's default namespace.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
}

/// Whether objects of a kind live in a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One set of names for the whole cluster.
    Cluster,
    /// One set of names per namespace.
    Namespace,
}

impl ObjectRef {
    /// Names an object. An empty namespace counts as none.
    pub fn new(
        api_version: impl Into<String>,
        kind: impl Into<String>,
        namespace: Option<&str>,
        name: impl Into<String>,
    ) -> Self {
        Self {
            api_version: api_version.into(),
            kind: kind.into(),
            namespace: namespace.filter(|text| !text.is_empty()).map(str::to_owned),
            name: name.into(),
        }
    }

    /// Reads the reference out of an object or a manifest.
    ///
    /// Fails with a sentence that names the missing field.
    pub fn of(object: &Value) -> Result<Self, String> {
        let text = |pointer: &str, field: &str| match object.pointer(pointer) {
            Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
            Some(Value::Null | Value::String(_)) | None => Err(format!("{field} is missing")),
            Some(_) => {
                Err(format!("{field} must be a string; quote what reads as a number or yes/no"))
            }
        };
        let api_version = text("/apiVersion", "apiVersion")?;
        let kind = text("/kind", "kind")?;
        if let Some(other) = object.get("metadata").filter(|it| !it.is_object() && !it.is_null()) {
            return Err(format!("metadata must be a map, not {other}"));
        }
        let name = text("/metadata/name", "metadata.name").map_err(|problem| {
            if object.pointer("/metadata/generateName").is_some() {
                "metadata.generateName gives an object a new name at every apply; \
                 set metadata.name instead"
                    .to_owned()
            } else {
                problem
            }
        })?;
        let namespace = match object.pointer("/metadata/namespace") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.as_str()),
            Some(_) => return Err("metadata.namespace must be a string".to_owned()),
        };
        Ok(Self::new(api_version, kind, namespace, name))
    }

    /// API group, empty for the core group.
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// Version within the group.
    pub fn version(&self) -> &str {
        self.api_version.split_once('/').map_or(&self.api_version, |(_, version)| version)
    }

    /// Whether the kind is one of Kubernetes' own, which no definition adds.
    pub fn is_built_in(&self) -> bool {
        let group = self.group();
        !group.contains('.') || group.ends_with(".k8s.io")
    }

    /// The same object in another namespace.
    pub fn in_namespace(&self, namespace: Option<&str>) -> Self {
        Self::new(&*self.api_version, &*self.kind, namespace, &*self.name)
    }

    /// Whether this is that kind, in any version of the group.
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.kind == kind && self.group() == group
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.api_version, self.kind)?;
        if let Some(namespace) = &self.namespace {
            write!(f, "/{namespace}")?;
        }
        write!(f, "/{}", self.name)
    }
}

impl FromStr for ObjectRef {
    type Err = String;

    /// Parses `apiVersion/kind/namespace/name`; the namespace may be left out
    /// or empty. A first segment that looks like a version (`v1`, `v2beta1`)
    /// is the core group's version, anything else is a group.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{text:?} is no object id: expected apiVersion/kind/namespace/name, such as \
                 apps/v1/Deployment/shop/cart or v1/Namespace/shop"
            )
        };
        let parts: Vec<&str> = text.split('/').collect();
        let first = *parts.first().ok_or_else(wrong)?;
        let (api_version, rest) = if is_version(first) {
            (first.to_owned(), &parts[1..])
        } else {
            let version = parts.get(1).filter(|it| is_version(it)).ok_or_else(wrong)?;
            (format!("{first}/{version}"), &parts[2..])
        };
        let (kind, namespace, name) = match rest {
            [kind, name] => (*kind, None, *name),
            [kind, namespace, name] => (*kind, Some(*namespace), *name),
            _ => return Err(wrong()),
        };
        if first.is_empty() || kind.is_empty() || name.is_empty() {
            return Err(wrong());
        }
        Ok(Self::new(api_version, kind, namespace, name))
    }
}

/// Scope of a kind that Kubernetes or Istio themselves define; `None` for
/// kinds that only the cluster knows.
pub fn known_scope(group: &str, kind: &str) -> Option<Scope> {
    const CLUSTER: &[(&str, &str)] = &[
        ("", "ComponentStatus"),
        ("", "Namespace"),
        ("", "Node"),
        ("", "PersistentVolume"),
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ("apiregistration.k8s.io", "APIService"),
        ("certificates.k8s.io", "CertificateSigningRequest"),
        ("certificates.k8s.io", "ClusterTrustBundle"),
        ("flowcontrol.apiserver.k8s.io", "FlowSchema"),
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
        ("networking.k8s.io", "IngressClass"),
        ("networking.k8s.io", "IPAddress"),
        ("networking.k8s.io", "ServiceCIDR"),
        ("node.k8s.io", "RuntimeClass"),
        ("rbac.authorization.k8s.io", "ClusterRole"),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
        ("scheduling.k8s.io", "PriorityClass"),
        ("storage.k8s.io", "CSIDriver"),
        ("storage.k8s.io", "CSINode"),
        ("storage.k8s.io", "StorageClass"),
        ("storage.k8s.io", "VolumeAttachment"),
        ("storage.k8s.io", "VolumeAttributesClass"),
    ];
    const NAMESPACED_GROUPS: &[&str] = &[
        "",
        "apps",
        "autoscaling",
        "batch",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "networking.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "networking.istio.io",
        "security.istio.io",
        "telemetry.istio.io",
        "extensions.istio.io",
    ];
    if CLUSTER.contains(&(group, kind)) {
        Some(Scope::Cluster)
    } else if NAMESPACED_GROUPS.contains(&group) {
        Some(Scope::Namespace)
    } else {
        None
    }
}

/// `v1`, `v2beta1`, `v1alpha3`.
fn is_version(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('v') else { return false };
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (major, stage) = rest.split_at(digits);
    let stage = stage.strip_prefix("alpha").or_else(|| stage.strip_prefix("beta"));
    !major.is_empty()
        && match stage {
            None => digits == rest.len(),
            Some(number) => !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit()),
        }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_form_is_parsed_back() {
        for text in [
            "v1/Namespace/shop",
            "v1/Service/shop/cart",
            "apps/v1/Deployment/shop/cart",
            "rbac.authorization.k8s.io/v1/ClusterRole/clusternet:agent:admin",
            "networking.istio.io/v1alpha3/EnvoyFilter/istio-system/x",
        ] {
            let parsed: ObjectRef = text.parse().unwrap();
            assert_eq!(parsed.to_string(), text);
        }
        let padded: ObjectRef = "v1/Namespace//shop".parse().unwrap();
        assert_eq!(padded.to_string(), "v1/Namespace/shop");
    }

    #[test]
    fn group_and_version_are_told_apart() {
        let core: ObjectRef = "v1/Service/shop/cart".parse().unwrap();
        assert_eq!((core.group(), core.version()), ("", "v1"));
        let apps: ObjectRef = "apps/v1/Deployment/shop/cart".parse().unwrap();
        assert_eq!((apps.group(), apps.version()), ("apps", "v1"));
        assert!(apps.is("apps", "Deployment") && !apps.is("", "Deployment"));
    }

    #[test]
    fn text_that_is_no_reference_is_refused_with_the_form() {
        for text in ["", "cart", "v1/Service", "apps/Deployment/shop/cart", "v1//a/b", "v1/a/b/c/d"]
        {
            let problem = text.parse::<ObjectRef>().unwrap_err();
            assert!(problem.contains("apiVersion/kind/namespace/name"), "{problem}");
        }
    }

    #[test]
    fn a_missing_field_is_named() {
        let problem = |object: Value| ObjectRef::of(&object).unwrap_err();
        assert_eq!(problem(json!({"kind": "Service"})), "apiVersion is missing");
        assert_eq!(problem(json!({"apiVersion": "v1"})), "kind is missing");
        assert_eq!(problem(json!({"apiVersion": "v1", "kind": "A"})), "metadata.name is missing");
        let generated =
            json!({"apiVersion": "v1", "kind": "A", "metadata": {"generateName": "a-"}});
        assert!(problem(generated).contains("generateName"));
    }

    #[test]
    fn scope_is_known_for_built_in_kinds_only() {
        assert_eq!(known_scope("", "Namespace"), Some(Scope::Cluster));
        assert_eq!(known_scope("", "Service"), Some(Scope::Namespace));
        assert_eq!(known_scope("networking.istio.io", "Gateway"), Some(Scope::Namespace));
        assert_eq!(known_scope("example.com", "Gateway"), None);
    }
}
