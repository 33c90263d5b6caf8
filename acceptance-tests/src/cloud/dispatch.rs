//! The way of a call from its arrival to its service.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{
    admission::{Admitted, no_such_product, throttled},
    authentication::text,
    catalogue::Catalogue,
    clock::Clock,
    clusters::Clusters,
    faults::{Fault, Faults},
    limits::Limits,
    recorder::{Call, Recorder},
    service::{Answer, ApiError, Caller, Context, Principal, Service},
    signature::hex,
    state::State,
    transition::{Moment, Pace},
};
use crate::world::World;

/// The cloud: its products over one state, for all accounts of a world.
pub struct Cloud {
    pub(super) world: World,
    pub(super) clock: Clock,
    pub(super) clusters: Arc<dyn Clusters>,
    pub(super) products: Vec<Product>,
    pub(super) faults: Arc<Faults>,
    pub(super) recorder: Arc<Recorder>,
    inner: Mutex<Inner>,
}

/// What the cloud and its clusters' API servers share: one time, one list of
/// faults, one record of calls. Clones are handles on the same ones.
#[derive(Clone, Debug)]
pub struct Instruments {
    /// The time.
    pub clock: Clock,
    /// Calls that go wrong on purpose.
    pub faults: Arc<Faults>,
    /// What was called.
    pub recorder: Arc<Recorder>,
}

impl Instruments {
    /// New instruments around a clock.
    pub fn new(clock: Clock) -> Self {
        Self { clock, faults: Arc::default(), recorder: Arc::default() }
    }
}

pub(super) struct Product {
    pub(super) service: Box<dyn Service>,
    pub(super) catalogue: Catalogue,
}

/// Everything that changes, behind one lock.
pub(super) struct Inner {
    pub(super) state: State,
    pub(super) pace: Pace,
    pub(super) limits: Limits,
    /// How things were before the last write, kept while stale reads are asked for.
    pub(super) before: Option<(State, Timestamp)>,
}

/// A request of the cloud's API as it arrived.
#[derive(Clone, Debug)]
pub struct ApiRequest {
    /// `POST`.
    pub method: String,
    /// Path, `/`.
    pub path: String,
    /// Query without `?`.
    pub query: String,
    /// Headers, `Host` among them.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

/// What to send back, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// How long to wait before.
    pub delay: Duration,
    /// What to send.
    pub body: ReplyBody,
}

/// What to send back.
#[derive(Clone, Debug, PartialEq)]
pub enum ReplyBody {
    /// Status 200 and this JSON.
    Json(Value),
    /// A status of a gateway in front of the API.
    Status(u16),
    /// Close the connection without an answer.
    Close,
    /// No answer at all.
    Silence,
}

impl Cloud {
    /// A cloud with all [services](super::services::all). `rate_scale` is a
    /// factor on the documented rate limits; 0 switches them off.
    ///
    /// # Errors
    /// A catalogue that comes with the simulator is broken, or the world is.
    pub fn new(
        world: World,
        instruments: Instruments,
        clusters: Arc<dyn Clusters>,
        rate_scale: f64,
    ) -> Result<Self, String> {
        world.check().map_err(|error| error.to_string())?;
        let mut products = Vec::new();
        for service in super::services::all() {
            let catalogue = Catalogue::parse(service.catalogue())
                .map_err(|error| format!("catalogue of {}: {error}", service.name()))?;
            products.push(Product { service, catalogue });
        }
        let mut pace = Pace::default();
        products.iter().for_each(|product| product.service.set_defaults(&mut pace));
        let state = seeded(&products, &world);
        let limits = Limits::new(rate_scale);
        let inner = Mutex::new(Inner { state, pace, limits, before: None });
        let Instruments { clock, faults, recorder } = instruments;
        Ok(Self { world, clock, clusters, products, faults, recorder, inner })
    }

