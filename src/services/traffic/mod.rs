//! Whether traffic arrives.

pub mod probe;
