//! Provider functions: pure calculations over values.

pub mod cidr;