    /// Serves a request as the cloud's front does, and records it.
    pub fn handle(&self, request: &ApiRequest) -> Reply {
        let mut call = Call {
            seq: 0,
            at_ms: self.clock.wall().as_millisecond(),
            account: String::new(),
            service: String::new(),
            action: text(&request.headers, "x-tc-action").unwrap_or_default().to_owned(),
            region: text(&request.headers, "x-tc-region").unwrap_or_default().to_owned(),
            params: Value::Null,
            code: String::new(),
            message: String::new(),
            fault: None,
        };
        let (fault, answer) = match self.admit(request, &mut call) {
            Ok(admitted) => self.serve(admitted, &mut call),
            Err(error) => (None, Err(error)),
        };
        if let Err(error) = &answer {
            call.code = error.code.to_string();
            call.message.clone_from(&error.message);
        }
        let delay = fault.as_ref().map_or(Duration::ZERO, Fault::delay);
        let (delay, body) = match fault {
            Some(Fault::Http { status }) => {
                call.code = format!("HttpStatus.{status}");
                (delay, ReplyBody::Status(status))
            }
            Some(Fault::Hold { ms: None }) => (delay, ReplyBody::Silence),
            Some(Fault::Hold { ms: Some(ms) }) => (Duration::from_millis(ms), ReplyBody::Close),
            Some(Fault::ResetBefore | Fault::ResetAfter) => (delay, ReplyBody::Close),
            _ => (delay, ReplyBody::Json(Value::Null)),
        };
        if body == ReplyBody::Silence || body == ReplyBody::Close && call.code.is_empty() {
            call.code = "NoAnswer".to_owned();
        }
        let number = self.recorder.record(call);
        let body = match body {
            ReplyBody::Json(_) => ReplyBody::Json(envelope(answer, number)),
            other => other,
        };
        Reply { delay, body }
    }

    /// Calls an action in this process as the owner of `account` (a name of
    /// the world): without signature, limits, faults and record, but with the
    /// checks of parameters and answer.
    ///
    /// # Errors
    /// What the action answers.
    pub fn invoke(
        &self,
        account: &str,
        service: &str,
        action: &str,
        region: &str,
        params: &Value,
    ) -> Answer {
        let product = self.product(service).ok_or_else(|| no_such_product(service))?;
        let caller = self
            .world
            .account(account)
            .map(|account| Caller {
                uin: account.uin.clone(),
                app_id: account.app_id,
                account: account.name.clone(),
                secret_id: account.secret_id.clone(),
                principal: Principal::Root,
                allow: account.allow.clone(),
            })
            .ok_or_else(|| ApiError::new("AuthFailure.SecretIdNotFound", account))?;
        let params = params.as_object().cloned().unwrap_or_default();
        product.catalogue.check_request(action, &params)?;
        let admitted = Admitted {
            product,
            caller,
            action: action.to_owned(),
            region: region.to_owned(),
            params,
        };
        self.execute(admitted, false)
    }

    pub(super) fn product(&self, name: &str) -> Option<&Product> {
        self.products.iter().find(|product| product.service.name() == name)
    }

    /// Lets the action happen, unless a fault rule says otherwise.
    fn serve(&self, admitted: Admitted<'_>, call: &mut Call) -> (Option<Fault>, Answer) {
        let names = [admitted.caller.account.as_str(), admitted.caller.uin.as_str()];
        let fault = self.faults.decide(&call.service, &call.action, &names);
        if let Some(fault) = &fault {
            let kind = serde_json::to_value(fault).unwrap_or_default();
            call.fault = kind["kind"].as_str().map(str::to_owned);
        }
        let answer = match &fault {
            Some(Fault::Throttle) => Err(throttled(&call.action, super::limits::DEFAULT_RATE)),
            Some(Fault::Error { code, message }) => {
                Err(ApiError::new(code.clone(), message.clone()))
            }
            Some(Fault::Http { .. } | Fault::Hold { .. } | Fault::ResetBefore) => Ok(Map::new()),
            Some(Fault::Stale) if is_read(&call.action) => self.execute(admitted, true),
            Some(Fault::ResetAfter | Fault::Slow { .. } | Fault::Stale) | None => {
                self.execute(admitted, false)
            }
        };
        (fault, answer)
    }

