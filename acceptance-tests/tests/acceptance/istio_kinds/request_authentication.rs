//! `crossmesh_istio_request_authentication`

use super::Life;

#[test]
fn lives_as_every_kind_does() {
    Life {
        resource: "crossmesh_istio_request_authentication",
        api_version: "security.istio.io/v1",
        plural: "requestauthentications",
        full: r#"{
            target_refs = [
                { group = "gateway.networking.k8s.io", kind = "Gateway", name = "edge" },
                { group = "", kind = "Service", name = "shop" },
            ]
            jwt_rules = [
                {
                    issuer = "https://a.example.com"
                    audiences = ["shop", "admin"]
                    jwks_uri = "https://a.example.com/keys"
                    from_headers = [{ name = "x-token", prefix = "Bearer " }, { name = "x-other" }]
                    from_params = ["token"]
                    from_cookies = ["session"]
                    output_payload_to_header = "x-payload"
                    output_claim_to_headers = [{ header = "x-user", claim = "sub" }]
                    forward_original_token = true
                    timeout = "3s"
                    space_delimited_claims = ["roles"]
                },
                { issuer = "b", jwks = jsonencode({ keys = [] }) },
            ]
        }"#,
        wire: r#"{
            "targetRefs": [
                {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "edge"},
                {"group": "", "kind": "Service", "name": "shop"}
            ],
            "jwtRules": [
                {
                    "issuer": "https://a.example.com", "audiences": ["shop", "admin"],
                    "jwksUri": "https://a.example.com/keys",
                    "fromHeaders": [{"name": "x-token", "prefix": "Bearer "}, {"name": "x-other"}],
                    "fromParams": ["token"], "fromCookies": ["session"],
                    "outputPayloadToHeader": "x-payload",
                    "outputClaimToHeaders": [{"header": "x-user", "claim": "sub"}],
                    "forwardOriginalToken": true, "timeout": "3s",
                    "spaceDelimitedClaims": ["roles"]
                },
                {"issuer": "b", "jwks": "{\"keys\":[]}"}
            ]
        }"#,
        changes: &[("\"3s\"", "\"4s\""), ("forward_original_token = true", "")],
        least: r#"{ jwt_rules = [{ issuer = "a" }] }"#,
        left: r#"{"jwtRules": [{"issuer": "a"}]}"#,
        edit: (
            r#"{"jwtRules": [
                {
                    "issuer": "https://a.example.com", "audiences": ["shop", "admin"],
                    "jwksUri": "https://a.example.com/keys",
                    "fromHeaders": [{"name": "x-token", "prefix": "Bearer "}, {"name": "x-other"}],
                    "fromParams": ["token"], "fromCookies": ["session"],
                    "outputPayloadToHeader": "x-payload",
                    "outputClaimToHeaders": [{"header": "x-user", "claim": "mail"}],
                    "forwardOriginalToken": true, "timeout": "3s",
                    "spaceDelimitedClaims": ["roles"]
                },
                {"issuer": "b", "jwks": "{\"keys\":[]}"}
            ]}"#,
            "spec.jwt_rules[0].output_claim_to_headers[0].claim",
        ),
        foreign: r#"{"selector": {"matchLabels": {"app": "theirs"}}}"#,
    }
    .expect();
}
