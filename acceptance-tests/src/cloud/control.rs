//! The operator's surface over HTTP, under `/_sim/` and apart from the cloud's own.
//!
//! | Request | Meaning |
//! |---|---|
//! | `GET ready` | what the program prints when it is ready |
//! | `GET calls?since=N` · `DELETE calls` | the record of calls |
//! | `POST reset` | back to the start |
//! | `GET clock` · `POST clock {advance?, skew?, scale?}` | time; `advance` and `skew` as `90s`, `7d`, `-10m` |
//! | `GET faults` · `POST faults {…}` · `DELETE faults` · `DELETE faults/ID` | fault rules |
//! | `GET progressions` · `POST progressions {kind: "polls 3", …}` | how long changes take |
//! | `POST release {kind?, id?}` | let manual changes go |
//! | `GET objects?kind=K&owner=UIN` | what callers have created |
//! | `DELETE objects/KIND/ID` · `PATCH objects/KIND/ID {field: value}` | changes behind the clients' backs |
//! | `GET limits` · `POST limits {scale?, rates?}` | rate limits |
//! | `GET actions` | what the cloud knows |

use std::collections::BTreeMap;

use http::Method;
use jiff::SignedDuration;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use super::{
    clock::utc_time,
    dispatch::Cloud,
    faults::Rule,
    transition::{Progression, Release, parse_duration},
};

/// Prefix of all paths of this surface.
pub(super) const PREFIX: &str = "/_sim/";

/// Status and JSON.
type Reply = (u16, Value);

impl Cloud {
    /// Serves a request of the operator's surface. `path` is without the prefix.
    pub(super) fn control(&self, method: &Method, path: &str, query: &str, body: &[u8]) -> Reply {
        self.route_control(method, path, query, body)
            .unwrap_or_else(|text| (400, json!({ "error": text })))
    }

    fn route_control(
        &self,
        method: &Method,
        path: &str,
        query: &str,
        body: &[u8],
    ) -> Result<Reply, String> {
        let parts: Vec<String> =
            path.split('/').filter(|part| !part.is_empty()).map(decode).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let done = || Ok((200, json!({})));
        match (method.as_str(), parts.as_slice()) {
            ("GET", ["calls"]) => self.calls(query),
            ("DELETE", ["calls"]) => {
                self.recorder().clear();
                done()
            }
            ("POST", ["reset"]) => {
                self.reset();
                done()
            }
            ("GET", ["clock"]) => Ok((200, self.clock_face())),
            ("POST", ["clock"]) => self.set_clock(&read(body)?),
            ("GET", ["faults"]) => Ok((200, json!({"faults": self.faults().listing()}))),
            ("POST", ["faults"]) => {
                let rule: Rule = read(body)?;
                Ok((200, json!({"id": self.faults().add(rule)})))
            }
            ("DELETE", ["faults"]) => {
                self.faults().clear();
                done()
            }
            ("DELETE", ["faults", id]) => {
                let id = id.parse().map_err(|_| format!("{id} is no number of a rule"))?;
                Ok(found(self.faults().remove(id)))
            }
            ("GET", ["progressions"]) => Ok((200, self.progression_listing())),
            ("POST", ["progressions"]) => self.set_progressions(&read(body)?),
            ("POST", ["release"]) => {
                let ReleaseBody { kind, id } = read(body)?;
                self.release(Release { kind, id });
                done()
            }
            ("GET", ["objects"]) => Ok((200, self.object_listing(query))),
            ("DELETE", ["objects", kind, id @ ..]) => {
                Ok(found(self.delete_object(kind, &id.join("/"))))
            }
            ("PATCH", ["objects", kind, id @ ..]) => {
                let patch: Map<String, Value> = read(body)?;
                Ok(found(self.patch_object(kind, &id.join("/"), &patch)?))
            }
            ("GET", ["limits"]) => Ok((200, self.limits())),
            ("POST", ["limits"]) => self.set_limits(&read(body)?),
            ("GET", ["actions"]) => Ok((200, json!({"actions": self.actions()}))),
            _ => Ok((404, json!({"error": format!("no {method} {PREFIX}{path}")}))),
        }
    }

