//! The agent as TDCC hands it out: a YAML text with a registration token in it.

use std::fmt::Write as _;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tfsdk::{Diagnostic, Diagnostics};

use super::Agent;
use crate::{
    cloud::{
        Account,
        api::tdcc::{self, AgentSpec},
    },
    cluster::{Document, ObjectRef, apply_order, digest, parse_manifests},
    secret::Secret,
    services::diagnostic::Doing,
};

/// Annotation of what the agent brings along and others might, too: the
/// registration that it belongs to. A bare namespace has no field by which its
/// maker could be told otherwise.
const REGISTRATION: &str = "crossmesh/registration";

/// Annotation of the agent's pods: a digest of the Secrets. Pods read the hub's
/// address and the token only at their start; another digest starts them anew.
const SECRETS: &str = "crossmesh/secrets";

/// Namespace of objects that leave it open.
const NAMESPACE: &str = "default";

/// A token that ends sooner than this has ended: the agent needs some time to
/// start and to register.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);

/// The agent's objects, in an order in which they can be applied.
pub(super) struct Manifests {
    documents: Vec<Document>,
    /// SHA-256 of the text, in hexadecimal digits.
    pub(super) digest: String,
    /// When the token ends, as the API writes it.
    pub(super) expiration: String,
    /// Whether the token was renewed for this text.
    pub(super) renewed: bool,
}

impl Manifests {
    /// Gets the agent of a registration (`DescribeExternalClusterSpec`), with the
    /// token as it is or renewed.
    ///
    /// # Errors
    ///
    /// The API refused, or what it handed out cannot be read.
    pub(super) async fn fetch(
        hub: &Account,
        agent: &Agent,
        renew: bool,
    ) -> Result<Self, Diagnostics> {
        let (id, hub_id) = (agent.registered_cluster_id.text(), agent.hub_cluster_id.known());
        let extranet = agent.extranet.or_default();
        let spec = tdcc::agent_spec(hub, hub_id.map(String::as_str), id, extranet, renew).await;
        let manifests = Self::parse(&spec.doing("get the cluster's agent")?, id)?;
        Ok(Self { renewed: renew, ..manifests })
    }

    fn parse(spec: &AgentSpec, registration: &str) -> Result<Self, Diagnostics> {
        let text = spec.spec.expose();
        let mut documents =
            parse_manifests(text, Some(NAMESPACE)).map_err(|problems| unreadable(&problems))?;
        if !documents.iter().any(|document| is_workload(&document.reference)) {
            return Err(unreadable(&["it has no Deployment".to_owned()]));
        }
        apply_order(&mut documents);
        hide_secrets(&documents);
        mark(&mut documents, registration);
        Ok(Self {
            documents,
            digest: hexadecimal(&Sha256::digest(text.as_bytes())),
            expiration: spec.expiration.clone(),
            renewed: false,
        })
    }

    /// The objects, in an order in which they can be applied.
    pub(super) fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// `apiVersion/kind/namespace/name` of every object.
    pub(super) fn keys(&self) -> Vec<String> {
        self.documents.iter().map(|document| document.reference.to_string()).collect()
    }

    /// What runs the agent: usually one Deployment.
    pub(super) fn workloads(&self) -> impl Iterator<Item = &ObjectRef> {
        self.documents.iter().map(|document| &document.reference).filter(|it| is_workload(it))
    }

    /// Namespace that the agent runs in.
    pub(super) fn namespace(&self) -> Option<&str> {
        self.workloads().find_map(|workload| workload.namespace.as_deref())
    }

    /// Whether the token is of no use at `now`. A time that cannot be read is
    /// for the cloud to judge.
    pub(super) fn has_ended(&self, now: Timestamp) -> bool {
        let end = self.expiration.parse::<Timestamp>().ok();
        end.is_some_and(|end| end.duration_since(now) < MARGIN)
    }

