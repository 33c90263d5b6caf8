//! `crossmesh_istio_authorization_policy`: which requests workloads take.

mod check;
mod condition;
mod paths;

use tfsdk::{
    Diagnostics, Model,
    schema::{Validator, validators},
    value::Tf,
};

use crate::services::istio::{
    kind::{IstioKind, Subject},
    selector::WorkloadSelector,
    syntax,
    target::PolicyTargetReference,
};

/// The kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct AuthorizationPolicy;

impl IstioKind for AuthorizationPolicy {
    type Spec = Spec;

    const TYPE: &'static str = "crossmesh_istio_authorization_policy";
    const DESCRIPTION: &'static str = "An AuthorizationPolicy of Istio: which requests workloads take, \
        by who sends them, what they ask for, and further conditions. CUSTOM policies are asked \
        first, then DENY, then ALLOW; where an ALLOW policy is for a workload, what none of them \
        matches is refused.";
    const GROUP: &'static str = "security.istio.io";
    const KIND: &'static str = "AuthorizationPolicy";
    const VERSIONS: &'static [&'static str] = &["v1", "v1beta1"];

    fn check(subject: &Subject<'_, Spec>, diagnostics: &mut Diagnostics) {
        check::authorization_policy(subject, diagnostics);
    }
}

/// What is done with which requests, at which workloads. `{}` refuses everything
/// in the namespace.
#[derive(Clone, Model)]
#[model(at_most_one_of("selector", "target_ref", "target_refs"))]
pub(super) struct Spec {
    /// The workloads. Default: all of the namespace, and in the mesh's root
    /// namespace all of the mesh.
    #[attr(optional)]
    pub selector: Tf<WorkloadSelector>,

    /// The object that the policy is attached to.
    #[attr(optional, deprecated = "Use `target_refs`, a list.")]
    pub target_ref: Tf<PolicyTargetReference>,

    /// Objects that the policy is attached to, up to 16: gateways and waypoints
    /// take it from here, not from `selector`.
    #[attr(optional, validate(validators::count(..=16)))]
    pub target_refs: Tf<Vec<PolicyTargetReference>>,

    /// Which requests: those that meet any of the rules. `{}` meets all. Left
    /// out, none does, which with `ALLOW` refuses everything.
    #[attr(optional, validate(validators::count(..=512)))]
    pub rules: Tf<Vec<Rule>>,

    /// What is done with them: `ALLOW`, `DENY`, `AUDIT` (note it, where a provider
    /// can) or `CUSTOM` (ask `provider`). Default: `ALLOW`.
    #[attr(
        optional,
        validate(validators::one_of(["ALLOW", "DENY", "AUDIT", "CUSTOM"]))
    )]
    pub action: Tf<String>,

    /// Who is asked about the requests, with `CUSTOM`.
    #[attr(optional)]
    pub provider: Tf<Provider>,
}

/// Who is asked about requests.
#[derive(Clone, Model)]
pub(crate) struct Provider {
    /// Name of an extension provider in the mesh's configuration.
    #[attr(optional)]
    pub name: Tf<String>,
}

/// Requests that meet each of `from`, `to` and `when` that is set.
#[derive(Clone, Model)]
pub(crate) struct Rule {
    /// Who sends them: any of these. Default: anybody.
    #[attr(optional, validate(validators::count(1..=512)))]
    pub from: Tf<Vec<From>>,

    /// What they ask for: any of these. Default: anything.
    #[attr(optional, validate(validators::not_empty()))]
    pub to: Tf<Vec<To>>,

    /// Further conditions, all of which they meet.
    #[attr(optional)]
    pub when: Tf<Vec<Condition>>,
}

/// A sender.
#[derive(Clone, Model)]
pub(crate) struct From {
    /// Who it is.
    #[attr(required)]
    pub source: Tf<Source>,
}

/// A sender, who meets everything that is set. Values may begin or end with `*`;
/// `*` alone is any value that is not empty.
#[derive(Clone, Model)]
pub(crate) struct Source {
    /// Identities of workloads, from their certificates:
    /// `cluster.local/ns/shop/sa/frontend`. Needs mutual TLS.
    #[attr(optional, validate(validators::each(validators::not_empty())))]
    pub principals: Tf<Vec<String>>,

    /// Identities that it does not have.
    #[attr(optional, validate(validators::each(validators::not_empty())))]
    pub not_principals: Tf<Vec<String>>,

    /// Identities of users, from their tokens: issuer, `/` and subject. Needs a
    /// RequestAuthentication.
    #[attr(optional, validate(validators::each(validators::not_empty())))]
    pub request_principals: Tf<Vec<String>>,

    /// Identities of users that it does not have.
    #[attr(optional, validate(validators::each(validators::not_empty())))]
    pub not_request_principals: Tf<Vec<String>>,

    /// Namespaces of workloads, from their certificates. Needs mutual TLS.
    #[attr(optional, validate(validators::each(validators::not_empty())))]
    pub namespaces: Tf<Vec<String>>,

    /// Namespaces that it is not of.
    #[attr(optional, validate(validators::each(validators::not_empty())))]
    pub not_namespaces: Tf<Vec<String>>,