    fn calls(&self, query: &str) -> Result<Reply, String> {
        let since = match parameter(query, "since") {
            Some(text) => text.parse().map_err(|_| format!("{text} is no number of a call"))?,
            None => 0,
        };
        Ok((200, json!({"last": self.recorder().last(), "calls": self.recorder().since(since)})))
    }

    fn clock_face(&self) -> Value {
        json!({"now": utc_time(self.clock().now()), "wall": utc_time(self.clock().wall())})
    }

    fn set_clock(&self, body: &ClockBody) -> Result<Reply, String> {
        let clock = self.clock();
        if let Some(text) = &body.advance {
            clock.advance(signed_duration(text)?);
        }
        if let Some(text) = &body.skew {
            clock.set_skew(signed_duration(text)?);
        }
        if let Some(scale) = body.scale {
            clock.set_scale(scale);
        }
        Ok((200, self.clock_face()))
    }

    fn set_limits(&self, body: &LimitsBody) -> Result<Reply, String> {
        body.scale.into_iter().for_each(|scale| self.set_rate_scale(scale));
        body.rates.iter().for_each(|(action, rate)| self.set_rate(action, *rate));
        Ok((200, self.limits()))
    }

    fn progression_listing(&self) -> Value {
        let all = self.progressions();
        all.into_iter().map(|(kind, p)| (kind, Value::from(p.to_string()))).collect()
    }

    fn set_progressions(&self, body: &BTreeMap<String, String>) -> Result<Reply, String> {
        let parsed: Result<Vec<(&String, Progression)>, String> =
            body.iter().map(|(kind, text)| Ok((kind, text.parse()?))).collect();
        for (kind, progression) in parsed? {
            self.set_progression(kind, progression);
        }
        Ok((200, self.progression_listing()))
    }

    fn object_listing(&self, query: &str) -> Value {
        let (kind, owner) = (parameter(query, "kind"), parameter(query, "owner"));
        let mut objects = self.objects();
        objects.retain(|object| {
            kind.as_deref().is_none_or(|kind| kind == object.kind)
                && owner.as_deref().is_none_or(|owner| owner == object.owner)
        });
        json!({ "objects": objects })
    }

    /// What a program that started the simulator needs to know.
    pub fn ready_line(&self, endpoint: &str) -> Value {
        let world = self.world();
        let accounts: Vec<Value> = world
            .accounts
            .iter()
            .map(|account| {
                json!({
                    "name": account.name, "uin": account.uin,
                    "secret_id": account.secret_id, "secret_key": account.secret_key,
                })
            })
            .collect();
        let clusters: Vec<Value> = world
            .clusters
            .iter()
            .map(|cluster| {
                let owner = world.uin(&cluster.account).to_owned();
                let user =
                    super::clusters::KubeUser { account: owner.clone(), user: owner, admin: true };
                let kubeconfig = self.clusters().kubeconfig(&cluster.id, &user).ok();
                json!({
                    "id": cluster.id, "name": cluster.name, "account": cluster.account,
                    "kubeconfig": kubeconfig,
                })
            })
            .collect();
        json!({"endpoint": endpoint, "accounts": accounts, "clusters": clusters})
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockBody {
    advance: Option<String>,
    skew: Option<String>,
    scale: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReleaseBody {
    kind: Option<String>,
    id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsBody {
    scale: Option<f64>,
    #[serde(default)]
    rates: BTreeMap<String, f64>,
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

fn found(there: bool) -> Reply {
    if there { (200, json!({})) } else { (404, json!({"error": "no such object"})) }
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn parameter(query: &str, name: &str) -> Option<String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(key, _)| *key == name).map(|(_, value)| decode(value)).next()
}

fn signed_duration(text: &str) -> Result<SignedDuration, String> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let duration = parse_duration(digits)
        .and_then(|duration| SignedDuration::try_from(duration).ok())
        .ok_or_else(|| format!("{text} is no time; write 500ms, 90s, 10m, 2h or 7d"))?;
    Ok(if negative { -duration } else { duration })
}