    /// How many entries of the agent's Secrets are in a cluster as they are here;
    /// `live` answers an object's reference with the object.
    pub(super) fn secrets_in_common<'v>(
        &self,
        live: impl Fn(&ObjectRef) -> Option<&'v Value>,
    ) -> usize {
        let secrets = self.documents.iter().filter(|document| is_secret(document));
        secrets
            .filter_map(|secret| {
                let there = live(&secret.reference)?.get("data")?.as_object()?;
                let here = encoded(&secret.object);
                Some(here.iter().filter(|(name, value)| there.get(*name) == Some(value)).count())
            })
            .sum()
    }
}

/// The registration for which an object was made, if it says so.
pub(super) fn registration_of(object: &Value) -> Option<&str> {
    object.pointer("/metadata/annotations")?.get(REGISTRATION)?.as_str()
}

/// The object without a word on whose it is: that of others.
pub(super) fn unmarked(object: &Value) -> Value {
    let mut object = object.clone();
    let annotations = object.pointer_mut("/metadata/annotations");
    if let Some(annotations) = annotations.and_then(Value::as_object_mut) {
        annotations.remove(REGISTRATION);
    }
    object
}

/// Whether an object holds objects that others may put there.
pub(super) fn holds_others(object: &ObjectRef) -> bool {
    object.is("", "Namespace") || object.is("apiextensions.k8s.io", "CustomResourceDefinition")
}

/// Whether an object keeps pods running.
pub(super) fn is_workload(object: &ObjectRef) -> bool {
    object.group() == "apps"
        && matches!(object.kind.as_str(), "Deployment" | "StatefulSet" | "DaemonSet")
}

fn is_secret(document: &Document) -> bool {
    document.reference.is("", "Secret")
}

/// The data of a Secret as the API server shows it.
fn encoded(secret: &Value) -> Map<String, Value> {
    let intent = crate::cluster::intent(secret);
    intent.get("data").and_then(Value::as_object).cloned().unwrap_or_default()
}

/// Keeps what is in the Secrets out of logs and diagnostics, as it stands there
/// and decoded.
fn hide_secrets(documents: &[Document]) {
    for document in documents.iter().filter(|document| is_secret(document)) {
        for value in encoded(&document.object).values().filter_map(Value::as_str) {
            let decoded = BASE64_STANDARD.decode(value).ok();
            let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
            // The hub's address is no secret, and what messages are about.
            if decoded.as_ref().is_some_and(|text| text.contains("://")) {
                continue;
            }
            drop(Secret::new(value));
            drop(decoded.map(Secret::new));
        }
    }
}

/// Annotates objects with what they belong to, and pods with what they depend on.
fn mark(documents: &mut [Document], registration: &str) {
    let secrets: String = documents
        .iter()
        .filter(|document| is_secret(document))
        .map(|document| digest(&document.object))
        .collect();
    let secrets = hexadecimal(&Sha256::digest(secrets.as_bytes()));
    for Document { object, reference, .. } in documents {
        if is_workload(reference) || holds_others(reference) {
            annotate(object, REGISTRATION, registration);
        }
        if is_workload(reference)
            && let Some(template) = object.pointer_mut("/spec/template")
        {
            annotate(template, SECRETS, &secrets);
        }
    }
}

