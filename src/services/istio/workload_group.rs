//! `crossmesh_istio_workload_group`: what workloads outside the cluster have in
//! common.

use std::collections::BTreeMap;

use tfsdk::{
    Diagnostics, Model,
    schema::validators,
    value::{Path, Tf},
};

use crate::services::istio::{
    kind::{IstioKind, Subject},
    syntax,
    workload::Workload,
};

/// The kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct WorkloadGroup;

impl IstioKind for WorkloadGroup {
    type Spec = Spec;

    const TYPE: &'static str = "crossmesh_istio_workload_group";
    const DESCRIPTION: &'static str = "A WorkloadGroup of Istio: what virtual machines or other \
        workloads outside the cluster have in common. Their proxies register themselves with it, \
        each as a WorkloadEntry made after its template.";
    const GROUP: &'static str = "networking.istio.io";
    const KIND: &'static str = "WorkloadGroup";
    const VERSIONS: &'static [&'static str] = &["v1", "v1beta1", "v1alpha3"];

    fn check(subject: &Subject<'_, Spec>, diagnostics: &mut Diagnostics) {
        if let Some(template) = subject.spec.template.known() {
            template.check_socket(&Path::from("spec").attribute("template"), diagnostics);
        }
    }
}

/// What the workloads have in common.
#[derive(Clone, Model)]
pub(super) struct Spec {
    /// Labels and annotations of the WorkloadEntries that are made.
    #[attr(optional)]
    pub metadata: Tf<GroupMetadata>,

    /// What the WorkloadEntries look like. Each gets its own address when it
    /// registers.
    #[attr(required)]
    pub template: Tf<Workload>,

    /// How it is found out whether a workload is ready for requests. Default: it
    /// always is.
    #[attr(optional)]
    pub probe: Tf<ReadinessProbe>,
}

/// Labels and annotations of WorkloadEntries.
#[derive(Clone, Model)]
pub(super) struct GroupMetadata {
    /// Labels that each of them gets, in addition to its own.
    #[attr(
        optional,
        validate(
            validators::count(..=256),
            validators::keys(syntax::qualified_name()),
            validators::each(syntax::label_value())
        )
    )]
    pub labels: Tf<BTreeMap<String, String>>,

    /// Annotations that each of them gets.
    #[attr(
        optional,
        validate(validators::count(..=256), validators::keys(syntax::qualified_name()))
    )]
    pub annotations: Tf<BTreeMap<String, String>>,
}

/// How it is found out whether a workload is ready: one of `http_get`,
/// `tcp_socket`, `exec` and `grpc`.
#[derive(Clone, Model)]
#[model(exactly_one_of("http_get", "tcp_socket", "exec", "grpc"))]
pub(super) struct ReadinessProbe {
    /// Seconds after the start of the workload until it is asked first. Default:
    /// 0.
    #[attr(optional, validate(validators::range(0..=2147483647)))]
    pub initial_delay_seconds: Tf<i64>,

    /// Seconds until an answer counts as failed. Default: 1.
    #[attr(optional, validate(validators::range(0..=2147483647)))]
    pub timeout_seconds: Tf<i64>,

    /// Seconds from one time to the next. Default: 10.
    #[attr(optional, validate(validators::range(0..=2147483647)))]
    pub period_seconds: Tf<i64>,

    /// Successes in a row that make it ready after a failure. Default: 1.
    #[attr(optional, validate(validators::range(0..=2147483647)))]
    pub success_threshold: Tf<i64>,

    /// Failures in a row after which it is not ready. Default: 3.
    #[attr(optional, validate(validators::range(0..=2147483647)))]
    pub failure_threshold: Tf<i64>,

    /// Asks over HTTP: a status from 200 to 399 is a success.
    #[attr(optional)]
    pub http_get: Tf<HttpProbe>,

    /// Opens a connection, which alone is a success.
    #[attr(optional)]
    pub tcp_socket: Tf<TcpProbe>,

    /// Runs a command on the workload's machine, whose exit status 0 is a success.
    #[attr(optional)]
    pub exec: Tf<ExecProbe>,

    /// Asks the gRPC health service of the workload.
    #[attr(optional)]
    pub grpc: Tf<GrpcProbe>,
}

/// A request that is sent.
#[derive(Clone, Model)]
pub(super) struct HttpProbe {
    /// Path. Default: `/`.
    #[attr(optional)]
    pub path: Tf<String>,

