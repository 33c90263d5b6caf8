//! Everything for which a call can be refused before its service sees it.

use http::HeaderMap;
use serde_json::{Map, Value};

use super::{
    authentication::{Claim, authenticate, text},
    dispatch::{ApiRequest, Cloud, Product},
    pattern::matches,
    recorder::Call,
    service::{ApiError, Caller},
    signature::Signed,
};

/// A call that may happen.
pub(super) struct Admitted<'a> {
    pub(super) product: &'a Product,
    pub(super) caller: Caller,
    pub(super) action: String,
    pub(super) region: String,
    pub(super) params: Map<String, Value>,
}

impl Cloud {
    /// Everything that can be refused before the action itself.
    pub(super) fn admit(
        &self,
        request: &ApiRequest,
        call: &mut Call,
    ) -> Result<Admitted<'_>, ApiError> {
        if request.method != "POST" {
            let text = format!("The simulator takes POST requests, not {}.", request.method);
            return Err(ApiError::new("UnsupportedProtocol", text));
        }
        let headers = &request.headers;
        if call.action.is_empty() {
            return Err(ApiError::missing("X-TC-Action"));
        }
        let claim = Claim::read(headers)?;
        let product = self.route(headers, &claim, &call.action)?;
        let name = product.service.name();
        name.clone_into(&mut call.service);
        let signed = Signed {
            method: &request.method,
            path: &request.path,
            query: &request.query,
            headers,
            body: &request.body,
        };
        let caller = {
            let inner = self.lock();
            authenticate(
                &claim,
                name,
                &call.action,
                signed,
                (&self.world, &inner.state, &self.clock),
            )?
        };
        call.account.clone_from(&caller.account);
        self.check_product(product, &caller, headers, &call.action)?;
        check_region(&call.region, product.service.needs_region(&call.action))?;
        let params = read_params(&request.body)?;
        call.params = Value::Object(params.clone());
        product.catalogue.check_request(&call.action, &params)?;
        self.take_allowance(&caller, name, &call.action, &call.region)?;
        Ok(Admitted {
            product,
            caller,
            action: call.action.clone(),
            region: call.region.clone(),
            params,
        })
    }

    /// Product of a request: by the first label of the host, else by the
    /// credential scope, else (unsigned) by the action's name.
    fn route(
        &self,
        headers: &HeaderMap,
        claim: &Claim,
        action: &str,
    ) -> Result<&Product, ApiError> {
        let host = text(headers, "host").unwrap_or_default();
        let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
        let label = host.split('.').next().unwrap_or_default();
        if let Some(product) = self.product(label) {
            return Ok(product);
        }
        match claim.service() {
            _ if host.ends_with(".tencentcloudapi.com") => Err(no_such_product(label)),
            Some(service) => self.product(service).ok_or_else(|| no_such_product(service)),
            None => self
                .products
                .iter()
                .find(|product| product.catalogue.has(action))
                .ok_or_else(|| no_such_product(label)),
        }
    }

    /// Version, action, and whether this caller may use them.
    fn check_product(
        &self,
        product: &Product,
        caller: &Caller,
        headers: &HeaderMap,
        action: &str,
    ) -> Result<(), ApiError> {
        let name = product.service.name();
        let version = text(headers, "x-tc-version").unwrap_or_default();
        if version.is_empty() {
            return Err(ApiError::missing("X-TC-Version"));
        }
        if version != product.catalogue.version() {
            let text = format!("The API version {version} of {name} does not exist.");
            return Err(ApiError::new("NoSuchVersion", text));
        }
        let account = self.world.account(&caller.account);
        let closed = account.is_some_and(|a| a.closed_products.iter().any(|closed| closed == name));
        if closed || !product.catalogue.has(action) {
            let text = format!("The action {action} of {name} {version} is invalid or not open.");
            return Err(ApiError::new("InvalidAction", text));
        }
        let operation = format!("{name}:{action}");
        if !caller.allow.iter().any(|pattern| matches(pattern, &operation)) {
            return Err(ApiError::new(
                "UnauthorizedOperation",
                format!(
                    "You are not authorized to perform operation ({operation}); resource (*) has \
                     no permission."
                ),
            ));
        }
        Ok(())
    }

    fn take_allowance(
        &self,
        caller: &Caller,
        service: &str,
        action: &str,
        region: &str,
    ) -> Result<(), ApiError> {
        let operation = format!("{service}:{action}");
        let now = self.clock.wall();
        let taken = self.lock().limits.take(&caller.uin, region, &operation, now);
        taken.map_err(|rate| throttled(action, rate))
    }
}

fn check_region(region: &str, needed: bool) -> Result<(), ApiError> {
    match region {
        "" if needed => Err(ApiError::missing("X-TC-Region")),
        "" => Ok(()),
        _ if crate::world::REGIONS.contains(&region) => Ok(()),
        _ => Err(ApiError::new(
            "UnsupportedRegion",
            format!("The region {region} does not exist or is not open."),
        )),
    }
}

fn read_params(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_slice(body).map_err(|error| {
        let text = format!("The request body is not a JSON object: {error}.");
        ApiError::new("InvalidRequest", text)
    })
}

pub(super) fn no_such_product(name: &str) -> ApiError {
    ApiError::new("NoSuchProduct", format!("The product {name} does not exist."))
}

pub(super) fn throttled(action: &str, rate: f64) -> ApiError {
    ApiError::new(
        "RequestLimitExceeded",
        format!(
            "Your current request times equals to `{}` in a second, which exceeds the frequency \
             limit `{rate}` for a second of {action}. Please retry later.",
            rate + 1.0
        ),
    )
}
