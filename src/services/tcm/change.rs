//! Changing a mesh: one change at a time, and none while the mesh is busy with
//! another. Links, unlinks, settings and gateways are all changes of the mesh.

use std::{
    future::Future,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use tfsdk::{Diagnostic, Diagnostics};
use tokio::{sync::OwnedMutexGuard, time::Instant};

use crate::{
    cloud::{
        Account, Error, Kind,
        api::{
            is, is_any,
            tcm::{self, Mesh, mesh_state},
        },
    },
    services::{
        Cx,
        diagnostic::Doing,
        waiting::{Seen, wait},
    },
};

/// How often a refusal is borne for which there is no visible reason: an
/// operation may be under way that the mesh does not show yet.
const REFUSALS: u32 = 3;

/// How long an accepted change may stay invisible before the next one is let
/// go.
const VISIBILITY: Duration = Duration::from_secs(30);

/// How long a read may still show a failure from before the change.
const STALENESS: Duration = Duration::from_secs(10);

/// Tells a failure that a change came to from one that was there before: reads may
/// lag behind the change.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    before: String,
    stale_until: Instant,
}

impl Failure {
    /// A change was made just now; before it the state was `before`.
    pub(super) fn after(before: &str) -> Self {
        Self { before: before.to_owned(), stale_until: Instant::now() + STALENESS }
    }

    /// Whether the failed state `state` is what the change came to.
    pub(super) fn is_new(&self, state: &str) -> bool {
        !is(state, &self.before) || Instant::now() >= self.stale_until
    }
}

/// What a change needs the mesh to be like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Purpose {
    /// It is to have more or other parts: it must be in service.
    Extend,
    /// A part goes: that also works where the mesh is in trouble.
    Reduce,
}

/// This process's turn at changing a mesh, over when it is dropped.
pub(super) struct Turn<'a> {
    cx: &'a Cx,
    account: &'a Account,
    mesh_id: &'a str,
    doing: &'static str,
    _guard: OwnedMutexGuard<()>,
}

impl<'a> Turn<'a> {
    /// Waits for its turn at the mesh. `doing` is what for, as in
    /// [`Doing::doing`].
    ///
    /// # Errors
    ///
    /// Time ran out, or the person interrupted.
    pub(super) async fn take(
        cx: &'a Cx,
        account: &'a Account,
        mesh_id: &'a str,
        doing: &'static str,
    ) -> Result<Self, Diagnostics> {
        let (what, turns) = (format!("the mesh {mesh_id}"), &cx.client().turns);
        let guard = turns.take_until(&what, doing, cx.deadline(), cx.stop()).await?;
        Ok(Self { cx, account, mesh_id, doing, _guard: guard })
    }

    /// Waits until no operation is under way, and makes a change: `write` gets
    /// the mesh as it is then. A refusal while the mesh turns out to be busy is
    /// waited out. `None` when there is no such mesh.
    ///
    /// # Errors
    ///
    /// The mesh is in no state for a change, or those of `write`.
    pub(super) async fn change<T, F>(
        &self,
        purpose: Purpose,
        mut write: impl FnMut(Mesh) -> F,
    ) -> Result<Option<T>, Diagnostics>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let (mut refused, mut refusals) = (None, 0);
        loop {
            let Some(mesh) = self.ready(purpose, refused.take(), &mut refusals).await? else {
                return Ok(None);
            };
            match write(mesh).await {
                Ok(done) => return Ok(Some(done)),
                Err(error) if may_be_busy(&error) && refusals < REFUSALS => {
                    refusals += 1;
                    refused = Some(error.message().to_owned());
                }
                Err(error) => return Err(error).doing(self.doing),
            }
        }
    }

    /// Waits until the mesh has taken a change in: no operation is under way,
    /// and `visible` says that reads show it. What the next change reads must
    /// have this one in it, or it would be undone. `None` when the mesh is gone.
    ///
    /// # Errors
    ///
    /// The mesh came to no good, or time ran out.
    pub(super) async fn settled(
        &self,
        purpose: Purpose,
        visible: impl Fn(&Mesh) -> bool,
    ) -> Result<Option<Mesh>, Diagnostics> {
        let patience = Instant::now() + VISIBILITY;
        let what = format!("the mesh {} to take the change in", self.mesh_id);
        wait(self.cx, what, || async {
            let found = tcm::find(self.account, self.mesh_id).await?;
            Ok(match readiness(found, purpose) {
                Seen::Done(Some(mesh)) if !visible(&mesh) && Instant::now() < patience => {
                    Seen::pending("the change is not visible yet")
                }
                seen => seen,
            })
        })
        .await
        .doing(self.doing)
    }

    /// Waits until the mesh takes changes; after a refusal at least one pause.
    async fn ready(
        &self,
        purpose: Purpose,
        mut refused: Option<String>,
        refusals: &mut u32,
    ) -> Result<Option<Mesh>, Diagnostics> {
        let what = format!("the mesh {} to take changes", self.mesh_id);
        let busy = AtomicBool::new(false);
        let found = wait(self.cx, what, || {
            let (refused, busy) = (refused.take(), &busy);
            async move {
                let found = tcm::find(self.account, self.mesh_id).await?;
                let seen = readiness(found, purpose);
                busy.fetch_or(matches!(seen, Seen::Pending { .. }), Ordering::Relaxed);
                Ok(match (seen, refused) {
                    (Seen::Done(Some(_)), Some(refused)) => Seen::pending(refused),
                    (seen, _) => seen,
                })
            }
        })
        .await
        .doing(self.doing)?;
        if busy.into_inner() {
            *refusals = 0;
        }
        Ok(found)
    }
}

