//! The services that the plugin serves on each connection.

mod broker;
mod controller;
mod health;
mod router;
mod stdio;

pub(crate) use self::router::Router;
