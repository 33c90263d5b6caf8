//! What this run has made or taken over.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use tfsdk::{Diagnostic, Diagnostics};

/// Remembers which remote objects belong to a resource of this run, so that an
/// object that is taken over because it is there already is not one that
/// another resource of the same configuration has just made.
#[derive(Debug, Default)]
pub struct Claims(Mutex<HashSet<String>>);

impl Claims {
    /// Claims an object that was made.
    pub fn made(&self, object: impl Into<String>) {
        self.lock().insert(object.into());
    }

    /// Claims an object that was there, such as `hub cluster cls-0a1b2c3d`.
    ///
    /// # Errors
    ///
    /// Another resource of this run has claimed it.
    pub fn take_over(&self, object: &str) -> Result<(), Diagnostics> {
        if self.lock().insert(object.to_owned()) {
            return Ok(());
        }
        Err(Diagnostic::error(
            "Two resources for one object",
            format!(
                "Another resource of this configuration manages the {object} already: this one \
                 describes the same object. Remove one of the two, or change what tells them apart."
            ),
        )
        .into())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        // Every change is one insertion, so a poisoned set is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_belongs_to_one_resource() {
        let claims = Claims::default();
        claims.made("hub cluster cls-1");
        assert!(claims.take_over("hub cluster cls-1").is_err());
        assert!(claims.take_over("hub cluster cls-2").is_ok());
        assert!(claims.take_over("hub cluster cls-2").is_err());
    }
}
