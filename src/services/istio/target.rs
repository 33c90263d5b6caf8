//! The objects that a policy is attached to, by name instead of by labels.

use tfsdk::{
    Diagnostics, Model,
    schema::{Validator, validators},
    value::{Path, Tf},
};

use crate::services::istio::syntax;

/// What policies can be attached to: groups and kinds.
const TARGETS: &[(&str, &str)] = &[
    ("", "Service"),
    ("core", "Service"),
    ("networking.istio.io", "ServiceEntry"),
    ("gateway.networking.k8s.io", "Gateway"),
    ("gateway.networking.k8s.io", "GatewayClass"),
];

/// An object that a policy is attached to, in the policy's namespace.
#[derive(Clone, Model)]
pub(super) struct PolicyTargetReference {
    /// API group: `gateway.networking.k8s.io`, `networking.istio.io`, or nothing
    /// for a `Service`.
    #[attr(optional, validate(group()))]
    pub group: Tf<String>,

    /// Kind: `Gateway`, `GatewayClass` (in the mesh's root namespace only),
    /// `Service` or `ServiceEntry`.
    #[attr(required, validate(validators::length(1..=63)))]
    pub kind: Tf<String>,

    /// Name of the object.
    #[attr(required, validate(validators::length(1..=253)))]
    pub name: Tf<String>,

    /// Has no use so far: the object is looked for in the policy's namespace.
    #[attr(optional, validate(same_namespace()))]
    pub namespace: Tf<String>,
}

/// Checks what a policy is attached to: `target_ref` and `target_refs`.
pub(super) fn check(
    one: &Tf<PolicyTargetReference>,
    several: &Tf<Vec<PolicyTargetReference>>,
    diagnostics: &mut Diagnostics,
) {
    let spec = Path::from("spec");
    if let Some(target) = one.known() {
        target.check(&spec.attribute("target_ref"), diagnostics);
    }
    for (i, target) in several.items().iter().enumerate() {
        target.check(&spec.attribute("target_refs").index(i), diagnostics);
    }
}

impl PolicyTargetReference {
    fn check(&self, path: &Path, diagnostics: &mut Diagnostics) {
        let Some(kind) = self.kind.known() else { return };
        if self.group.is_unknown() || TARGETS.contains(&(self.group.text(), kind.as_str())) {
            return;
        }
        let right = TARGETS.iter().find(|(_, one)| one == kind);
        let detail = match right {
            Some(("", _)) => format!("A {kind} has no API group: leave `group` out."),
            Some((group, _)) => format!("The API group of a {kind} is {group:?}: set `group`."),
            None => format!(
                "A policy is attached to a Gateway, GatewayClass, Service or ServiceEntry, and {kind:?} is \
                 none of these. Use `selector` for workloads."
            ),
        };
        diagnostics.error_at(path, "Not an object that policies are attached to", detail);
    }
}

/// An API group, or none.
fn group() -> impl Validator {
    let name = syntax::dns_subdomain();
    validators::satisfies("must be an API group, or empty", move |value| match value.as_str() {
        Some("") => Ok(()),
        _ => name.check(value, &Path::root()),
    })
}

fn same_namespace() -> impl Validator {
    validators::satisfies("must be left out", |value| match value.as_str() {
        Some("") | None => Ok(()),
        Some(other) => Err(format!(
            "must be left out: Istio attaches a policy to objects of its own namespace alone, and \
             this is {other:?}"
        )),
    })
}
