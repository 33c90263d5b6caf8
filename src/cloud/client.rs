//! One call: sign, send, judge, and repeat while that is safe.

use std::{future::Future, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde_json::Value;
use tokio::time::{Instant, sleep, sleep_until};

use super::{
    Account, CloudShared,
    action::{Action, Effect, RegionUse, Wire},
    credentials::Keys,
    endpoint::Endpoint,
    envelope,
    error::{Error, Kind, Place},
    limit::Lane,
    sign::{self, Parts},
    transport::{Failure, Incoming, Outgoing, hidden},
};
use crate::wait::Backoff;

/// How a call is repeated.
#[derive(Debug, Clone, PartialEq)]
pub struct Retry {
    /// Longest time for one exchange.
    pub attempt: Duration,
    /// How long faults that pass by themselves are borne.
    pub window: Duration,
    /// How long an endpoint that cannot be reached is tried.
    pub unreachable: Duration,
    /// How long a call may be throttled when its caller set no deadline.
    pub throttled: Duration,
    /// Most tries of a call that fails inside the cloud or on the way.
    pub tries: u32,
    /// The pauses between tries.
    pub pauses: Backoff,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempt: Duration::from_secs(60),
            window: Duration::from_secs(300),
            unreachable: Duration::from_secs(20),
            throttled: Duration::from_secs(1800),
            tries: 6,
            pauses: Backoff {
                initial: Duration::from_millis(500),
                max: Duration::from_secs(20),
                factor: 2.0,
                jitter: 0.5,
            },
        }
    }
}

/// Calls `action` with `body` as `account` and returns the `Response` object.
pub(super) async fn exchange(
    account: &Account,
    action: &Action,
    body: Vec<u8>,
) -> Result<Value, Error> {
    let prepared = Exchange::prepare(account, action, body);
    let outcome = match prepared {
        Ok(exchange) => exchange.run().await,
        Err(error) => Err(error),
    };
    outcome.map_err(|error| error.at(place(account, action)))
}

/// Where an error of `action` happens.
pub(super) fn place(account: &Account, action: &Action) -> Place {
    Place {
        service: action.service.name.to_owned(),
        action: action.wire(&account.cloud().shared().dialects).action.to_owned(),
        account: account.label().to_owned(),
        uin: account.known_uin().map(str::to_owned),
        region: region(account, action).map(str::to_owned),
    }
}

fn region<'a>(account: &'a Account, action: &Action) -> Option<&'a str> {
    match action.service.region {
        RegionUse::Unused => None,
        RegionUse::Needed | RegionUse::Optional => account.region(),
    }
}

/// A write whose exchange ended with `error` may have happened all the same.
pub(super) fn undecided(action: &Action, error: Error) -> Error {
    match action.effect {
        Effect::Write => error.as_kind(Kind::AnswerLost),
        Effect::Read | Effect::Repeatable => error,
    }
}

/// One call with all its tries.
struct Exchange<'a> {
    cloud: &'a CloudShared,
    account: &'a Account,
    action: &'a Action,
    wire: Wire<'a>,
    endpoint: Endpoint,
    lane: std::sync::Arc<Lane>,
    body: Vec<u8>,
    started: Instant,
}

/// What was tried so far.
#[derive(Default)]
struct Tries {
    made: u32,
    faults: u32,
    throttles: u32,
    first_fault: Option<Instant>,
    clock_set: bool,
    keys_renewed: bool,
}

impl Tries {
    /// How long the call has been in trouble other than being throttled.
    fn trouble(&mut self) -> Duration {
        self.first_fault.get_or_insert_with(Instant::now).elapsed()
    }
}

/// The outcome of one try that did not succeed.
struct Fault {
    error: Error,
    /// The cloud's hint when to come back.
    after: Option<Duration>,
    /// The answer's `Date` header.
    date: Option<String>,
}

impl<'a> Exchange<'a> {
    fn prepare(account: &'a Account, action: &'a Action, body: Vec<u8>) -> Result<Self, Error> {
        let cloud = account.cloud().shared();
        let wire = action.wire(&cloud.dialects);
        let region = region(account, action);
        if action.service.region == RegionUse::Needed && region.is_none() {
            return Err(Error::new(
                Kind::Configuration,
                "no region: set region on the resource, on its account, or on the provider",
            ));
        }
        let endpoint =
            cloud.endpoints.resolve(wire.service, &[action.service.name, wire.service])?;
        let lane = cloud.limiter.lane(
            account.label(),
            region.unwrap_or_default(),
            action.service.name,
            action.name,
        );
        Ok(Self { cloud, account, action, wire, endpoint, lane, body, started: Instant::now() })
    }