/// Sets `metadata.annotations[name]`, making what is missing on the way.
fn annotate(object: &mut Value, name: &str, text: &str) {
    let mut place = object;
    for step in ["metadata", "annotations"] {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        place = &mut place[step];
    }
    if !place.is_object() {
        *place = Value::Object(Map::new());
    }
    place[name] = text.into();
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut digits, byte| {
        // Writing to a String cannot fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

fn unreadable<E: std::fmt::Display>(problems: &[E]) -> Diagnostics {
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Diagnostic::error(
        "Unable to read the cluster's agent",
        format!(
            "What TDCC handed out as the agent's manifests (DescribeExternalClusterSpec) is not \
             what was expected: {}. Its API is not published and may have changed: see whether a \
             newer version of the provider knows it, or apply the agent by hand.",
            problems.join("; ")
        ),
    )
    .into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spec(token: &str) -> AgentSpec {
        let text = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: agent, namespace: agents}}\n\
             spec: {{template: {{spec: {{containers: []}}}}}}\n---\n\
             apiVersion: v1\nkind: Secret\nmetadata: {{name: registration, namespace: agents}}\n\
             data: {{regToken: {}, parentURL: {}}}\n---\n\
             apiVersion: v1\nkind: Namespace\nmetadata: {{name: agents}}\n",
            BASE64_STANDARD.encode(token),
            BASE64_STANDARD.encode("https://hub.example")
        );
        AgentSpec { spec: Secret::new(text), expiration: "2026-08-01T10:00:00Z".to_owned() }
    }

    fn parsed(token: &str) -> Manifests {
        Manifests::parse(&spec(token), "cls-1").unwrap()
    }

    #[test]
    fn objects_come_in_order_and_are_named() {
        let manifests = parsed("abcdef.0123456789abcdef");
        assert_eq!(
            manifests.keys(),
            [
                "v1/Namespace/agents",
                "v1/Secret/agents/registration",
                "apps/v1/Deployment/agents/agent"
            ]
        );
        assert_eq!(manifests.namespace(), Some("agents"));
        assert_eq!(manifests.digest.len(), 64);
    }

    #[test]
    fn another_token_starts_the_pods_anew() {
        let annotations = |token: &str| {
            let manifests = parsed(token);
            let workload = &manifests.documents()[2].object;
            workload["spec"]["template"]["metadata"]["annotations"][SECRETS].clone()
        };
        let first = annotations("abcdef.0123456789abcdef");
        assert_eq!(annotations("abcdef.0123456789abcdef"), first);
        assert_ne!(annotations("ghijkl.0123456789abcdef"), first);
    }

    #[test]
    fn what_others_could_have_made_says_whose_it_is() {
        let manifests = parsed("abcdef.0123456789abcdef");
        let marks: Vec<_> =
            manifests.documents().iter().map(|it| registration_of(&it.object)).collect();
        assert_eq!(marks, [Some("cls-1"), None, Some("cls-1")]);
        let namespace = unmarked(&manifests.documents()[0].object);
        assert_eq!(registration_of(&namespace), None);
        assert_eq!(namespace["metadata"]["name"], "agents");
    }

    #[test]
    fn a_token_ends_a_little_before_its_time() {
        let manifests = parsed("abcdef.0123456789abcdef");
        let at = |text: &str| manifests.has_ended(text.parse().unwrap());
        assert!(!at("2026-08-01T09:00:00Z"));
        assert!(at("2026-08-01T09:59:30Z"));
        assert!(at("2026-08-02T00:00:00Z"));
        let endless = Manifests { expiration: String::new(), ..manifests };
        assert!(!endless.has_ended(Timestamp::now()));
    }

    #[test]
    fn live_secrets_are_compared_entry_by_entry() {
        let manifests = parsed("abcdef.0123456789abcdef");
        let address = BASE64_STANDARD.encode("https://hub.example");
        let live = json!({"data": {"parentURL": address, "regToken": "b3RoZXI="}});
        assert_eq!(manifests.secrets_in_common(|_| Some(&live)), 1);
        assert_eq!(manifests.secrets_in_common(|_| None), 0);
    }

    #[test]
    fn what_cannot_be_read_is_not_quoted() {
        for (text, said) in [
            ("token: tell-nobody\n", "document 1, line 1"),
            ("", "no Deployment"),
            ("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n", "no Deployment"),
        ] {
            let spec = AgentSpec { spec: Secret::new(text), expiration: String::new() };
            let error = Manifests::parse(&spec, "cls-1").err().unwrap().to_string();
            assert!(error.contains(said) && !error.contains("tell-nobody"), "{error}");
        }
    }
}
