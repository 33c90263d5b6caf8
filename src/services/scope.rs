//! The account and the region of a cloud object.

use tfsdk::{Diagnostic, Diagnostics, Model, engine::Change, value::Tf};

use crate::{
    cloud::Account,
    services::{Client, Cx, PlanCx, diagnostic::Doing},
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
        let account = self.find(cx).await?;
        let account = account.before(cx.deadline()).cancelled_by(cx.stop().clone());
        Ok(match self.region.known() {
            Some(region) => account.in_region(region),
            None => account,
        })
    }

    /// The account by its name, or, when the configuration no longer has the
    /// name, by the UIN that [`remember`](Self::remember) noted.
    async fn find(&self, cx: &Cx) -> Result<Account, Diagnostics> {
        let accounts = &cx.client().accounts;
        match self.account.known() {
            Some(label) if !accounts.knows(label) => {
                let owner = String::from_utf8(cx.private()).unwrap_or_default();
                let found = if owner.is_empty() { None } else { accounts.with_uin(&owner).await };
                found.ok_or_else(|| accounts.no_such_account(label))
            }
            label => accounts.open(label.map(String::as_str)).await,
        }
    }

    /// Opens the account for a create, notes whose it is beside the state, and
    /// settles the region that the object gets.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); no region is configured anywhere; the account
    /// does not answer.
    pub async fn open_for_create(&mut self, cx: &Cx) -> Result<Account, Diagnostics> {
        let account = self.open(cx).await?;
        let region = account.region().ok_or_else(no_region)?.to_owned();
        self.region = Tf::Known(region);
        self.remember(cx, &account).await?;
        Ok(account)
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

    /// Notes beside the state whose object it is, so that it is found again
    /// when the account's name changes.
    ///
    /// # Errors
    ///
    /// The account does not answer.
    pub async fn remember(&self, cx: &Cx, account: &Account) -> Result<(), Diagnostics> {
        let uin = account.uin().await.doing("ask whose the credentials are")?;
        cx.set_private(uin.as_bytes().to_vec());
        Ok(())
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
        scope: fn(&mut M) -> &mut Self,
    ) -> Result<(), Diagnostics> {
        let Some(client) = cx.client() else { return Ok(()) };
        let planned = scope(&mut change.planned).clone();
        if let Some(label) = planned.account.known()
            && !client.accounts.knows(label)
        {
            return Err(client.accounts.no_such_account(label));
        }
        match change.prior.as_mut().map(|prior| scope(prior).clone()) {
            Some(prior) => Self::plan_update(cx, client, change, &prior, &planned, scope).await,
            None => {
                let region = &mut scope(&mut change.planned).region;
                if region.is_unknown() && !planned.account.is_unknown() {
                    *region = planned.default_region(client);
                }
                Ok(())
            }
        }
    }

    async fn plan_update<M>(
        cx: &PlanCx,
        client: &Client,
        change: &mut Change<M>,
        prior: &Self,
        planned: &Self,
        scope: fn(&mut M) -> &mut Self,
    ) -> Result<(), Diagnostics> {
        if prior.account == planned.account || planned.account.is_unknown() {
            return Ok(());
        }
        let new = client.accounts.open(planned.account.known().map(String::as_str)).await?;
        let new = new.uin().await.doing("ask whose the credentials are")?.to_owned();
        let owner = match String::from_utf8(cx.private().to_vec()) {
            Ok(owner) if !owner.is_empty() => owner,
            _ => {
                let old = client.accounts.open(prior.account.known().map(String::as_str)).await?;
                old.uin().await.doing("ask whose the credentials are")?.to_owned()
            }
        };
        if owner != new {
            change.replace("account");
        } else if prior.account.known().is_some_and(|label| client.accounts.knows(label))
            && planned.account.is_known()
        {
            scope(&mut change.planned).account = prior.account.clone();
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

fn no_region() -> Diagnostics {
    Diagnostic::error(
        "No region",
        "Neither this object, nor its account, nor the provider block, nor TENCENTCLOUD_REGION \
         names a region. Set `region` to where the object belongs, such as \"ap-guangzhou\".",
    )
    .at("region")
    .into()
}
