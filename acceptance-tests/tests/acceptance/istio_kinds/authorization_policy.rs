//! `crossmesh_istio_authorization_policy`

use super::Life;

#[test]
fn lives_as_every_kind_does() {
    Life {
        resource: "crossmesh_istio_authorization_policy",
        api_version: "security.istio.io/v1",
        plural: "authorizationpolicies",
        full: r#"{
            action = "DENY"
            selector = { match_labels = { app = "shop" } }
            rules = [
                {
                    from = [
                        { source = {
                            principals = ["cluster.local/ns/a/sa/b"], not_principals = ["*"]
                            request_principals = ["i/s"], not_request_principals = ["i/t"]
                            namespaces = ["a"], not_namespaces = ["b"]
                            trust_domains = ["c"], not_trust_domains = ["d"]
                            ip_blocks = ["10.0.0.0/8"], not_ip_blocks = ["10.1.0.0/16"]
                            remote_ip_blocks = ["1.2.3.4"], not_remote_ip_blocks = []
                        } },
                        { source = { service_accounts = ["a/b"], not_service_accounts = ["c"] } },
                    ]
                    to = [{ operation = {
                        hosts = ["a.com"], not_hosts = ["b.com"], ports = ["80"], not_ports = ["81"]
                        methods = ["GET"], not_methods = ["PUT"], paths = ["/a/{*}"]
                        not_paths = ["/b"]
                    } }]
                    when = [
                        { key = "request.headers[x]", values = ["1"], not_values = ["2"] },
                        { key = "connection.sni", not_values = ["c.com"] },
                    ]
                },
                {},
            ]
        }"#,
        wire: r#"{
            "action": "DENY", "selector": {"matchLabels": {"app": "shop"}},
            "rules": [
                {
                    "from": [
                        {"source": {
                            "principals": ["cluster.local/ns/a/sa/b"], "notPrincipals": ["*"],
                            "requestPrincipals": ["i/s"], "notRequestPrincipals": ["i/t"],
                            "namespaces": ["a"], "notNamespaces": ["b"],
                            "trustDomains": ["c"], "notTrustDomains": ["d"],
                            "ipBlocks": ["10.0.0.0/8"], "notIpBlocks": ["10.1.0.0/16"],
                            "remoteIpBlocks": ["1.2.3.4"], "notRemoteIpBlocks": []
                        }},
                        {"source": {"serviceAccounts": ["a/b"], "notServiceAccounts": ["c"]}}
                    ],
                    "to": [{"operation": {
                        "hosts": ["a.com"], "notHosts": ["b.com"], "ports": ["80"],
                        "notPorts": ["81"], "methods": ["GET"], "notMethods": ["PUT"],
                        "paths": ["/a/{*}"], "notPaths": ["/b"]
                    }}],
                    "when": [
                        {"key": "request.headers[x]", "values": ["1"], "notValues": ["2"]},
                        {"key": "connection.sni", "notValues": ["c.com"]}
                    ]
                },
                {}
            ]
        }"#,
        changes: &[("\"DENY\"", "\"ALLOW\""), ("\"/a/{*}\"", "\"/a/{**}\"")],
        least: r#"{ action = "ALLOW" }"#,
        left: r#"{"action": "ALLOW"}"#,
        edit: (r#"{"action": "AUDIT"}"#, "spec.action"),
        foreign: r#"{"rules": [{}]}"#,
    }
    .expect();
}
