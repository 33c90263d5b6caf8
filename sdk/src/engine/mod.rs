//! Terraform's rules over the traits that a provider implements.
//!
//! [`Provider`], [`Resource`], [`DataSource`], [`EphemeralResource`] and
//! [`Function`] are what a provider author writes. [`Engine`] turns a provider
//! into a [`Server`]: one method per RPC, on [`Value`](crate::value::Value)s.
//! It holds every plan and every applied state against Terraform's own
//! [`rules`] before it answers, so that Terraform never has to complain about
//! the provider: a breach becomes an error that names the resource, the
//! attribute, and what became of the object.
//!
//! # What an author can rely on
//!
//! **Plan.** The configuration with defaults filled in is the plan. If it
//! differs from the state, computed attributes that the configuration leaves
//! open become unknown, except those whose rule is `stable` or `replace`: they
//! stay what they are. If nothing differs, nothing becomes unknown. What
//! `equivalent` holds for the same is planned as it is in the state, except in
//! elements of sets, where another spelling is another element. An equivalence
//! on a whole collection must not depend on the spelling of its elements:
//! while some are unknown the others are planned as they are configured. In a
//! list, an element's stable attributes stay only if the rest of the element
//! is unchanged at its index; in a set, if an element with the same settings
//! was there; in a map, by key. Then [`Resource::plan`] runs; only what it
//! changes is taken over. It must not depend on anything but its arguments, and
//! may only turn unknown values into known ones between two calls: Terraform
//! plans again before it applies.
//!
//! **Replacement.** A change of an attribute with the rule `replace` makes a
//! new object, as does [`Change::replace`] at a path that changes. It is planned
//! in two calls, the second a create without private bytes.
//!
//! **Apply.** [`Resource::create`] and [`Resource::update`] get the plan with
//! write-only values from the configuration. In their result everything is
//! known, and what was planned is as planned; where the remote side spells it
//! differently (an equivalence, or absent for empty), the plan's spelling is
//! kept. [`Cx::save`] keeps a state whatever happens after it: an error, a
//! panic, an interruption. Without it a failed create keeps nothing, and a
//! failed update or delete the state before.
//!
//! **Read.** What is found takes the spelling of the state: equivalent values,
//! and in attributes that a configuration may set, absent and empty (`null`,
//! `""`, `[]`, `{}`) count as the same, unless the attribute is
//! [literal](crate::schema::PlanRule::literal). A sensitive attribute that a
//! configuration may set and that the remote side does not show (null) stays
//! what it was. Write-only attributes are never stored.
//!
//! **Timeouts.** A resource with [`Resource::TIMEOUTS`], or a data source with
//! [`DataSource::TIMEOUT`], gets the attribute `timeouts`, which its model does
//! not mention. [`Cx::deadline`] is the end of the operation's; without any it
//! is after twenty minutes. A delete takes it from the state. The engine ends no
//! operation by itself: waits watch [`Cx::deadline`] and [`Cx::stop`].
//!
//! **Identity.** The attributes in [`Resource::IDENTITY`] have values once the
//! object exists and never change while it does.
//!
//! **Interruption.** After Terraform is interrupted, nothing begins that would
//! change anything; running operations find [`Cx::stop`] fired. Closing an
//! ephemeral resource goes on undisturbed.

mod answer;
mod apply;
mod call;
mod check;
mod conform;
mod context;
mod data_source;
mod dispatch;
mod ephemeral;
mod erased;
mod function;
mod identity;
mod import;
mod managed;
mod panic;
mod plan;
mod provider;
mod query;
mod read;
mod resource;
pub mod rules;
mod schemas;
mod server;
mod session;
mod settle;
mod shape;
mod show;
#[cfg(test)]
mod testing;
mod timeouts;
mod unknown;
mod upgrade;
mod validate;
mod write_only;

pub(crate) use self::panic::is_caught as panics_become_diagnostics;
pub use self::{
    context::{Change, Cx, PlanCx, Stop},
    data_source::DataSource,
    dispatch::Engine,
    ephemeral::{EphemeralResource, Opened, Renewed},
    function::{Function, FunctionError, Parameter, Signature},
    provider::{Provider, Registry},
    resource::{MoveSource, Operation, Resource},
    server::*,
};