    /// Service accounts of workloads, as `namespace/name`, or `name` in the
    /// policy's namespace; no wildcards. Needs mutual TLS. Not together with
    /// principals or namespaces.
    #[attr(
        optional,
        validate(validators::count(..=16), validators::each(service_account()))
    )]
    pub service_accounts: Tf<Vec<String>>,

    /// Service accounts that it does not have.
    #[attr(
        optional,
        validate(validators::count(..=16), validators::each(service_account()))
    )]
    pub not_service_accounts: Tf<Vec<String>>,

    /// Trust domains of workloads, from their certificates. Needs mutual TLS.
    #[attr(optional, validate(validators::each(validators::not_empty())))]
    pub trust_domains: Tf<Vec<String>>,

    /// Trust domains that it is not of.
    #[attr(optional, validate(validators::each(validators::not_empty())))]
    pub not_trust_domains: Tf<Vec<String>>,

    /// Addresses or ranges that the connection comes from.
    #[attr(optional, validate(validators::each(syntax::subnet())))]
    pub ip_blocks: Tf<Vec<String>>,

    /// Addresses or ranges that the connection does not come from.
    #[attr(optional, validate(validators::each(syntax::subnet())))]
    pub not_ip_blocks: Tf<Vec<String>>,

    /// Addresses or ranges of the first client, as `X-Forwarded-For` or the PROXY
    /// protocol names it. The mesh must know how many proxies it may believe.
    #[attr(optional, validate(validators::each(syntax::subnet())))]
    pub remote_ip_blocks: Tf<Vec<String>>,

    /// Addresses or ranges that the first client does not have.
    #[attr(optional, validate(validators::each(syntax::subnet())))]
    pub not_remote_ip_blocks: Tf<Vec<String>>,
}

/// What is asked for.
#[derive(Clone, Model)]
pub(crate) struct To {
    /// What it is.
    #[attr(required)]
    pub operation: Tf<Operation>,
}

/// What is asked for, which meets everything that is set. Values may begin or end
/// with `*`; `*` alone is any value that is not empty. All but ports are for HTTP.
#[derive(Clone, Model)]
pub(crate) struct Operation {
    /// Hosts, in any case.
    #[attr(optional, validate(validators::each(validators::not_empty())))]
    pub hosts: Tf<Vec<String>>,

    /// Hosts that it is not for.
    #[attr(optional, validate(validators::each(validators::not_empty())))]
    pub not_hosts: Tf<Vec<String>>,

    /// Ports of the workload, as text.
    #[attr(optional, validate(validators::each(port_text())))]
    pub ports: Tf<Vec<String>>,

    /// Ports that it is not for.
    #[attr(optional, validate(validators::each(port_text())))]
    pub not_ports: Tf<Vec<String>>,

    /// Methods, such as `GET`. For gRPC it is always `POST`.
    #[attr(optional, validate(validators::each(validators::not_empty())))]
    pub methods: Tf<Vec<String>>,

    /// Methods that it does not have.
    #[attr(optional, validate(validators::each(validators::not_empty())))]
    pub not_methods: Tf<Vec<String>>,

    /// Paths without the query, for gRPC `/package.Service/Method`. `{*}` stands
    /// for one part between slashes, `{**}` for any number of them, at the end.
    #[attr(optional, validate(validators::each(paths::path())))]
    pub paths: Tf<Vec<String>>,

    /// Paths that it does not have.
    #[attr(optional, validate(validators::each(paths::path())))]
    pub not_paths: Tf<Vec<String>>,
}

/// A further condition: at least one of `values` and `not_values`.
#[derive(Clone, Model)]
pub(crate) struct Condition {
    /// What is looked at, such as `request.headers[x-team]`, `source.ip`,
    /// `remote.ip`, `source.namespace`, `source.principal`,
    /// `request.auth.claims[group]`, `destination.port` or `connection.sni`.
    #[attr(required, validate(condition::key()))]
    pub key: Tf<String>,

    /// Values of which it has one.
    #[attr(optional, validate(validators::each(validators::not_empty())))]
    pub values: Tf<Vec<String>>,

    /// Values of which it has none.
    #[attr(optional, validate(validators::each(validators::not_empty())))]
    pub not_values: Tf<Vec<String>>,
}

/// A service account, with or without its namespace.
fn service_account() -> impl Validator {
    validators::satisfies("must be `namespace/name` or `name`", |value| {
        let Some(text) = value.as_str() else { return Ok(()) };
        condition::service_account_problem(text)
    })
}

/// A port, as text.
fn port_text() -> impl Validator {
    validators::satisfies("must be a port, as text", |value| {
        let Some(text) = value.as_str() else { return Ok(()) };
        condition::port_problem(text)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::services::istio::testing::{expect_fields, expect_round_trip};

    #[test]
    fn every_field_of_the_definition_is_an_attribute() {
        expect_fields::<AuthorizationPolicy>(include_str!("../fields/authorization_policy.txt"));
    }

    #[test]
    fn a_full_object_survives_both_ways() {
        let target = json!({"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "a",
            "namespace": ""});
        expect_round_trip::<AuthorizationPolicy>(&json!({
            "selector": {"matchLabels": {"app": "shop"}},
            "targetRef": target,
            "targetRefs": [target],
            "action": "CUSTOM", "provider": {"name": "p"},
            "rules": [{
                "from": [{"source": {
                    "principals": ["a"], "notPrincipals": ["b"], "requestPrincipals": ["c"],
                    "notRequestPrincipals": ["d"], "namespaces": ["e"], "notNamespaces": ["f"],
                    "serviceAccounts": ["g"], "notServiceAccounts": ["h"], "trustDomains": ["i"],
                    "notTrustDomains": ["j"], "ipBlocks": ["10.0.0.1"], "notIpBlocks": ["10.0.0.2"],
                    "remoteIpBlocks": ["10.0.0.3"], "notRemoteIpBlocks": ["10.0.0.4"],
                }}],
                "to": [{"operation": {
                    "hosts": ["a"], "notHosts": ["b"], "ports": ["1"], "notPorts": ["2"],
                    "methods": ["GET"], "notMethods": ["PUT"], "paths": ["/a"], "notPaths": ["/b"],
                }}],
                "when": [{"key": "source.ip", "values": ["10.0.0.1"], "notValues": ["10.0.0.2"]}],
            }, {}],
        }));
    }
}
