//! The accounts that a configuration names.

use std::collections::BTreeMap;

use tfsdk::{Diagnostic, Diagnostics};
use tokio::sync::OnceCell;

use crate::{cloud::Account, services::diagnostic};

/// The provider's own account and those of its `accounts`.
#[derive(Debug)]
pub struct Accounts {
    own: Slot,
    named: BTreeMap<String, Slot>,
    allowed: Vec<String>,
    forbidden: Vec<String>,
}

/// An account of the configuration.
#[derive(Debug)]
pub enum Slot {
    /// It can be used.
    Ready {
        /// The account itself.
        account: Account,
        /// Set once the account passed the allowed and forbidden lists.
        admitted: OnceCell<()>,
    },
    /// This argument of the provider is not known yet.
    Unknown(String),
}

impl Slot {
    /// An account that can be used.
    pub fn ready(account: Account) -> Self {
        Self::Ready { account, admitted: OnceCell::new() }
    }
}

impl Accounts {
    /// The accounts of a configuration; the lists hold UINs.
    pub fn new(
        own: Slot,
        named: BTreeMap<String, Slot>,
        allowed: Vec<String>,
        forbidden: Vec<String>,
    ) -> Self {
        Self { own, named, allowed, forbidden }
    }

    /// Whether the configuration has an account of this name.
    pub fn knows(&self, label: &str) -> bool {
        self.named.contains_key(label)
    }

    /// The account of this name, or the provider's own. Holds it against the
    /// allowed and forbidden lists at its first use.
    ///
    /// # Errors
    ///
    /// The name is not in `accounts`, an argument of the account is not known
    /// yet, or the account may not be used.
    pub async fn open(&self, label: Option<&str>) -> Result<Account, Diagnostics> {
        let slot = match label {
            None => &self.own,
            Some(label) => {
                self.named.get(label).ok_or_else(|| self.no_such_account(label, "account"))?
            }
        };
        match slot {
            Slot::Unknown(argument) => Err(not_known_yet(argument)),
            Slot::Ready { account, admitted } => {
                admitted
                    .get_or_try_init(|| account.check_allowed(&self.allowed, &self.forbidden))
                    .await
                    .map_err(|error| diagnostic::cloud("use the account", &error))?;
                Ok(account.clone())
            }
        }
    }

    /// The account of this name if it can be used already, without asking the
    /// cloud anything; `None` also when there is no such name.
    pub fn peek(&self, label: Option<&str>) -> Option<&Account> {
        let slot = label.map_or(Some(&self.own), |label| self.named.get(label))?;
        match slot {
            Slot::Ready { account, .. } => Some(account),
            Slot::Unknown(_) => None,
        }
    }

    /// The first account whose UIN is `uin`, whatever its name: the provider's own
    /// before the others.
    pub async fn with_uin(&self, uin: &str) -> Option<Account> {
        for label in std::iter::once(None).chain(self.named.keys().map(Some)) {
            let Ok(account) = self.open(label.map(String::as_str)).await else { continue };
            if account.uin().await.is_ok_and(|found| found == uin) {
                return Some(account);
            }
        }
        None
    }

    /// Says that `label`, which an object's `attribute` holds, is no account of
    /// the configuration, and which are.
    pub fn no_such_account(&self, label: &str, attribute: &'static str) -> Diagnostics {
        let names = self.named.keys().map(|name| format!("{name:?}")).collect::<Vec<_>>();
        let known = match names.as_slice() {
            [] => "The provider block names no `accounts`.".to_owned(),
            names => format!("The provider block's `accounts` has {}.", names.join(", ")),
        };
        Diagnostic::error(
            "Unknown account",
            format!(
                "There is no account {label:?}. {known} Add it there, correct the name, or leave \
                 `{attribute}` out to use the provider's own credentials."
            ),
        )
        .at(attribute)
        .into()
    }
}

fn not_known_yet(argument: &str) -> Diagnostics {
    Diagnostic::error(
        "Provider configuration not known yet",
        format!(
            "The provider argument `{argument}` gets its value only when something else is \
             applied. Apply that first (`terraform apply -target=…`), or give the argument a value \
             that is known before."
        ),
    )
    .into()
}
