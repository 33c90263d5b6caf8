//! Every object of the flow, deleted behind Terraform's back: the plan is to
//! make that one again, with what went with it, and the apply heals it.

use crossmesh_sim::terraform::Action::{self, Create, Replace, Update};

use super::{id, impatient_stage};
use crate::setup::Stage;

/// Something that is deleted.
struct Loss {
    /// As the simulator calls it.
    kind: &'static str,
    /// Which one it is.
    object: Object,
    /// What a plan does about it then.
    planned: &'static [(&'static str, Action)],
}

/// How the simulator's object is found.
enum Object {
    /// It has the id of this address in the state.
    Of(&'static str),
    /// Its id ends so.
    Ending(&'static str),
}

impl Object {
    #[track_caller]
    fn id(&self, stage: &Stage, kind: &str) -> String {
        match self {
            Self::Of(address) => id(stage, address),
            Self::Ending(end) => {
                let found = stage.objects(kind).into_iter().find(|id| id.ends_with(end));
                found.unwrap_or_else(|| panic!("there is no {kind} …{end}"))
            }
        }
    }
}

const CCN: &str = "crossmesh_ccn_instance.main";
const ATTACHMENT: &str = "crossmesh_ccn_attachment.hub";
const APPLICATION: &str = r#"crossmesh_ccn_cross_account_attachment.member["member"]"#;
const ACCEPTANCE: &str = r#"crossmesh_ccn_cross_account_attachment_accepter.member["member"]"#;
const RANGE_1: &str = r#"crossmesh_ccn_cluster_cidr.all["hub-1"]"#;
const RANGE_2: &str = r#"crossmesh_ccn_cluster_cidr.all["hub-2"]"#;
const RANGE_3: &str = r#"crossmesh_ccn_cluster_cidr.all["member"]"#;
const HUB: &str = "crossmesh_tdcc_hub_cluster.main";
const REGISTERED: &str = r#"crossmesh_tdcc_registered_cluster.member["member"]"#;
const AGENT: &str = r#"crossmesh_tdcc_cluster_agent.member["member"]"#;
const MESH: &str = "crossmesh_tcm_mesh.main";
const LINK_1: &str = r#"crossmesh_tcm_mesh_cluster.hub["hub-1"]"#;
const LINK_2: &str = r#"crossmesh_tcm_mesh_cluster.hub["hub-2"]"#;
const LINK_3: &str = r#"crossmesh_tcm_mesh_cluster.member["member"]"#;
const INGRESS: &str = "crossmesh_tcm_ingress_gateway.main";
const SERVICE_1: &str = r#"crossmesh_kubernetes_manifests.service["hub-1"]"#;
const SERVICE_3: &str = r#"crossmesh_kubernetes_manifests.service["member"]"#;
const GATEWAY: &str = "crossmesh_istio_gateway.main";
const ROUTE_1: &str = r#"crossmesh_istio_virtual_service.name["hub-1"]"#;
const ROUTE_2: &str = r#"crossmesh_istio_virtual_service.name["hub-2"]"#;
const ROUTE_3: &str = r#"crossmesh_istio_virtual_service.name["member"]"#;
const RECORD: &str = "crossmesh_dnspod_record.wildcard";

#[track_caller]
fn expect_healed(losses: &[Loss]) {
    let stage = impatient_stage();
    stage.apply().expect_success();
    for Loss { kind, object, planned } in losses {
        stage.delete(kind, &object.id(&stage, kind));
        stage.plan().expect_changes(planned);
        stage.apply().expect_success();
        stage.plan().expect_empty();
    }
    stage.expect_clean_destroy();
}

#[test]
fn of_the_network() {
    use Object::Of;
    expect_healed(&[
        Loss { kind: "ccn_cluster_cidr", object: Of(RANGE_1), planned: &[(RANGE_1, Create)] },
        Loss { kind: "ccn_cluster_cidr", object: Of(RANGE_3), planned: &[(RANGE_3, Create)] },
        // What a cluster publishes goes with its network.
        Loss {
            kind: "ccn_attachment",
            object: Of(ATTACHMENT),
            planned: &[(ATTACHMENT, Create), (RANGE_1, Create), (RANGE_2, Create)],
        },
        // One row of the CCN is both the application and its acceptance.
        Loss {
            kind: "ccn_attachment",
            object: Of(APPLICATION),
            planned: &[(APPLICATION, Create), (ACCEPTANCE, Create), (RANGE_3, Create)],
        },
        Loss {
            kind: "ccn",
            object: Of(CCN),
            planned: &[
                (CCN, Create),
                (ATTACHMENT, Create),
                (APPLICATION, Create),
                (ACCEPTANCE, Create),
                (RANGE_1, Create),
                (RANGE_2, Create),
                (RANGE_3, Create),
            ],
        },
        Loss { kind: "dns_record", object: Of(RECORD), planned: &[(RECORD, Create)] },
    ]);
}

#[test]
fn of_the_registration() {
    use Object::{Ending, Of};
    expect_healed(&[
        // Without its Deployment there is no agent.
        Loss {
            kind: "kubernetes_object",
            object: Ending("Deployment/clusternet-system/clusternet-agent"),
            planned: &[(AGENT, Create)],
        },
        // With another id it is another cluster to the agent and to the mesh.
        Loss {
            kind: "tdcc_registered_cluster",
            object: Of(REGISTERED),
            planned: &[(REGISTERED, Create), (AGENT, Replace), (LINK_3, Replace)],
        },
        Loss {
            kind: "tdcc_hub_cluster",
            object: Of(HUB),
            planned: &[(HUB, Create), (REGISTERED, Replace), (AGENT, Replace), (LINK_3, Replace)],
        },
    ]);
}

#[test]
fn of_the_mesh() {
    use Object::Of;
    expect_healed(&[
        Loss { kind: "mesh_cluster", object: Of(LINK_2), planned: &[(LINK_2, Create)] },
        Loss { kind: "mesh_cluster", object: Of(LINK_3), planned: &[(LINK_3, Create)] },
        Loss {
            kind: "ingress_gateway",
            object: Of(INGRESS),
            planned: &[(INGRESS, Create), (RECORD, Update)],
        },
        // Istio's definitions and all that is configured with them leave a
        // cluster with its link, and so does the gateway.
        Loss {
            kind: "mesh_cluster",
            object: Of(LINK_1),
            planned: &[
                (LINK_1, Create),
                (INGRESS, Create),
                (RECORD, Update),
                (GATEWAY, Create),
                (ROUTE_1, Create),
                (ROUTE_2, Create),
                (ROUTE_3, Create),
            ],
        },
        Loss {
            kind: "mesh",
            object: Of(MESH),
            planned: &[
                (MESH, Create),
                (LINK_1, Create),
                (LINK_2, Create),
                (LINK_3, Create),
                (INGRESS, Create),
                (RECORD, Update),
                (GATEWAY, Create),
                (ROUTE_1, Create),
                (ROUTE_2, Create),
                (ROUTE_3, Create),
            ],
        },
    ]);
}

#[test]
fn of_the_services() {
    use Object::Ending;
    let lost =
        |object, planned| Loss { kind: "kubernetes_object", object: Ending(object), planned };
    expect_healed(&[
        lost("Gateway/istio-system/ingress", &[(GATEWAY, Create)]),
        lost("VirtualService/istio-system/hub-2", &[(ROUTE_2, Create)]),
        lost("Service/services/member", &[(SERVICE_3, Update)]),
        lost("Deployment/services/hub-1", &[(SERVICE_1, Update)]),
    ]);
}
