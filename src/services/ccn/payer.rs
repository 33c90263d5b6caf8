//! Who pays for an attachment across accounts (`OrderType`), which the API takes
//! and never shows.

use tfsdk::{engine::Change, value::Tf};

use crate::services::{
    PlanCx,
    notes::{self, Notes},
};

/// The words of the API.
pub(super) const PAYERS: [&str; 2] = ["PayByCcnOwner", "PayByInstanceOwner"];

/// Plans a change of `order_type`: it can only be chosen anew with a new
/// attachment. After an import nobody knows what was chosen, and what is
/// configured is taken for it.
pub(super) fn plan<M>(cx: &PlanCx, change: &mut Change<M>, order_type: fn(&M) -> &Tf<String>) {
    // Only what was created here has a note of its owner beside its state.
    let imported = Notes::read(cx.private()).get::<String>(notes::OWNER).is_none();
    let unknown = imported && change.prior.as_ref().is_some_and(|m| order_type(m).is_null());
    if change.changes(order_type) && !unknown {
        change.replace("order_type");
    }
}
