//! Rules of the built-in kinds: what must be there and what may not change.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::kubernetes::cel::Rule;
use crate::kubernetes::kinds::Kind;
use crate::kubernetes::selectors::LabelSelector;
use crate::kubernetes::status::Cause;

const IMMUTABLE: &str = "field is immutable";

/// What is wrong with a built-in object.
pub(crate) fn causes(kind: &Kind, live: Option<&Value>, object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    match kind.kind.as_str() {
        "ConfigMap" => data(false, live, object, &mut causes),
        "Secret" => {
            data(true, live, object, &mut causes);
            secret(live, object, &mut causes);
        }
        "Service" => service(live, object, &mut causes),
        "Pod" => pod("spec", &object["spec"], &mut causes),
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" => {
            workload(live, object, &mut causes);
        }
        "Job" => {
            pod("spec.template.spec", &object["spec"]["template"]["spec"], &mut causes);
            let fixed = ["spec.selector", "spec.template", "spec.completions"];
            unchanged(live, object, &fixed, &mut causes);
        }
        "RoleBinding" | "ClusterRoleBinding" => binding(live, object, &mut causes),
        "CustomResourceDefinition" => definition(live, object, &mut causes),
        "PersistentVolumeClaim" => {
            unchanged(live, object, &["spec.accessModes", "spec.storageClassName"], &mut causes);
        }
        _ => {}
    }
    causes
}

fn data(secret: bool, live: Option<&Value>, object: &Value, causes: &mut Vec<Cause>) {
    let mut size = 0;
    for field in ["data", "binaryData"] {
        for (key, value) in object[field].as_object().into_iter().flatten() {
            let path = format!("{field}[{key}]");
            let text = value.as_str().unwrap_or_default();
            size += text.len();
            if (secret || field == "binaryData") && STANDARD.decode(text).is_err() {
                let shown = Value::from("<value>");
                causes.push(Cause::invalid(path.clone(), &shown, "illegal base64 data"));
            }
            let fits = key.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
            if !fits || key.is_empty() {
                let detail = "a valid config key must consist of alphanumeric characters, '-', \
                              '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex \
                              used for validation is '[-._a-zA-Z0-9]+')";
                causes.push(Cause::invalid(path, &Value::from(key.as_str()), detail));
            }
        }
    }
    if size > 1024 * 1024 {
        causes.push(Cause::too_long("data", "may not be more than 1048576 bytes"));
    }
    if let Some(live) = live
        && live["immutable"] == true
        && (live["data"] != object["data"] || object["immutable"] != true)
    {
        causes.push(Cause::forbidden("data", "field is immutable when `immutable` is set"));
    }
}

fn secret(live: Option<&Value>, object: &Value, causes: &mut Vec<Cause>) {
    unchanged(live, object, &["type"], causes);
    let name = "kubernetes.io/service-account.name";
    let named = object["metadata"]["annotations"][name].as_str().is_some_and(|n| !n.is_empty());
    if object["type"] == "kubernetes.io/service-account-token" && !named {
        causes.push(Cause::required(format!("metadata.annotations[{name}]"), ""));
    }
}

fn service(live: Option<&Value>, object: &Value, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    let ports = spec["ports"].as_array().map(Vec::as_slice).unwrap_or_default();
    if spec["type"] == "ExternalName" {
        if spec["externalName"].as_str().unwrap_or_default().is_empty() {
            causes.push(Cause::required("spec.externalName", ""));
        }
        return;
    }
    if ports.is_empty() && spec["clusterIP"] != "None" {
        causes.push(Cause::required("spec.ports", ""));
    }
    for (at, port) in ports.iter().enumerate() {
        let path = format!("spec.ports[{at}]");
        port_number(&format!("{path}.port"), &port["port"], causes);
        let (target, at) = (&port["targetPort"], format!("{path}.targetPort"));
        match target {
            Value::String(name) if !name.chars().any(|c| c.is_ascii_alphabetic()) => {
                causes.push(Cause::invalid(at, target, "must contain at least one letter (a-z)"));
            }
            Value::Number(_) => port_number(&at, target, causes),
            _ => {}
        }
        if ports.len() > 1 && port["name"].as_str().unwrap_or_default().is_empty() {
            causes.push(Cause::required(format!("{path}.name"), ""));
        }
    }
    if let Some(live) = live
        && live["spec"]["type"] != "ExternalName"
        && !live["spec"]["clusterIP"].is_null()
        && live["spec"]["clusterIP"] != spec["clusterIP"]
    {
        let detail = "may not change once set";
        causes.push(Cause::invalid("spec.clusterIPs[0]", &spec["clusterIP"], detail));
    }
}

fn port_number(path: &str, value: &Value, causes: &mut Vec<Cause>) {
    if value.is_null() {
        causes.push(Cause::required(path, ""));
    } else if value.as_i64().is_none_or(|port| !(1..=65_535).contains(&port)) {
        causes.push(Cause::invalid(path, value, "must be between 1 and 65535, inclusive"));
    }
}

