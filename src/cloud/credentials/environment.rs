//! Keys from the official environment variables.

use std::fmt;

use futures::future::BoxFuture;

use super::{Found, Keys, Source, fixed::pair};
use crate::cloud::error::Error;

/// `TENCENTCLOUD_SECRET_ID`, `TENCENTCLOUD_SECRET_KEY` and `TENCENTCLOUD_SECURITY_TOKEN`.
pub struct Environment {
    lookup: Box<Lookup>,
}

/// From a variable's name to its value.
type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

const SECRET_ID: &str = "TENCENTCLOUD_SECRET_ID";
const SECRET_KEY: &str = "TENCENTCLOUD_SECRET_KEY";
const SECURITY_TOKEN: &str = "TENCENTCLOUD_SECURITY_TOKEN";

impl Environment {
    /// The process's own environment.
    pub fn new() -> Self {
        Self::looking_up(|name| std::env::var(name).ok())
    }

    /// An environment given as a function from name to value.
    pub fn looking_up(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { lookup: Box::new(lookup) }
    }

    fn read(&self, name: &str) -> String {
        (self.lookup)(name).unwrap_or_default().trim().to_owned()
    }
}

impl Default for Environment {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment")
    }
}

impl Source for Environment {
    fn name(&self) -> String {
        "the environment".to_owned()
    }

    fn fetch(&self) -> BoxFuture<'_, Result<Found, Error>> {
        Box::pin(async {
            let token = self.read(SECURITY_TOKEN);
            let keys = Keys {
                secret_id: self.read(SECRET_ID),
                secret_key: self.read(SECRET_KEY).into(),
                token: (!token.is_empty()).then(|| token.into()),
                expires: None,
            };
            pair(&keys, SECRET_ID, SECRET_KEY, |missing| format!("{missing} is not set"))
        })
    }
}
