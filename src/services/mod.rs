//! Resources and data sources, one folder per service.

pub mod traffic;
