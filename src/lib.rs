//! The crossmesh provider, from top to bottom.
//!
//! * [`provider`] – the provider block, accounts, clusters, and the only list of services.
//! * [`services`] – one folder per product, one file per object.
//! * [`functions`] – provider functions: pure and offline.
//! * [`cloud`] – Tencent Cloud API 3.0: sign, retry, limit, typed calls.
//! * [`cluster`] – Kubernetes: clients by cluster, server-side apply, readiness.
//! * [`wait`] – the one waiter.
//! * [`secret`] – text that is never printed.
//!
//! Each knows only those below it; `cloud`, `cluster`, `wait` and `secret` know no Terraform.

pub mod cloud;
pub mod cluster;
pub mod functions;
pub mod provider;
pub mod secret;
pub mod services;
pub mod wait;
