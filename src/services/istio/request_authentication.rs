//! `crossmesh_istio_request_authentication`: which tokens of requests are
//! accepted.

use serde_json::Value as Json;
use tfsdk::{
    Diagnostics, Model,
    schema::{Validator, validators},
    value::{Path, Tf},
};

use crate::services::istio::{
    kind::{IstioKind, Subject},
    selector::WorkloadSelector,
    syntax,
    target::{self, PolicyTargetReference},
    wire::Spelling,
};

/// The kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct RequestAuthentication;

impl IstioKind for RequestAuthentication {
    type Spec = Spec;

    const TYPE: &'static str = "crossmesh_istio_request_authentication";
    const DESCRIPTION: &'static str = "A RequestAuthentication of Istio: which JSON Web Tokens \
        workloads accept, and how these are checked. A request with a wrong token is refused; one \
        without a token passes, unless an AuthorizationPolicy asks for one.";
    const GROUP: &'static str = "security.istio.io";
    const KIND: &'static str = "RequestAuthentication";
    const VERSIONS: &'static [&'static str] = &["v1", "v1beta1"];
    const SPELLINGS: &'static [Spelling] =
        &[Spelling { attribute: "jwks_uri", wire: "jwksUri", also: &["jwks_uri"] }];

    fn check(subject: &Subject<'_, Spec>, diagnostics: &mut Diagnostics) {
        let spec = subject.spec;
        let path = Path::from("spec").attribute("selector");
        WorkloadSelector::check(&spec.selector, &path, diagnostics);
        target::check(&spec.target_ref, &spec.target_refs, diagnostics);
    }
}

/// Which tokens are accepted, by which workloads.
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

    /// Issuers whose tokens are accepted. A request may have a token of one of
    /// them.
    #[attr(optional, validate(validators::count(..=4096)))]
    pub jwt_rules: Tf<Vec<JwtRule>>,
}

/// Tokens of one issuer. Without `jwks_uri` and `jwks`, the keys are looked up
/// at the issuer itself (OpenID discovery).
#[derive(Clone, Model)]
#[model(at_most_one_of("jwks_uri", "jwks"))]
pub(super) struct JwtRule {
    /// Issuer, as the claim `iss` has it: a URL or a mail address.
    #[attr(optional, validate(validators::not_empty()))]
    pub issuer: Tf<String>,

    /// Audiences of which the claim `aud` must have one. Default: any.
    #[attr(optional, validate(validators::each(validators::not_empty())))]
    pub audiences: Tf<Vec<String>>,

    /// Address of the issuer's public keys, `http` or `https`.
    #[attr(optional, validate(validators::length(1..=2048), validators::url()))]
    pub jwks_uri: Tf<String>,

    /// The issuer's public keys themselves, as a JSON Web Key Set.
    #[attr(optional, validate(key_set()))]
    pub jwks: Tf<String>,

    /// Headers that the token may be in. Default: `Authorization` with the prefix
    /// `Bearer `, and the parameter `access_token`.
    #[attr(optional)]
    pub from_headers: Tf<Vec<JwtHeader>>,

    /// Parameters of the query that the token may be in.
    #[attr(optional, validate(validators::each(validators::not_empty())))]
    pub from_params: Tf<Vec<String>>,

    /// Cookies that the token may be in.
    #[attr(optional, validate(validators::each(validators::not_empty())))]
    pub from_cookies: Tf<Vec<String>>,

    /// Header in which the workload gets the token's claims, as JSON in base64.
    #[attr(optional)]
    pub output_payload_to_header: Tf<String>,

    /// Claims that the workload gets in headers of their own.
    #[attr(optional)]
    pub output_claim_to_headers: Tf<Vec<ClaimToHeader>>,

    /// Whether the workload gets the token too. Default: false.
    #[attr(optional)]
    pub forward_original_token: Tf<bool>,

    /// Longest time for fetching the keys, such as `5s`. Default: `5s`.
    #[attr(optional, validate(syntax::duration()))]
    pub timeout: Tf<String>,

    /// Claims whose text is a list with spaces between its parts, besides `scope`
    /// and `permission`: up to 64.
    #[attr(
        optional,
        validate(validators::count(..=64), validators::each(validators::not_empty()))
    )]
    pub space_delimited_claims: Tf<Vec<String>>,
}

/// A header with a token.
#[derive(Clone, Model)]
pub(super) struct JwtHeader {
    /// Name of the header.
    #[attr(required, validate(validators::not_empty()))]
    pub name: Tf<String>,