    async fn run(&self) -> Result<Value, Error> {
        let mut tries = Tries::default();
        let mut last = None;
        loop {
            self.bounded(self.lane.turn(), last.as_ref()).await?;
            let credentials = self.account.credentials();
            let keys =
                self.bounded(credentials.keys(self.cloud.time.now()), last.as_ref()).await??;
            let sent = Instant::now();
            tries.made += 1;
            let fault = match self.attempt(keys.as_ref(), last.as_ref()).await? {
                Ok(response) => {
                    self.log(&tries, sent, None);
                    self.lane.succeeded();
                    return Ok(response);
                }
                Err(fault) => fault,
            };
            self.log(&tries, sent, Some(&fault.error));
            let pause = self.pause_before_next(&fault, &mut tries, sent, keys.as_ref()).await?;
            let Some(pause) = pause else { return Err(fault.error) };
            last = Some(fault.error);
            self.bounded(sleep(pause), last.as_ref()).await?;
        }
    }

    /// One try. The outer error is the caller's deadline or cancellation; a write that is under way is
    /// waited for even then, because a known outcome is worth more than a quick end.
    async fn attempt(
        &self,
        keys: Option<&Keys>,
        last: Option<&Error>,
    ) -> Result<Result<Value, Fault>, Error> {
        let request = self.request(keys)?;
        let sending = self.cloud.transport.send(request);
        let outcome = if self.action.effect == Effect::Read {
            self.bounded(sending, last).await?
        } else {
            sending.await
        };
        Ok(match outcome {
            Ok(answer) => self.judge(&answer),
            Err(failure) => Err(self.lost(failure)),
        })
    }

    /// The pause before the next try, or `None` if there is to be none.
    async fn pause_before_next(
        &self,
        fault: &Fault,
        tries: &mut Tries,
        sent: Instant,
        keys: Option<&Keys>,
    ) -> Result<Option<Duration>, Error> {
        let (retry, error) = (&self.cloud.retry, &fault.error);
        let patient = self.account.deadline().is_some();
        let pause = match error.kind() {
            Kind::Auth => {
                let again = self.mend(fault, tries, keys).await?;
                return Ok(again.then_some(Duration::ZERO));
            }
            Kind::Throttled => {
                let pause = fault.after.unwrap_or_else(|| self.pause(tries.throttles));
                tries.throttles += 1;
                self.lane.throttled(sent, pause);
                let patient = patient || self.started.elapsed() < retry.throttled;
                return Ok(patient.then_some(Duration::ZERO));
            }
            Kind::Busy if patient || tries.trouble() < retry.window => self.pause(tries.made - 1),
            Kind::Network { sent: false } if tries.trouble() < retry.unreachable => {
                self.pause(tries.made - 1)
            }
            kind if kind.is_passing() && self.action.effect != Effect::Write => {
                tries.faults += 1;
                // What runs out of time or is not the API does not get better for long waiting.
                let most = match kind {
                    Kind::Timeout | Kind::Malformed => retry.tries.min(3),
                    Kind::Busy | Kind::Network { sent: false } => 0,
                    _ => retry.tries,
                };
                if tries.faults >= most {
                    return Ok(None);
                }
                self.pause(tries.faults - 1)
            }
            _ => return Ok(None),
        };
        Ok(Some(fault.after.map_or(pause, |after| after.max(pause))))
    }

    /// Mends what made the cloud reject the signature: the clock once, the keys once.
    async fn mend(
        &self,
        fault: &Fault,
        tries: &mut Tries,
        keys: Option<&Keys>,
    ) -> Result<bool, Error> {
        let expired = fault.error.has_code("AuthFailure.SignatureExpire");
        if expired && !tries.clock_set && self.cloud.time.learn(fault.date.as_deref()) {
            tries.clock_set = true;
            return Ok(true);
        }
        let Some(keys) = keys.filter(|_| !tries.keys_renewed) else { return Ok(false) };
        if !expired && !fault.error.has_code("AuthFailure.TokenFailure") {
            return Ok(false);
        }
        tries.keys_renewed = true;
        let renewal = self.account.credentials().renewed(keys, self.cloud.time.now());
        Ok(self.bounded(renewal, Some(&fault.error)).await??.is_some())
    }

    fn pause(&self, turn: u32) -> Duration {
        self.cloud.retry.pauses.pause(turn, &self.cloud.chance)
    }