    /// Runs the action on the state, or on the state before the last write.
    fn execute(&self, admitted: Admitted<'_>, stale: bool) -> Answer {
        let Admitted { product, caller, action, region, params } = admitted;
        let params = params.into();
        let mut inner = self.lock();
        self.settle(&mut inner);
        let inner = &mut *inner;
        if !is_read(&action) && self.faults.wants_stale() {
            inner.before = Some((inner.state.clone(), self.clock.now()));
        }
        let mut old = inner.before.clone().filter(|_| stale);
        let (state, now) = match &mut old {
            Some((state, now)) => (state, *now),
            None => (&mut inner.state, self.clock.now()),
        };
        let mut cx = Context {
            caller: &caller,
            region: &region,
            world: &self.world,
            state,
            moment: Moment { now, pace: &inner.pace },
            wall: self.clock.wall(),
            clusters: self.clusters.as_ref(),
        };
        let fields = product.service.call(&mut cx, &action, &params)?;
        let checked = product.catalogue.check_response(&action, &fields);
        checked.map_err(|error| {
            tracing::error!(%error, "an answer of the simulator is not of the published shape");
            ApiError::new("InternalError", format!("The simulator is wrong: {error}"))
        })?;
        Ok(fields)
    }

    pub(super) fn settle(&self, inner: &mut Inner) {
        self.with_context(inner, |cx| {
            self.products.iter().for_each(|product| product.service.settle(cx));
        });
    }

    /// Runs something on the state on behalf of nobody.
    pub(super) fn with_context<T>(
        &self,
        inner: &mut Inner,
        run: impl FnOnce(&mut Context<'_>) -> T,
    ) -> T {
        let caller = Caller::anonymous();
        let mut cx = Context {
            caller: &caller,
            region: "",
            world: &self.world,
            state: &mut inner.state,
            moment: Moment { now: self.clock.now(), pace: &inner.pace },
            wall: self.clock.wall(),
            clusters: self.clusters.as_ref(),
        };
        run(&mut cx)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic in a service is a failed test; the others should still see what it left.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Cloud {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cloud").field("world", &self.world.name).finish_non_exhaustive()
    }
}

pub(super) fn seeded(products: &[Product], world: &World) -> State {
    let mut state = State::default();
    products.iter().for_each(|product| product.service.seed(world, &mut state));
    state
}

fn is_read(action: &str) -> bool {
    ["Describe", "Get", "List", "Check"].iter().any(|prefix| action.starts_with(prefix))
}

fn envelope(answer: Answer, number: u64) -> Value {
    let mut response = answer.unwrap_or_else(|error| {
        crate::fields! {"Error": {"Code": error.code, "Message": error.message}}
    });
    response.insert("RequestId".to_owned(), Value::from(request_id(number)));
    json!({ "Response": response })
}

/// A UUID that is the same for the n-th call of every run.
fn request_id(number: u64) -> String {
    let digits = hex(&Sha256::digest(format!("request {number}").as_bytes()));
    let (a, b, c, d, e) =
        (&digits[..8], &digits[8..12], &digits[13..16], &digits[17..20], &digits[20..32]);
    format!("{a}-{b}-4{c}-8{d}-{e}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::bench::Bench;

    /// Without parameters every action refuses or answers; none is missing.
    #[test]
    fn every_action_of_the_catalogue_is_simulated() {
        let bench = Bench::new();
        let cloud = &bench.cloud;
        let mut missing = Vec::new();
        for product in &cloud.products {
            let name = product.service.name();
            assert_eq!(product.catalogue.service(), name);
            for action in product.catalogue.actions() {
                let mut inner = cloud.lock();
                let answer = cloud.with_context(&mut inner, |cx| {
                    product.service.call(cx, action, &Map::new().into())
                });
                if answer.err() == Some(ApiError::not_simulated(name, action)) {
                    missing.push(format!("{name}:{action}"));
                }
            }
        }
        assert_eq!(missing, Vec::<String>::new());
    }

    #[test]
    fn request_ids_are_uuids() {
        let id = request_id(7);
        let lengths: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_ne!(id, request_id(8));
    }
}
