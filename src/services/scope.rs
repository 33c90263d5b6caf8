//! The account and the region of a cloud object.

use std::time::Duration;

use tfsdk::{Diagnostic, Diagnostics, Model, engine::Change, value::Tf};
use tokio::time::Instant;

use crate::{
    cloud::Account,
    services::{Client, Cx, PlanCx, owner},
};

/// Whose object it is and where.
#[derive(Clone, Default, Model)]
pub struct Scope {
    /// Name of the account, a key of the provider's `accounts`. Default: the
    /// account of the provider's own credentials. Another name for the same
    /// account changes nothing; another account replaces the object.
    #[attr(optional)]
    pub account: Tf<String>,

    /// Region, such as `ap-guangzhou`. Default: the account's, else the
    /// provider's. Another region replaces the object.
    #[attr(optional, computed, stable, replace)]
    pub region: Tf<String>,
}

impl Scope {
    /// The account, in the object's region and within the operation's time.
    ///
    /// # Errors
    ///
    /// No such account, it may not be used, or it is not known yet.
    pub async fn open(&self, cx: &Cx) -> Result<Account, Diagnostics> {
        let account = owner::open(cx, &self.account, owner::ACCOUNT).await?;
        Ok(match self.region.known() {
            Some(region) => account.in_region(region),
            None => account,
        })
    }

    /// Opens the account for a data source, and settles the region that is read.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); no region is configured anywhere.
    pub async fn open_for_read(&mut self, cx: &Cx) -> Result<Account, Diagnostics> {
        let account = self.open(cx).await?;
        let region = account.region().ok_or_else(no_region)?.to_owned();
        self.region = Tf::Known(region);
        Ok(account)
    }

    /// Opens the account for a create, notes whose it is beside the state, and
    /// settles the region that the object gets.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); no region is configured anywhere; the account
    /// does not answer.
    pub async fn open_for_create(&mut self, cx: &Cx) -> Result<Account, Diagnostics> {
        let account = self.open_for_read(cx).await?;
        owner::remember(cx, &account, owner::ACCOUNT).await?;
        Ok(account)
    }

    /// The account for a check that a plan makes if it can; `None` where it has
    /// to be left to the apply. Whatever it is asked must be answered soon.
    pub async fn open_for_check(&self, client: &Client) -> Option<Account> {
        if self.account.is_unknown() {
            return None;
        }
        let label = self.account.known().map(String::as_str);
        let account = client.accounts.open(label).await.ok()?;
        let account = account.before(Instant::now() + CHECK);
        Some(
            self.region.known().map_or_else(|| account.clone(), |region| account.in_region(region)),
        )
    }

    /// Splits an import id: `[ACCOUNT][@REGION]/ID` names account and region,
    /// a bare `ID` means the provider's own account in its default region.
    ///
    /// # Errors
    ///
    /// No region is configured for the account.
    pub fn import<'a>(cx: &Cx, id: &'a str) -> Result<(Self, &'a str), Diagnostics> {
        let accounts = &cx.client().accounts;
        let (account, region, rest) = match id.split_once('/') {
            Some((prefix, rest)) => {
                let (account, region) = match prefix.split_once('@') {
                    Some((account, region)) => (account, Some(region)),
                    None => (prefix, None),
                };
                if accounts.knows(account) || (account.is_empty() && region.is_some()) {
                    (Some(account).filter(|name| !name.is_empty()), region, rest)
                } else {
                    (None, None, id)
                }
            }
            None => (None, None, id),
        };
        let region = match region {
            Some(region) => Some(region),
            None => accounts.peek(account).and_then(Account::region),
        };
        let region = region.ok_or_else(no_region)?.to_owned();
        let scope = Self { account: account.map(str::to_owned).into(), region: Tf::Known(region) };
        Ok((scope, rest))
    }

    /// Plans account and region: names are checked, the region is filled in,
    /// and another account replaces while another name for it does not.
    ///
    /// # Errors
    ///
    /// The account's name is not in the configuration.
    pub async fn plan<M>(
        cx: &PlanCx,
        change: &mut Change<M>,
        scope: impl Fn(&mut M) -> &mut Self + Send + Sync,
    ) -> Result<(), Diagnostics> {
        owner::plan(cx, change, owner::ACCOUNT, |model| &mut scope(model).account).await?;
        let Some(client) = cx.client() else { return Ok(()) };
        let planned = scope(&mut change.planned);
        if planned.region.is_unknown() && !planned.account.is_unknown() {
            planned.region = planned.default_region(client);
        }
        Ok(())
    }

    fn default_region(&self, client: &Client) -> Tf<String> {
        let account = client.accounts.peek(self.account.known().map(String::as_str));
        match account.and_then(Account::region) {
            Some(region) => region.into(),
            None => Tf::Unknown,
        }
    }
}

/// How long a check during planning may take before it is left to the apply.
const CHECK: Duration = Duration::from_secs(30);

fn no_region() -> Diagnostics {
    Diagnostic::error(
        "No region",
        "Neither this object, nor its account, nor the provider block, nor TENCENTCLOUD_REGION \
         names a region. Set `region` to where the object belongs, such as \"ap-guangzhou\".",
    )
    .at("region")
    .into()
}