    /// Runs `work` until the caller's deadline or cancellation; `last` is told as the reason.
    async fn bounded<T>(
        &self,
        work: impl Future<Output = T>,
        last: Option<&Error>,
    ) -> Result<T, Error> {
        let cancelled = async {
            match self.account.cancel() {
                Some(token) => token.cancelled().await,
                None => std::future::pending().await,
            }
        };
        let late = async {
            match self.account.deadline() {
                Some(deadline) => sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        let because =
            || last.map_or_else(String::new, |error| format!("; the last try failed: {error}"));
        tokio::select! {
            biased;
            () = cancelled => Err(Error::new(Kind::Cancelled, format!("cancelled{}", because()))),
            () = late => Err(Error::new(
                Kind::Timeout,
                format!("no success in {:.0?}{}", self.started.elapsed(), because()),
            )
            .after(last)),
            done = work => Ok(done),
        }
    }

    fn request(&self, keys: Option<&Keys>) -> Result<Outgoing, Error> {
        Ok(Outgoing {
            url: self.endpoint.url.clone(),
            headers: self.headers(keys).ok_or_else(|| {
                Error::new(
                    Kind::Configuration,
                    "region, credentials or endpoint hold characters that no header can carry",
                )
            })?,
            body: self.body.clone(),
            timeout: self.time_for_attempt(),
        })
    }

    fn time_for_attempt(&self) -> Duration {
        let most = self.cloud.retry.attempt;
        match self.account.deadline() {
            Some(deadline) if self.action.effect == Effect::Read => {
                most.min(deadline.saturating_duration_since(Instant::now()))
            }
            _ => most,
        }
    }

    fn headers(&self, keys: Option<&Keys>) -> Option<HeaderMap> {
        const CONTENT_TYPE: &str = "application/json";
        let now = self.cloud.time.now();
        let (host, wire) = (self.endpoint.host.as_str(), &self.wire);
        let mut headers = HeaderMap::new();
        let mut put = |name: &'static str, value: &str| {
            let value = HeaderValue::from_str(value).ok()?;
            headers.insert(HeaderName::from_static(name), value);
            Some(())
        };
        put("content-type", CONTENT_TYPE)?;
        put("host", host)?;
        put("x-tc-action", wire.action)?;
        put("x-tc-version", wire.version)?;
        put("x-tc-timestamp", &now.as_second().to_string())?;
        put("x-tc-language", &self.cloud.language)?;
        put("x-tc-requestclient", &self.cloud.request_client)?;
        if let Some(region) = region(self.account, self.action) {
            put("x-tc-region", region)?;
        }
        let authorization = keys.map(|keys| {
            let signed =
                [("content-type", CONTENT_TYPE), ("host", host), ("x-tc-action", wire.action)];
            let parts = Parts { service: wire.service, headers: &signed, payload: &self.body };
            sign::authorization(&parts, &keys.secret_id, keys.secret_key.expose(), now)
        });
        let authorization = authorization.as_deref().unwrap_or("SKIP");
        headers.insert(header::AUTHORIZATION, hidden(authorization)?);
        if let Some(token) = keys.and_then(|keys| keys.token.as_ref()) {
            headers.insert(HeaderName::from_static("x-tc-token"), hidden(token.expose())?);
        }
        Some(headers)
    }

    fn judge(&self, answer: &Incoming) -> Result<Value, Fault> {
        let opened = envelope::open(self.action.service.name, &answer.body);
        let error = match (answer.status, opened) {
            (200, Ok(response)) => return Ok(response),
            (_, Err(error)) if error.code().is_some() => error,
            (200, Err(error)) => undecided(self.action, error),
            (429, _) => Error::new(Kind::Throttled, "HTTP status 429"),
            (status @ 500.., _) => {
                undecided(self.action, Error::new(Kind::Server, format!("HTTP status {status}")))
            }
            (status, _) => Error::new(Kind::Malformed, format!("HTTP status {status}")),
        };
        Err(Fault { error, after: answer.retry_after, date: answer.date.clone() })
    }

    fn lost(&self, failure: Failure) -> Fault {
        let host = self.endpoint.url.host_str().unwrap_or_default();
        let message = format!("{host}: {}", failure.message);
        let error = match &failure {
            Failure { sent: false, .. } => Error::new(Kind::Network { sent: false }, message),
            Failure { unreadable: true, timeout: false, .. } => {
                undecided(self.action, Error::new(Kind::Malformed, message))
            }
            Failure { timeout: true, .. } => {
                undecided(self.action, Error::new(Kind::Timeout, message))
            }
            Failure { .. } => {
                undecided(self.action, Error::new(Kind::Network { sent: true }, message))
            }
        };
        Fault { error, after: None, date: None }
    }

    fn log(&self, tries: &Tries, sent: Instant, error: Option<&Error>) {
        tracing::debug!(
            service = self.wire.service,
            action = self.wire.action,
            account = self.account.label(),
            region = self.account.region(),
            attempt = tries.made,
            milliseconds = sent.elapsed().as_millis() as u64,
            code = error.and_then(Error::code),
            kind = error.map(|error| tracing::field::debug(error.kind())),
            request_id = error.and_then(Error::request_id),
            "cloud call"
        );
    }
}

#[cfg(test)]
mod tests;
