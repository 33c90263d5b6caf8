use serde_json::json;

use super::*;
use crate::cloud::scripted::{Scripted, answer, refusal};

fn gateway() -> IngressGateway {
    IngressGateway {
        name: "ingress".into(),
        namespace: "istio-system".into(),
        cluster_id: "cls-1".into(),
        service: GatewayService {
            kind: "LoadBalancer".into(),
            clb_direct_access: Some(true),
            ..GatewayService::default()
        },
        workload: Workload {
            replicas: Some(2),
            resources: Some(ResourceRequirements {
                limits: None,
                requests: Some(vec![Resource { name: "cpu".into(), quantity: "100m".into() }]),
            }),
            ..Workload::default()
        },
        load_balancer: Some(LoadBalancer {
            load_balancer_type: Some("OPEN".into()),
            zone_id: Some("200001".into()),
            address_ip_version: Some("ipv4".into()),
            ..LoadBalancer::default()
        }),
        ..IngressGateway::default()
    }
}

fn gateway_json() -> serde_json::Value {
    json!({
        "Name": "ingress", "Namespace": "istio-system", "ClusterId": "cls-1",
        "Service": {"Type": "LoadBalancer", "CLBDirectAccess": true},
        "Workload": {
            "Replicas": 2, "Resources": {"Requests": [{"Name": "cpu", "Quantity": "100m"}]}
        },
        "LoadBalancer": {
            "LoadBalancerType": "OPEN", "ZoneID": "200001", "AddressIPVersion": "ipv4"
        }
    })
}

fn cluster() -> Cluster {
    Cluster {
        cluster_id: "cls-1".into(),
        region: "ap-guangzhou".into(),
        role: ROLE_REMOTE.into(),
        vpc_id: "vpc-1".into(),
        config: Some(ClusterConfig {
            ingress_gateway_list: Some(vec![gateway()]),
            ..ClusterConfig::default()
        }),
        ..Cluster::default()
    }
}

fn cluster_json() -> serde_json::Value {
    json!({
        "ClusterId": "cls-1", "Region": "ap-guangzhou", "Role": "REMOTE", "VpcId": "vpc-1",
        "Config": {"AutoInjectionNamespaceList": [], "IngressGatewayList": [gateway_json()]}
    })
}

