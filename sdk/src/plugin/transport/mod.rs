//! Where the plugin listens, and who may connect.

mod connection;
mod listener;
mod p521;
mod tls;

pub(crate) use self::{
    connection::{Connections, serve},
    listener::{Listener, Place},
    tls::ServerIdentity,
};