    /// What stands before the token, such as `Bearer ` with its space.
    #[attr(optional)]
    pub prefix: Tf<String>,
}

/// A claim that is put into a header.
#[derive(Clone, Model)]
pub(super) struct ClaimToHeader {
    /// Name of the header. What clients send in it is thrown away.
    #[attr(
        required,
        validate(validators::matches(
            "^[-_A-Za-z0-9]+$",
            "must be letters, digits, hyphens and underscores"
        ))
    )]
    pub header: Tf<String>,

    /// Name of the claim: text, a number or a boolean; dots lead into nested
    /// claims.
    #[attr(required, validate(validators::not_empty()))]
    pub claim: Tf<String>,
}

/// A JSON Web Key Set, or a single key.
fn key_set() -> impl Validator {
    validators::satisfies("must be a JSON Web Key Set", |value| {
        let Some(text) = value.as_str().filter(|text| !text.is_empty()) else { return Ok(()) };
        match serde_json::from_str::<Json>(text) {
            Ok(json) if json["keys"].is_array() || json["kty"].is_string() => Ok(()),
            Ok(_) => Err("must be a JSON Web Key Set, and has no `keys`".to_owned()),
            Err(error) => Err(format!("must be a JSON Web Key Set, and is no JSON: {error}")),
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::services::istio::testing::{expect_fields, expect_round_trip, problems};

    #[test]
    fn every_field_of_the_definition_is_an_attribute() {
        expect_fields::<RequestAuthentication>(include_str!("fields/request_authentication.txt"));
    }

    #[test]
    fn a_full_object_survives_both_ways() {
        let target = json!({"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "a",
            "namespace": ""});
        expect_round_trip::<RequestAuthentication>(&json!({
            "selector": {"matchLabels": {"app": "shop"}},
            "targetRef": target,
            "targetRefs": [target],
            "jwtRules": [{
                "issuer": "https://a", "audiences": ["b"], "jwksUri": "https://a/keys",
                "jwks": "{\"keys\": []}", "fromHeaders": [{"name": "x", "prefix": "Bearer "}],
                "fromParams": ["token"], "fromCookies": ["c"], "outputPayloadToHeader": "p",
                "outputClaimToHeaders": [{"header": "h", "claim": "sub"}],
                "forwardOriginalToken": true, "timeout": "5s", "spaceDelimitedClaims": ["roles"],
            }],
        }));
    }

    #[test]
    fn what_istio_refuses_is_refused_at_plan() {
        let said = |spec| problems::<RequestAuthentication>("a", &spec);
        let rule = |rule| json!({"jwt_rules": [rule]});
        assert_eq!(said(rule(json!({"issuer": "a", "jwks": "{\"keys\": []}"}))), [""; 0]);
        assert_eq!(said(json!({"target_refs": [{"kind": "Service", "name": "a"}]})), [""; 0]);
        for (spec, at) in [
            (rule(json!({"issuer": ""})), "spec.jwt_rules[0].issuer"),
            (rule(json!({"jwks": "keys"})), "spec.jwt_rules[0].jwks"),
            (rule(json!({"jwks": "{}"})), "spec.jwt_rules[0].jwks"),
            (rule(json!({"jwks_uri": "ftp://a"})), "spec.jwt_rules[0].jwks_uri"),
            (rule(json!({"timeout": "0s"})), "spec.jwt_rules[0].timeout"),
            (
                rule(json!({"output_claim_to_headers": [{"header": "a b", "claim": "c"}]})),
                "spec.jwt_rules[0].output_claim_to_headers[0].header",
            ),
            (json!({"target_refs": [{"kind": "Gateway", "name": "a"}]}), "spec.target_refs[0]"),
            (json!({"target_refs": [{"kind": "Pod", "name": "a"}]}), "spec.target_refs[0]"),
            (
                json!({"target_refs": [{"kind": "Service", "name": "a", "namespace": "b"}]}),
                "spec.target_refs[0].namespace",
            ),
        ] {
            let found = said(spec.clone());
            assert!(found.len() == 1 && found[0].contains(&format!("({at})")), "{spec}: {found:?}");
        }
        let both = rule(json!({"jwks": "{\"keys\": []}", "jwks_uri": "https://a"}));
        assert!(!said(both).is_empty());
        let two = json!({"selector": {"match_labels": {"a": "b"}}, "target_refs": []});
        assert!(!said(two).is_empty());
    }
}