#[tokio::test(start_paused = true)]
async fn requests_hold_what_is_set_and_nothing_that_is_only_told() {
    let cloud = Scripted::new(vec![answer(json!({"MeshId": "mesh-1"})), answer(json!({}))]);
    let account = cloud.account();
    let request = CreateMesh {
        display_name: "flow".into(),
        mesh_version: "1.16.5".into(),
        kind: TYPE_HOSTED.into(),
        config: MeshConfig {
            istio: Some(IstioConfig {
                outbound_traffic_policy: "ALLOW_ANY".into(),
                enable_pilot_http: Some(true),
                disable_http_retry: Some(false),
                smart_dns: Some(SmartDnsConfig {
                    istio_meta_dns_capture: Some(true),
                    istio_meta_dns_auto_allocate: None,
                }),
                ..IstioConfig::default()
            }),
            inject: Some(InjectConfig {
                exclude_ip_ranges: Some(vec!["10.0.0.0/8".into()]),
                ..InjectConfig::default()
            }),
            tracing: Some(TracingConfig {
                sampling: Some(1.5),
                apm: Some(Apm { enable: Some(true), ..Apm::default() }),
                ..TracingConfig::default()
            }),
            access_log: Some(AccessLogConfig {
                cls: Some(Cls { enable: Some(false), ..Cls::default() }),
                ..AccessLogConfig::default()
            }),
            prometheus: Some(PrometheusConfig {
                custom_prom: Some(CustomPrometheus {
                    url: "http://prom".into(),
                    auth_type: "basic".into(),
                    password: Some("pw".into()),
                    ..CustomPrometheus::default()
                }),
                ..PrometheusConfig::default()
            }),
            sidecar_resources: None,
            ..MeshConfig::default()
        },
        cluster_list: None,
        tag_list: Some(vec![MeshTag { key: "k".into(), value: "v".into(), passthrough: None }]),
    };
    assert_eq!(create(&account, &request).await.unwrap(), "mesh-1");
    assert_eq!(
        cloud.sent(0).body,
        json!({
            "DisplayName": "flow", "MeshVersion": "1.16.5", "Type": "HOSTED",
            "Config": {
                "Istio": {
                    "OutboundTrafficPolicy": "ALLOW_ANY", "EnablePilotHTTP": true,
                    "DisableHTTPRetry": false, "SmartDNS": {"IstioMetaDNSCapture": true}
                },
                "Inject": {"ExcludeIPRanges": ["10.0.0.0/8"]},
                "Tracing": {"Sampling": 1.5, "APM": {"Enable": true}},
                "AccessLog": {"CLS": {"Enable": false}},
                "Prometheus": {"CustomProm": {
                    "Url": "http://prom", "AuthType": "basic", "Password": "pw"
                }}
            },
            "TagList": [{"Key": "k", "Value": "v"}]
        })
    );

    link(&account, "mesh-1", &[cluster()]).await.unwrap();
    assert_eq!(cloud.sent(1).body, json!({"MeshId": "mesh-1", "ClusterList": [cluster_json()]}));
    let change = ModifyMesh {
        mesh_id: "mesh-1".into(),
        cluster_list: Some(vec![cluster()]),
        ..ModifyMesh::default()
    };
    modify(&account, &change).await.unwrap();
    assert_eq!(cloud.sent(2).body, json!({"MeshId": "mesh-1", "ClusterList": [cluster_json()]}));
    unlink(&account, "mesh-1", "cls-1").await.unwrap();
    assert_eq!(cloud.sent(3).body, json!({"MeshId": "mesh-1", "ClusterId": "cls-1"}));
    let with = DeleteWith { log_topic: Some(true), tracing: Some(false), ..DeleteWith::default() };
    delete(&account, "mesh-1", with).await.unwrap();
    assert_eq!(
        cloud.sent(4).body,
        json!({"MeshId": "mesh-1", "NeedDeleteCLS": true, "NeedDeleteAPM": false})
    );
    assert_eq!(
        cloud.actions(),
        ["CreateMesh", "LinkClusterList", "ModifyMesh", "UnlinkCluster", "DeleteMesh"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_mesh_tells_links_and_gateways() {
    let mut linked = cluster_json();
    linked["Type"] = json!("TKE");
    linked["Status"] = json!({"LinkState": "LINK_FAILED", "LinkErrorDetail": "no route"});
    linked["Config"]["IngressGatewayList"][0]["Status"] = json!({
        "State": "running",
        "LoadBalancer": {"LoadBalancerId": "lb-1", "LoadBalancerVip": "203.0.113.7"}
    });
    linked["Config"]["AutoInjectionNamespaceStateList"] = json!(null);
    let cloud = Scripted::new(vec![answer(json!({"Mesh": {
        "MeshId": "mesh-1", "State": "RUNNING", "Type": "HOSTED", "ClusterList": [linked],
        "Config": {"Istio": null},
        "Status": {"ActiveOperationList": [{"OperationId": "1", "Type": "LINK_CLUSTERS"}]}
    }}))]);
    let mesh = find(&cloud.account(), "mesh-1").await.unwrap().unwrap();
    assert!(mesh.is_operating());
    let status = &mesh.cluster("cls-1").unwrap().status;
    assert_eq!(
        (status.link_state.as_str(), status.link_error_detail.as_str()),
        ("LINK_FAILED", "no route")
    );
    assert_eq!(mesh.cluster("cls-2"), None);
    let gateway = mesh.ingress_gateway("cls-1", "istio-system", "ingress").unwrap();
    let balancer = gateway.status.as_ref().unwrap().load_balancer.as_ref().unwrap();
    assert_eq!(balancer.load_balancer_vip, "203.0.113.7");
    assert!(mesh.ingress_gateway("cls-1", "default", "ingress").is_none());

    // What was read can be written back, without what is only told.
    let bytes = serde_json::to_value(mesh.cluster("cls-1").unwrap()).unwrap();
    assert!(bytes.get("Status").is_none() && bytes.get("State").is_none());
    assert!(bytes["Config"]["IngressGatewayList"][0].get("Status").is_none());
}

#[test]
fn what_is_not_known_here_is_written_back() {
    let read = json!({
        "AutoInjectionNamespaceList": ["shop"], "Later": {"A": [1, null]},
        "IngressGatewayList": [{
            "Name": "ingress", "Namespace": "istio-system", "ClusterId": "cls-1", "New": "x",
            "Service": {"Type": "LoadBalancer", "SessionAffinity": "ClientIP"},
            "Workload": {"Replicas": 2, "Strategy": {"Type": "Recreate"}},
            "LoadBalancer": {"LoadBalancerType": "OPEN", "CrossRegionConfig": {"Region": "r"}}
        }]
    });
    let config: ClusterConfig = serde_json::from_value(read.clone()).unwrap();
    let written = serde_json::to_value(&config).unwrap();
    assert_eq!(without_nulls(written), without_nulls(read));
    let mesh = json!({"Istio": {"OutboundTrafficPolicy": "ALLOW_ANY", "A": 1}, "B": {"C": true}});
    let config: MeshConfig = serde_json::from_value(mesh.clone()).unwrap();
    assert_eq!(without_nulls(serde_json::to_value(&config).unwrap()), mesh);
}

fn without_nulls(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(members) => members
            .into_iter()
            .filter(|(_, member)| !member.is_null())
            .map(|(name, member)| (name, without_nulls(member)))
            .collect(),
        serde_json::Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        value => value,
    }
}

#[tokio::test(start_paused = true)]
async fn a_mesh_that_is_gone_is_none_and_needs_no_deleting() {
    let cloud = Scripted::new(vec![refusal("ResourceNotFound")]);
    let account = cloud.account();
    assert_eq!(find(&account, "mesh-1").await.unwrap(), None);
    delete(&account, "mesh-1", DeleteWith::default()).await.unwrap();
    unlink(&account, "mesh-1", "cls-1").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn meshes_are_listed() {
    let cloud =
        Scripted::new(vec![answer(json!({"Total": 1, "MeshList": [{"MeshId": "mesh-1"}]}))]);
    assert_eq!(list(&cloud.account(), &[]).await.unwrap()[0].mesh_id, "mesh-1");
    assert_eq!(cloud.sent(0).body, json!({"Offset": 0, "Limit": 100}));
}