fn workload(live: Option<&Value>, object: &Value, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    if spec["selector"].is_null() {
        causes.push(Cause::required("spec.selector", ""));
    } else if !LabelSelector::from_object(&spec["selector"]).matches(&spec["template"]) {
        let labels = &spec["template"]["metadata"]["labels"];
        let detail = "`selector` does not match template `labels`";
        causes.push(Cause::invalid("spec.template.metadata.labels", labels, detail));
    }
    if spec["replicas"].as_i64().is_some_and(|replicas| replicas < 0) {
        let detail = "must be greater than or equal to 0";
        causes.push(Cause::invalid("spec.replicas", &spec["replicas"], detail));
    }
    pod("spec.template.spec", &spec["template"]["spec"], causes);
    unchanged(live, object, &["spec.selector"], causes);
    if object["kind"] == "StatefulSet" {
        unchanged(live, object, &["spec.serviceName", "spec.volumeClaimTemplates"], causes);
    }
}

fn pod(path: &str, spec: &Value, causes: &mut Vec<Cause>) {
    let containers = spec["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
    if containers.is_empty() {
        causes.push(Cause::required(format!("{path}.containers"), ""));
    }
    for (at, container) in containers.iter().enumerate() {
        let path = format!("{path}.containers[{at}]");
        for field in ["name", "image"] {
            if container[field].as_str().unwrap_or_default().is_empty() {
                causes.push(Cause::required(format!("{path}.{field}"), ""));
            }
        }
        for (at, port) in container["ports"].as_array().into_iter().flatten().enumerate() {
            let path = format!("{path}.ports[{at}].containerPort");
            port_number(&path, &port["containerPort"], causes);
        }
        for (at, env) in container["env"].as_array().into_iter().flatten().enumerate() {
            if env["name"].as_str().unwrap_or_default().is_empty() {
                causes.push(Cause::required(format!("{path}.env[{at}].name"), ""));
            }
        }
    }
}

fn binding(live: Option<&Value>, object: &Value, causes: &mut Vec<Cause>) {
    for field in ["kind", "name"] {
        if object["roleRef"][field].as_str().unwrap_or_default().is_empty() {
            causes.push(Cause::required(format!("roleRef.{field}"), ""));
        }
    }
    if let Some(live) = live
        && live["roleRef"] != object["roleRef"]
    {
        causes.push(Cause::invalid("roleRef", &object["roleRef"], "cannot change roleRef"));
    }
}

fn definition(live: Option<&Value>, object: &Value, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let expected = format!("{}.{}", text(&spec["names"]["plural"]), text(&spec["group"]));
    if text(&object["metadata"]["name"]) != expected {
        let detail = "must be spec.names.plural+\".\"+spec.group";
        causes.push(Cause::invalid("metadata.name", &object["metadata"]["name"], detail));
    }
    let versions = spec["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
    if versions.iter().filter(|version| version["storage"] == true).count() != 1 {
        let detail = "must have exactly one version marked as storage version";
        causes.push(Cause::invalid("spec.versions", &spec["versions"], detail));
    }
    for (at, version) in versions.iter().enumerate() {
        if version["schema"]["openAPIV3Schema"].is_null() {
            let path = format!("spec.versions[{at}].schema.openAPIV3Schema");
            causes.push(Cause::required(path, "schemas are required"));
        }
        let path = format!("spec.versions[{at}].schema.openAPIV3Schema");
        broken_rules(&version["schema"]["openAPIV3Schema"], &path, causes);
    }
    if !matches!(spec["scope"].as_str(), Some("Namespaced" | "Cluster")) {
        let allowed = [Value::from("Cluster"), Value::from("Namespaced")];
        causes.push(Cause::not_supported("spec.scope", &spec["scope"], &allowed));
    }
    let fixed = ["spec.group", "spec.scope", "spec.names.plural", "spec.names.kind"];
    unchanged(live, object, &fixed, causes);
}

/// CEL rules that do not parse, anywhere in a schema.
fn broken_rules(schema: &Value, path: &str, causes: &mut Vec<Cause>) {
    let rules = schema["x-kubernetes-validations"].as_array().into_iter().flatten();
    for (at, entry) in rules.enumerate() {
        if let Err(error) = Rule::read(entry) {
            let path = format!("{path}.x-kubernetes-validations[{at}].rule");
            let detail = format!("compilation failed: {error}");
            causes.push(Cause::invalid(path, &entry["rule"], &detail));
        }
    }
    for (name, child) in schema["properties"].as_object().into_iter().flatten() {
        broken_rules(child, &format!("{path}.properties[{name}]"), causes);
    }
    for name in ["items", "additionalProperties"] {
        if schema[name].is_object() {
            broken_rules(&schema[name], &format!("{path}.{name}"), causes);
        }
    }
}

fn unchanged(live: Option<&Value>, object: &Value, paths: &[&str], causes: &mut Vec<Cause>) {
    let Some(live) = live else { return };
    for path in paths {
        let pointer = format!("/{}", path.replace('.', "/"));
        let (before, after) = (live.pointer(&pointer), object.pointer(&pointer));
        if before != after {
            let shown = after.unwrap_or(&Value::Null);
            causes.push(Cause::invalid(*path, shown, IMMUTABLE));
        }
    }
}