    /// Port of the workload that is asked.
    #[attr(required, validate(syntax::port()))]
    pub port: Tf<i64>,

    /// Host that is connected to. Default: the workload itself.
    #[attr(optional)]
    pub host: Tf<String>,

    /// `HTTP` or `HTTPS`. Default: `HTTP`.
    #[attr(optional, validate(validators::one_of(["HTTP", "HTTPS"])))]
    pub scheme: Tf<String>,

    /// Headers of the request.
    #[attr(optional)]
    pub http_headers: Tf<Vec<HttpHeader>>,
}

/// A header of a request.
#[derive(Clone, Model)]
pub(super) struct HttpHeader {
    /// What the header is called.
    #[attr(
        required,
        validate(validators::matches(
            "^[-_A-Za-z0-9]+$",
            "must be letters, digits, hyphens and underscores"
        ))
    )]
    pub name: Tf<String>,

    /// What it says. Default: nothing.
    #[attr(optional)]
    pub value: Tf<String>,
}

/// A connection that is opened.
#[derive(Clone, Model)]
pub(super) struct TcpProbe {
    /// Host that is connected to. Default: the workload itself.
    #[attr(optional)]
    pub host: Tf<String>,

    /// Port of the workload that is asked.
    #[attr(required, validate(syntax::port()))]
    pub port: Tf<i64>,
}

/// A command that is run.
#[derive(Clone, Model)]
pub(super) struct ExecProbe {
    /// The program and its arguments. No shell is in between.
    #[attr(required, validate(validators::not_empty(), validators::each(validators::not_empty())))]
    pub command: Tf<Vec<String>>,
}

/// A service that is asked over gRPC.
#[derive(Clone, Model)]
pub(super) struct GrpcProbe {
    /// Port of the workload that is asked.
    #[attr(optional, validate(syntax::port()))]
    pub port: Tf<i64>,

    /// Name of the service whose health is asked for. Default: the whole server.
    #[attr(optional)]
    pub service: Tf<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::services::istio::testing::{expect_fields, expect_round_trip, problems};

    #[test]
    fn every_field_of_the_definition_is_an_attribute() {
        expect_fields::<WorkloadGroup>(include_str!("fields/workload_group.txt"));
    }

    #[test]
    fn a_full_object_survives_both_ways() {
        expect_round_trip::<WorkloadGroup>(&json!({
            "metadata": {"labels": {"a": "b"}, "annotations": {"c": "d e"}},
            "template": {
                "address": "10.0.0.1", "ports": {"http": 8080}, "labels": {"app": "a"},
                "network": "n", "locality": "r/z", "weight": 0, "serviceAccount": "s",
            },
            "probe": {
                "initialDelaySeconds": 0, "timeoutSeconds": 1, "periodSeconds": 2,
                "successThreshold": 3, "failureThreshold": 4,
                "httpGet": {"path": "/", "port": 80, "host": "h", "scheme": "HTTPS",
                    "httpHeaders": [{"name": "a", "value": "b"}]},
                "tcpSocket": {"host": "h", "port": 80},
                "exec": {"command": ["true"]},
                "grpc": {"port": 80, "service": "s"},
            },
        }));
    }

    #[test]
    fn what_istio_refuses_is_refused_at_plan() {
        let said = |spec| problems::<WorkloadGroup>("a", &spec);
        let probe = |probe| json!({"template": {}, "probe": probe});
        assert_eq!(said(json!({"template": {}})), [""; 0]);
        assert_eq!(said(probe(json!({"grpc": {}}))), [""; 0]);
        for (spec, at) in [
            (json!({}), "spec.template"),
            (
                json!({"template": {"address": "unix:///a", "ports": {"a": 1}}}),
                "spec.template.ports",
            ),
            (probe(json!({})), "spec.probe"),
            (probe(json!({"tcp_socket": {"port": 0}})), "spec.probe.tcp_socket.port"),
            (probe(json!({"http_get": {"path": "/"}})), "spec.probe.http_get.port"),
            (probe(json!({"exec": {"command": []}})), "spec.probe.exec.command"),
            (probe(json!({"grpc": {}, "period_seconds": -1})), "spec.probe.period_seconds"),
        ] {
            let found = said(spec.clone());
            assert!(found.len() == 1 && found[0].contains(&format!("({at})")), "{spec}: {found:?}");
        }
        assert!(!said(probe(json!({"grpc": {}, "exec": {"command": ["a"]}}))).is_empty());
    }
}
