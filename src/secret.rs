//! Text that must not be seen: wiped on drop and never printed.

use std::{fmt, sync::OnceLock};

use serde::{Deserialize, Deserializer, Serializer};
use zeroize::Zeroizing;

/// What `Debug` and `Display` show instead.
const REDACTED: &str = "<redacted>";

/// Who is told of every secret, to keep it out of logs.
static WATCHER: OnceLock<fn(&str)> = OnceLock::new();

/// Has `watcher` told of every secret from now on. The first one stays.
pub fn watch(watcher: fn(&str)) {
    let _ = WATCHER.set(watcher);
}

/// A secret key, token, password, certificate key or kubeconfig.
///
/// It has no `Serialize`: a request that has to carry one says so with `serialize_with`.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes `text` in.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        if let (Some(watcher), false) = (WATCHER.get(), text.is_empty()) {
            watcher(&text);
        }
        Self(Zeroizing::new(text))
    }

    /// The text itself; to be passed on, not to be kept.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<&String> for Secret {
    fn from(text: &String) -> Self {
        Self::new(text)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// Writes a secret into a request: `#[serde(serialize_with = "exposed")]`.
pub(crate) fn exposed<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_printed() {
        let secret = Secret::new("Gu5t9xGARNpq86cd98joQYCN3EXAMPLE");
        for shown in [format!("{secret:?}"), format!("{secret:#?}"), secret.to_string()] {
            assert_eq!(shown, REDACTED);
        }
        assert_eq!(secret.expose(), "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE");
    }

    #[test]
    fn a_secret_is_read_from_answers() {
        let secret: Secret = serde_json::from_str("\"token\"").unwrap();
        assert_eq!(secret, Secret::new("token"));
    }
}
