//! Who a request comes from, and what RBAC lets them do.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::store::{Key, Store};

const RBAC: &str = "rbac.authorization.k8s.io";

/// A user of one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// `system:serviceaccount:ns:name`, or any name.
    pub name: String,
    /// Groups; `system:masters` may do everything.
    pub groups: Vec<String>,
}

impl User {
    /// A user who may do everything.
    pub fn admin(name: &str) -> Self {
        Self { name: name.to_owned(), groups: vec!["system:masters".to_owned()] }
    }

    /// A user who may do what RBAC objects in the cluster grant.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), groups: Vec::new() }
    }

    /// A user who may read everything but Secrets (ClusterRole `view` through
    /// the group `crossmesh:viewers`, which every simulated cluster binds).
    pub fn viewer(name: &str) -> Self {
        Self { name: name.to_owned(), groups: vec![VIEWERS.to_owned()] }
    }

    /// The user of requests without credentials.
    pub(crate) fn anonymous() -> Self {
        Self {
            name: "system:anonymous".to_owned(),
            groups: vec!["system:unauthenticated".to_owned()],
        }
    }

    pub(crate) fn is_anonymous(&self) -> bool {
        self.name == "system:anonymous"
    }

    fn in_group(&self, group: &str) -> bool {
        self.groups.iter().any(|one| one == group)
            || group == "system:authenticated" && !self.is_anonymous()
            || group == "system:serviceaccounts" && self.service_account().is_some()
            || self.service_account().is_some_and(|(namespace, _)| {
                group.strip_prefix("system:serviceaccounts:") == Some(namespace)
            })
    }

    /// Namespace and name, if this is a service account.
    fn service_account(&self) -> Option<(&str, &str)> {
        self.name.strip_prefix("system:serviceaccount:")?.split_once(':')
    }
}

/// The group whose members may read.
pub(crate) const VIEWERS: &str = "crossmesh:viewers";

/// The credentials that a cluster accepts.
#[derive(Debug, Default)]
pub(crate) struct Credentials(Mutex<Accepted>);

#[derive(Debug, Default)]
struct Accepted {
    tokens: HashMap<String, User>,
    /// By the DER bytes of the client certificate.
    certificates: HashMap<Vec<u8>, User>,
}

impl Credentials {
    pub(crate) fn accept_token(&self, token: &str, user: User) {
        self.lock().tokens.insert(token.to_owned(), user);
    }

    pub(crate) fn accept_certificate(&self, der: &[u8], user: User) {
        self.lock().certificates.insert(der.to_vec(), user);
    }

    /// Stops accepting one token.
    pub(crate) fn revoke_token(&self, token: &str) {
        self.lock().tokens.remove(token);
    }

    /// Stops accepting whatever a user has.
    pub(crate) fn revoke_user(&self, name: &str) {
        let mut accepted = self.lock();
        accepted.tokens.retain(|_, user| user.name != name);
        accepted.certificates.retain(|_, user| user.name != name);
    }

