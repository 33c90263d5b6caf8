//! The products of the cloud, one module each.
//!
//! Adding a product: one module here with its `State` (a field of
//! [`State`](super::state::State)) and its unit struct in [`all`].

pub mod clb;
pub mod dnspod;
pub mod sts;
pub mod tag;
pub mod tcm;
pub mod tdcc;
pub mod tke;
mod topology;
pub mod vpc;

use super::service::Service;

/// Every product, in the order in which they settle: what others build on first.
pub fn all() -> Vec<Box<dyn Service>> {
    vec![
        Box::new(sts::Sts),
        Box::new(vpc::VpcService),
        Box::new(tke::Tke),
        Box::new(tdcc::Tdcc),
        Box::new(clb::Clb),
        Box::new(tcm::Tcm),
        Box::new(dnspod::Dnspod),
        Box::new(tag::Tag),
    ]
}
