//! Keys that the configuration gives.

use futures::future::BoxFuture;

use super::{Found, Keys, Source};
use crate::cloud::error::{Error, Kind};
use crate::secret::Secret;

/// A key pair, possibly temporary, that stays as it is.
#[derive(Debug, Clone)]
pub struct Fixed {
    keys: Keys,
}

impl Fixed {
    /// Empty strings count as not given.
    pub fn new(
        secret_id: impl Into<String>,
        secret_key: impl Into<Secret>,
        token: Option<Secret>,
    ) -> Self {
        let token = token.filter(|token| !token.is_empty());
        let keys = Keys {
            secret_id: secret_id.into(),
            secret_key: secret_key.into(),
            token,
            expires: None,
        };
        Self { keys }
    }
}

impl Source for Fixed {
    fn name(&self) -> String {
        "the configuration".to_owned()
    }

    fn fetch(&self) -> BoxFuture<'_, Result<Found, Error>> {
        Box::pin(async {
            pair(&self.keys, "secret_id", "secret_key", |missing| format!("{missing} is not set"))
        })
    }
}

/// Keys if both halves are there, nothing if none is, an error if one is missing.
pub(super) fn pair(
    keys: &Keys,
    id_name: &str,
    key_name: &str,
    unset: impl Fn(&str) -> String,
) -> Result<Found, Error> {
    match (keys.secret_id.is_empty(), keys.secret_key.is_empty()) {
        (false, false) => Ok(Found::Keys(keys.clone())),
        (true, true) => Ok(Found::Nothing(unset(id_name))),
        (id_missing, _) => {
            let (given, missing) =
                if id_missing { (key_name, id_name) } else { (id_name, key_name) };
            Err(Error::new(
                Kind::Configuration,
                format!("{given} is given without {missing}: give both or none"),
            ))
        }
    }
}
