//! The account of a cloud object.

use tfsdk::{Diagnostics, Model, engine::Change, value::Tf};

use crate::{
    cloud::Account,
    services::{
        Client, Cx, PlanCx,
        diagnostic::Doing,
        notes::{self, Notes},
    },
};

/// Whose object it is, for products without regions. Objects of the others have
/// a [`Scope`](crate::services::Scope).
#[derive(Clone, Default, Model)]
pub struct Owner {
    /// Name of the account, a key of the provider's `accounts`. Default: the
    /// account of the provider's own credentials. Another name for the same
    /// account changes nothing; another account replaces the object.
    #[attr(optional)]
    pub account: Tf<String>,
}

impl Owner {
    /// The account, within the operation's time.
    ///
    /// # Errors
    ///
    /// No such account, it may not be used, or it is not known yet.
    pub async fn open(&self, cx: &Cx) -> Result<Account, Diagnostics> {
        open(cx, &self.account, ACCOUNT).await
    }

    /// Opens the account for a create and notes whose it is beside the state.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); the account does not answer.
    pub async fn open_for_create(&self, cx: &Cx) -> Result<Account, Diagnostics> {
        let account = self.open(cx).await?;
        remember(cx, &account, ACCOUNT).await?;
        Ok(account)
    }

    /// Plans the account: its name is checked, and another account replaces
    /// while another name for it does not.
    ///
    /// # Errors
    ///
    /// The account's name is not in the configuration.
    pub async fn plan<M>(
        cx: &PlanCx,
        change: &mut Change<M>,
        owner: fn(&mut M) -> &mut Self,
    ) -> Result<(), Diagnostics> {
        plan(cx, change, ACCOUNT, |model| &mut owner(model).account).await
    }

    /// Splits an import id: `ACCOUNT/ID` names the account, a bare `ID` means
    /// the provider's own.
    pub fn import<'a>(cx: &Cx, id: &'a str) -> (Self, &'a str) {
        match id.split_once('/') {
            Some((account, rest)) if cx.client().accounts.knows(account) => {
                (Self { account: account.into() }, rest)
            }
            _ => (Self::default(), id),
        }
    }
}

/// What an account is to an object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// The attribute that holds the account's name.
    pub attribute: &'static str,
    /// The note of its UIN.
    pub note: &'static str,
}

/// The account that the object belongs to.
pub(super) const ACCOUNT: Part = Part { attribute: "account", note: notes::OWNER };

/// The account of this name, or, when the configuration no longer has the name,
/// of the UIN that [`remember`] noted.
pub(super) async fn open(cx: &Cx, name: &Tf<String>, part: Part) -> Result<Account, Diagnostics> {
    let accounts = &cx.client().accounts;
    let account = match name.known() {
        Some(label) if !accounts.knows(label) => {
            let found = match Notes::of(cx).get::<String>(part.note) {
                Some(owner) => accounts.with_uin(&owner).await,
                None => None,
            };
            found.ok_or_else(|| accounts.no_such_account(label, part.attribute))?
        }
        label => accounts.open(label.map(String::as_str)).await?,
    };
    Ok(account.before(cx.deadline()).cancelled_by(cx.stop().clone()))
}

/// Notes beside the state whose object it is, so that it is found again when the
/// account's name changes.
pub(super) async fn remember(cx: &Cx, account: &Account, part: Part) -> Result<(), Diagnostics> {
    let uin = account.uin().await.doing("ask whose the credentials are")?;
    Notes::set(cx, part.note, &uin);
    Ok(())
}

/// Plans the account's name: see [`Owner::plan`].
pub(super) async fn plan<M>(
    cx: &PlanCx,
    change: &mut Change<M>,
    part: Part,
    account: impl Fn(&mut M) -> &mut Tf<String>,
) -> Result<(), Diagnostics> {
    let Some(client) = cx.client() else { return Ok(()) };
    let planned = account(&mut change.planned).clone();
    if let Some(label) = planned.known()
        && !client.accounts.knows(label)
    {
        return Err(client.accounts.no_such_account(label, part.attribute));
    }
    let Some(prior) = change.prior.as_mut().map(|prior| account(prior).clone()) else {
        return Ok(());
    };
    if prior == planned || planned.is_unknown() {
        return Ok(());
    }
    if uin_of(client, &planned).await? != owner_of(cx, client, &prior, part).await? {
        change.replace(part.attribute);
    } else if prior.known().is_some_and(|label| client.accounts.knows(label)) && planned.is_known()
    {
        *account(&mut change.planned) = prior;
    }
    Ok(())
}

async fn uin_of(client: &Client, name: &Tf<String>) -> Result<String, Diagnostics> {
    let account = client.accounts.open(name.known().map(String::as_str)).await?;
    account.uin().await.map(str::to_owned).doing("ask whose the credentials are")
}

/// Whose the object is: noted beside the state, or else asked.
async fn owner_of(
    cx: &PlanCx,
    client: &Client,
    name: &Tf<String>,
    part: Part,
) -> Result<String, Diagnostics> {
    match Notes::read(cx.private()).get(part.note) {
        Some(owner) => Ok(owner),
        None => uin_of(client, name).await,
    }
}
