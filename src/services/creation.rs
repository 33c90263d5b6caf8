//! Creating exactly one object where the API knows no natural key.

use std::{collections::BTreeSet, future::Future};

use crate::{
    cloud::{Error, settle},
    services::Cx,
};

/// Creates exactly one object although an answer may get lost, and returns its
/// id.
///
/// `ids` lists the objects that cannot be told from the new one by what the
/// configuration says of it (those of its name), and `create` makes it. After a
/// lost answer the new object is the one that was not there before. Creates of
/// the same `alike` (such as `ccn 100000000001 main`) take turns in this run, so
/// that none takes another's object for its own.
///
/// # Errors
///
/// Those of both calls; [`Kind::AnswerLost`](crate::cloud::Kind::AnswerLost) if
/// answers keep getting lost.
pub async fn create_once<W, L>(
    cx: &Cx,
    alike: impl Into<String>,
    create: impl FnMut() -> W,
    ids: impl Fn() -> L,
) -> Result<String, Error>
where
    W: Future<Output = Result<String, Error>>,
    L: Future<Output = Result<Vec<String>, Error>>,
{
    let _turn = cx.client().turns.take(alike).await;
    let before: BTreeSet<String> = ids().await?.into_iter().collect();
    let look = || async {
        let now = ids().await?;
        Ok(now.into_iter().find(|id| !before.contains(id)))
    };
    settle(create, look).await
}
