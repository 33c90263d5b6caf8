//! Secrets that hold a service account's token.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::super::identifiers;
use super::super::state::State;
use super::super::store::Key;
use super::MANAGER;
use crate::kubernetes::auth::User;

const TYPE: &str = "kubernetes.io/service-account-token";

/// Fills a token Secret once its service account is there.
pub(super) fn act(state: &mut State, key: &Key, secret: &Value) {
    if secret["type"] != TYPE || !secret["data"]["token"].is_null() {
        return;
    }
    let annotations = &secret["metadata"]["annotations"];
    let Some(name) = annotations["kubernetes.io/service-account.name"].as_str() else { return };
    let account = Key::new("", "serviceaccounts", &key.namespace, name);
    let Some(account) = state.store.find(&account) else { return };
    let uid = account["metadata"]["uid"].clone();
    let token = identifiers::token();
    let user = User::named(&format!("system:serviceaccount:{}:{name}", key.namespace));
    state.credentials.accept_token(&token, user);
    let ca = STANDARD.encode(&state.ca_certificate);
    let (token, namespace) = (STANDARD.encode(token), STANDARD.encode(&key.namespace));
    state.change(key, "", MANAGER, |secret| {
        secret["data"]["token"] = Value::from(token);
        secret["data"]["ca.crt"] = Value::from(ca);
        secret["data"]["namespace"] = Value::from(namespace);
        secret["metadata"]["annotations"]["kubernetes.io/service-account.uid"] = uid;
    });
}

/// A token is worth nothing without its Secret.
pub(super) fn after_deletion(state: &mut State, gone: &Value) {
    if gone["type"] != TYPE {
        return;
    }
    let token = gone["data"]["token"].as_str().and_then(|text| STANDARD.decode(text).ok());
    if let Some(token) = token.and_then(|bytes| String::from_utf8(bytes).ok()) {
        state.credentials.revoke_token(&token);
    }
}
