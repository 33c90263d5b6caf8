//! A record of every call, without secrets.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;
use serde_json::{Map, Value};

/// One call as it was served.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Call {
    /// Number of the call, from 1.
    pub seq: u64,
    /// When, on the cloud's wall clock, in milliseconds since 1970.
    pub at_ms: i64,
    /// Name of the calling account; empty if it is not known. For an API
    /// server, the id of the cluster.
    pub account: String,
    /// Product; `kubernetes` for API servers.
    pub service: String,
    /// Action; verb and plural for API servers.
    pub action: String,
    /// Region header.
    pub region: String,
    /// Parameters with every secret masked.
    pub params: Value,
    /// Error code; empty if the call succeeded.
    pub code: String,
    /// Error message, for people.
    pub message: String,
    /// Fault that was injected, if any: its kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// The newest calls, oldest first.
#[derive(Debug, Default)]
pub struct Recorder(Mutex<Tape>);

#[derive(Debug, Default)]
struct Tape {
    last: u64,
    calls: VecDeque<Call>,
    listener: Option<fn(&Call)>,
}

/// How many calls are kept.
const KEPT: usize = 200_000;

impl Recorder {
    /// Adds a call, whose `seq` it sets.
    pub fn record(&self, mut call: Call) -> u64 {
        let mut tape = self.tape();
        tape.last += 1;
        call.seq = tape.last;
        mask(&mut call.params);
        if let Some(listener) = tape.listener {
            listener(&call);
        }
        tape.calls.push_back(call);
        if tape.calls.len() > KEPT {
            tape.calls.pop_front();
        }
        tape.last
    }

    /// Shows every call to `listener` from now on.
    pub fn set_listener(&self, listener: fn(&Call)) {
        self.tape().listener = Some(listener);
    }

    /// Calls after number `since` (0 for all).
    pub fn since(&self, since: u64) -> Vec<Call> {
        self.tape().calls.iter().filter(|call| call.seq > since).cloned().collect()
    }

    /// Number of the newest call, 0 before the first.
    pub fn last(&self) -> u64 {
        self.tape().last
    }

    /// Forgets all calls; numbers go on.
    pub fn clear(&self) {
        self.tape().calls.clear();
    }

    fn tape(&self) -> MutexGuard<'_, Tape> {
        // Appending is the only change, so a poisoned tape is sound.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Parameters whose name contains one of these are masked wherever they are.
const SECRET: [&str; 6] = ["token", "secret", "password", "kubeconfig", "assertion", "requestbody"];

fn mask(value: &mut Value) {
    match value {
        Value::Object(map) => mask_fields(map),
        Value::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}

fn mask_fields(map: &mut Map<String, Value>) {
    for (key, value) in map {
        let key = key.to_ascii_lowercase();
        if SECRET.iter().any(|secret| key.contains(secret)) {
            *value = Value::from("******");
        } else {
            mask(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(params: Value) -> Call {
        Call {
            seq: 0,
            at_ms: 0,
            account: String::new(),
            service: "sts".to_owned(),
            action: "AssumeRole".to_owned(),
            region: String::new(),
            params,
            code: String::new(),
            message: String::new(),
            fault: None,
        }
    }

    #[test]
    fn secrets_are_masked_at_every_depth() {
        let recorder = Recorder::default();
        recorder.record(call(json!({
            "WebIdentityToken": "t0p", "List": [{"SecretKey": "t0p"}], "RoleArn": "qcs::cam",
        })));
        let text = serde_json::to_string(&recorder.since(0)).unwrap();
        assert!(!text.contains("t0p"), "{text}");
        assert!(text.contains("qcs::cam"), "{text}");
    }

    #[test]
    fn numbers_go_on_after_clearing() {
        let recorder = Recorder::default();
        recorder.record(call(Value::Null));
        recorder.clear();
        assert_eq!(recorder.record(call(Value::Null)), 2);
        assert_eq!(recorder.since(1).len(), 1);
        assert_eq!(recorder.since(2).len(), 0);
    }
}
