//! A cloud in memory for tests: answers from a script and keeps what was asked.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::{
    Account, Cloud, Settings,
    clock::fixed::FixedClock,
    credentials::Credentials,
    transport::{Failure, Incoming, Outgoing, Transport},
};

/// The wall time of scripted clouds.
pub(crate) const NOW: i64 = 1_700_000_000;

/// One scripted outcome of an exchange.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// An answer.
    Answer(Incoming),
    /// No answer.
    Failure(Failure),
    /// An answer after a while.
    Late(Duration, Incoming),
}

/// What was asked.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) host: String,
    pub(crate) action: String,
    pub(crate) version: String,
    pub(crate) region: String,
    pub(crate) authorization: String,
    pub(crate) token: String,
    pub(crate) timestamp: i64,
    pub(crate) body: Value,
}

/// A cloud that answers from a script; the last entry is repeated for ever.
#[derive(Debug, Clone)]
pub(crate) struct Scripted {
    script: Arc<Mutex<VecDeque<Reply>>>,
    sent: Arc<Mutex<Vec<Sent>>>,
}

/// A successful answer.
pub(crate) fn answer(response: Value) -> Reply {
    with_status(200, response)
}

/// An error of the API.
pub(crate) fn refusal(code: &str) -> Reply {
    answer(json!({"Error": {"Code": code, "Message": "scripted"}}))
}

/// An answer with an HTTP status.
pub(crate) fn with_status(status: u16, mut response: Value) -> Reply {
    response["RequestId"] = json!("req-1");
    let body = json!({ "Response": response }).to_string().into_bytes();
    Reply::Answer(Incoming { status, body, ..Incoming::default() })
}

/// No answer; `sent` says whether the request may have arrived.
pub(crate) fn no_answer(sent: bool) -> Reply {
    Reply::Failure(Failure {
        sent,
        timeout: false,
        unreadable: false,
        message: "connection lost".to_owned(),
    })
}

impl Scripted {
    pub(crate) fn new(script: Vec<Reply>) -> Self {
        Self { script: Arc::new(Mutex::new(script.into())), sent: Arc::default() }
    }

    /// A cloud over this script with a fixed clock and fixed jitter.
    pub(crate) fn cloud(&self) -> Cloud {
        self.cloud_with(Settings::default())
    }

    pub(crate) fn cloud_with(&self, settings: Settings) -> Cloud {
        let clock = Box::new(FixedClock::at(NOW));
        Cloud::over(Settings { clock, seed: Some(1), ..settings }, Arc::new(self.clone()))
    }

    /// An account `hub` in `ap-guangzhou`.
    pub(crate) fn account(&self) -> Account {
        let keys = Credentials::fixed("AKIDhub", "hub-secret-key", None);
        self.cloud().account("hub", Some("ap-guangzhou"), keys)
    }

    pub(crate) fn sent(&self, index: usize) -> Sent {
        self.sent.lock().unwrap()[index].clone()
    }

    /// The actions called, in order.
    pub(crate) fn actions(&self) -> Vec<String> {
        self.sent.lock().unwrap().iter().map(|sent| sent.action.clone()).collect()
    }
}

impl Transport for Scripted {
    fn send(&self, request: Outgoing) -> BoxFuture<'_, Result<Incoming, Failure>> {
        self.sent.lock().unwrap().push(Sent {
            host: request.header("host").to_owned(),
            action: request.header("x-tc-action").to_owned(),
            version: request.header("x-tc-version").to_owned(),
            region: request.header("x-tc-region").to_owned(),
            authorization: request.header("authorization").to_owned(),
            token: request.header("x-tc-token").to_owned(),
            timestamp: request.header("x-tc-timestamp").parse().unwrap(),
            body: serde_json::from_slice(&request.body).unwrap(),
        });
        let mut script = self.script.lock().unwrap();
        let next = if script.len() > 1 { script.pop_front() } else { script.front().cloned() };
        let reply = next.expect("the script has an entry");
        Box::pin(async move {
            match reply {
                Reply::Answer(incoming) => Ok(incoming),
                Reply::Failure(failure) => Err(failure),
                Reply::Late(after, incoming) => {
                    tokio::time::sleep(after).await;
                    Ok(incoming)
                }
            }
        })
    }
}