/// The mesh that something is to be part of does not exist.
pub(super) fn no_such_mesh(doing: &str, account: &Account, mesh_id: &str) -> Diagnostics {
    Diagnostic::error(
        format!("Unable to {doing}"),
        format!(
            "There is no mesh {mesh_id} in {} of {}. Correct `mesh_id`, `account` or \
             `region`; a mesh that was deleted outside of Terraform is made again by the next \
             apply of its resource.",
            account.region().unwrap_or("the region"),
            account.called(),
        ),
    )
    .at("mesh_id")
    .into()
}

/// Whether a mesh takes changes.
fn readiness(mesh: Option<Mesh>, purpose: Purpose) -> Seen<Option<Mesh>> {
    let Some(mesh) = mesh else { return Seen::Done(None) };
    if let Some(operation) = mesh.status.active_operation_list.first() {
        return Seen::pending(format!("{} is under way", operation.kind));
    }
    if is_any(&mesh.state, UNDER_WAY) {
        return Seen::pending(mesh.state);
    }
    if is(&mesh.state, mesh_state::DELETING) && purpose == Purpose::Reduce {
        return Seen::pending(mesh.state);
    }
    if is_any(&mesh.state, OF_NO_USE) && purpose == Purpose::Extend {
        return failed(&mesh);
    }
    Seen::Done(Some(mesh))
}

/// The state of a mesh that nothing will come of, and what the cloud says of it.
pub(super) fn failed<T>(mesh: &Mesh) -> Seen<T> {
    Seen::failed(mesh.state.clone(), mesh.status.state_message.clone())
}

/// States that a mesh leaves by itself.
const UNDER_WAY: &[&str] =
    &[mesh_state::PENDING, mesh_state::CREATING, mesh_state::UPGRADING, mesh_state::ROLLBACKING];

/// States in which a mesh can only be deleted.
pub(super) const OF_NO_USE: &[&str] = &[
    mesh_state::CREATE_FAILED,
    mesh_state::DELETE_FAILED,
    mesh_state::DELETING,
    mesh_state::INVALID,
];

/// Whether a write was perhaps refused because the mesh has something else to do.
/// There is no code of its own for it.
fn may_be_busy(error: &Error) -> bool {
    matches!(error.kind(), Kind::Failed | Kind::Conflict | Kind::Busy)
}

/// Whether a write that ended so may have taken effect.
pub(super) fn may_have_happened(error: &Error) -> bool {
    matches!(
        error.kind(),
        Kind::AnswerLost
            | Kind::Cancelled
            | Kind::Malformed
            | Kind::Network { sent: true }
            | Kind::Server
            | Kind::Timeout
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::api::tcm::{MeshStatus, Operation};

    fn mesh(state: &str, operations: &[&str]) -> Mesh {
        let operation = |kind: &&str| Operation { kind: (*kind).into(), ..Operation::default() };
        let status = MeshStatus {
            state_message: "out of luck".into(),
            active_operation_list: operations.iter().map(operation).collect(),
            ..MeshStatus::default()
        };
        Mesh { state: state.into(), status, ..Mesh::default() }
    }

    fn seen(mesh: Mesh, purpose: Purpose) -> String {
        match readiness(Some(mesh), purpose) {
            Seen::Done(_) => "done".to_owned(),
            Seen::Pending { state } => state,
            Seen::Failed { state, detail } => format!("{state}: {detail}"),
        }
    }

    #[test]
    fn a_mesh_takes_changes_in_service_and_while_nothing_is_under_way() {
        for (state, operations, extend, reduce) in [
            ("RUNNING", &[][..], "done", "done"),
            ("Running", &[], "done", "done"),
            ("IDLE", &[], "done", "done"),
            ("CANARY_UPGRADED", &[], "done", "done"),
            ("SOMETHING_NEW", &[], "done", "done"),
            (
                "RUNNING",
                &["LINK_CLUSTERS"],
                "LINK_CLUSTERS is under way",
                "LINK_CLUSTERS is under way",
            ),
            ("CREATING", &[], "CREATING", "CREATING"),
            ("UPGRADING", &[], "UPGRADING", "UPGRADING"),
            ("CREATE_FAILED", &[], "CREATE_FAILED: out of luck", "done"),
            ("INVALID", &[], "INVALID: out of luck", "done"),
            ("DELETING", &[], "DELETING: out of luck", "DELETING"),
        ] {
            assert_eq!(seen(mesh(state, operations), Purpose::Extend), extend, "{state}");
            assert_eq!(seen(mesh(state, operations), Purpose::Reduce), reduce, "{state}");
        }
        assert_eq!(readiness(None, Purpose::Extend), Seen::Done(None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_from_before_a_change_is_not_its_own_for_a_while() {
        let fresh = Failure::after("");
        assert!(fresh.is_new("LINK_FAILED"));
        let again = Failure::after("LINK_FAILED");
        assert!(!again.is_new("LINK_FAILED"));
        assert!(again.is_new("UNLINK_FAILED"));
        tokio::time::advance(STALENESS).await;
        assert!(again.is_new("LINK_FAILED"));
    }
}