    /// The user of a request. `Err` if a token was shown that is not accepted;
    /// the anonymous user if nothing was shown.
    pub(crate) fn authenticate(
        &self,
        bearer: Option<&str>,
        certificate: Option<&[u8]>,
    ) -> Result<User, ()> {
        let accepted = self.lock();
        if let Some(user) = certificate.and_then(|der| accepted.certificates.get(der)) {
            return Ok(user.clone());
        }
        match bearer {
            Some(token) => accepted.tokens.get(token).cloned().ok_or(()),
            None if certificate.is_some() => Err(()),
            None => Ok(User::anonymous()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Accepted> {
        // Each change is one insert or removal, so a poisoned map is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a request wants to do, in RBAC's terms.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Access<'a> {
    pub(crate) verb: &'a str,
    pub(crate) group: &'a str,
    /// Plural, with `/subresource` where there is one.
    pub(crate) resource: &'a str,
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
}

impl Access<'_> {
    /// Why the access is refused, as the API server says it.
    pub(crate) fn refusal(&self, user: &User) -> String {
        let scope = if self.namespace.is_empty() {
            "at the cluster scope".to_owned()
        } else {
            format!("in the namespace {:?}", self.namespace)
        };
        format!(
            "User {:?} cannot {} resource {:?} in API group {:?} {scope}",
            user.name, self.verb, self.resource, self.group
        )
    }
}

/// Whether RBAC lets a user do something.
pub(crate) fn allows(store: &Store, user: &User, access: &Access<'_>) -> bool {
    if user.in_group("system:masters") {
        return true;
    }
    let cluster_wide = store.list(RBAC, "clusterrolebindings", None).map(|(_, one)| (None, one));
    let local = (!access.namespace.is_empty())
        .then(|| store.list(RBAC, "rolebindings", Some(access.namespace)))
        .into_iter()
        .flatten()
        .map(|(_, one)| (Some(access.namespace), one));
    cluster_wide
        .chain(local)
        .filter(|(_, binding)| binds(binding, user))
        .filter_map(|(namespace, binding)| role(store, namespace, &binding["roleRef"]))
        .any(|role| {
            role["rules"].as_array().into_iter().flatten().any(|rule| permits(rule, access))
        })
}

fn binds(binding: &Value, user: &User) -> bool {
    binding["subjects"].as_array().into_iter().flatten().any(|subject| {
        let name = subject["name"].as_str().unwrap_or_default();
        match subject["kind"].as_str() {
            Some("User") => user.name == name,
            Some("Group") => user.in_group(name),
            Some("ServiceAccount") => {
                user.service_account() == subject["namespace"].as_str().map(|ns| (ns, name))
            }
            _ => false,
        }
    })
}

fn role<'a>(store: &'a Store, namespace: Option<&str>, reference: &Value) -> Option<&'a Value> {
    let name = reference["name"].as_str()?;
    let key = match (reference["kind"].as_str()?, namespace) {
        ("ClusterRole", _) => Key::new(RBAC, "clusterroles", "", name),
        ("Role", Some(namespace)) => Key::new(RBAC, "roles", namespace, name),
        _ => return None,
    };
    store.find(&key).map(AsRef::as_ref)
}

fn permits(rule: &Value, access: &Access<'_>) -> bool {
    let lists = |field: &str, wanted: &str| {
        rule[field].as_array().into_iter().flatten().any(|one| one == "*" || one == wanted)
    };
    let named = rule["resourceNames"].as_array().filter(|names| !names.is_empty());
    lists("verbs", access.verb)
        && lists("apiGroups", access.group)
        && lists("resources", access.resource)
        && named.is_none_or(|names| names.iter().any(|name| name == access.name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn store() -> Store {
        let mut store = Store::default();
        store.put(
            Key::new(RBAC, "clusterroles", "", "reader"),
            json!({"metadata": {}, "rules": [
                {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list"]}]}),
        );
        store.put(
            Key::new(RBAC, "rolebindings", "a", "b"),
            json!({"metadata": {}, "roleRef": {"kind": "ClusterRole", "name": "reader"},
                "subjects": [{"kind": "User", "name": "u"},
                    {"kind": "ServiceAccount", "namespace": "x", "name": "sa"}]}),
        );
        store
    }

    #[test]
    fn role_bindings_grant_in_their_namespace() {
        let store = store();
        let access = |verb, namespace| Access {
            verb,
            group: "apps",
            resource: "deployments",
            namespace,
            name: "",
        };
        for user in [User::named("u"), User::named("system:serviceaccount:x:sa")] {
            assert!(allows(&store, &user, &access("get", "a")));
            assert!(!allows(&store, &user, &access("create", "a")));
            assert!(!allows(&store, &user, &access("get", "b")));
        }
        assert!(allows(&store, &User::admin("root"), &access("delete", "b")));
        assert!(!allows(&store, &User::anonymous(), &access("get", "a")));
    }

    #[test]
    fn unknown_tokens_are_refused_and_none_is_anonymous() {
        let credentials = Credentials::default();
        credentials.accept_token("t", User::named("u"));
        assert_eq!(credentials.authenticate(Some("t"), None), Ok(User::named("u")));
        assert_eq!(credentials.authenticate(Some("x"), None), Err(()));
        assert_eq!(credentials.authenticate(None, None), Ok(User::anonymous()));
        credentials.revoke_user("u");
        assert_eq!(credentials.authenticate(Some("t"), None), Err(()));
    }
}
