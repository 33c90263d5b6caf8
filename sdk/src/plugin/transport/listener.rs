//! A Unix socket in a private folder, or a port on the loopback interface.

use std::{io, net::Ipv4Addr, ops::RangeInclusive};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};

use crate::plugin::handshake::SocketWish;

/// Where to listen.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// For a Unix socket.
    #[cfg_attr(not(unix), expect(dead_code, reason = "there are no Unix sockets"))]
    pub(crate) socket: SocketWish,
    /// For a TCP port.
    pub(crate) ports: RangeInclusive<u16>,
    /// Whether a port may be used where there could be a Unix socket: only if
    /// clients must prove who they are.
    #[cfg_attr(not(unix), expect(dead_code, reason = "there are no Unix sockets"))]
    pub(crate) port_allowed: bool,
}

/// Waits for connections.
pub(crate) struct Listener {
    kind: Kind,
    network: &'static str,
    address: String,
}

enum Kind {
    #[cfg(unix)]
    Unix(
        tokio::net::UnixListener,
        #[expect(dead_code, reason = "removed when dropped")] tempfile::TempDir,
    ),
    Tcp(TcpListener),
}

/// A connection of either kind.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Listener {
    /// Starts to listen.
    #[cfg(unix)]
    pub(crate) async fn bind(place: &Place) -> io::Result<Self> {
        match unix::bind(&place.socket) {
            Ok((listener, folder, address)) => {
                Ok(Self { kind: Kind::Unix(listener, folder), network: "unix", address })
            }
            Err(error) if place.port_allowed => {
                tracing::debug!(%error, "no Unix socket: listening on a port instead");
                Self::bind_port(place.ports.clone()).await
            }
            Err(error) => Err(error),
        }
    }

    /// Starts to listen.
    #[cfg(not(unix))]
    pub(crate) async fn bind(place: &Place) -> io::Result<Self> {
        Self::bind_port(place.ports.clone()).await
    }

    async fn bind_port(ports: RangeInclusive<u16>) -> io::Result<Self> {
        let mut refused = io::Error::from(io::ErrorKind::AddrInUse);
        for port in ports {
            match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
                Ok(listener) => {
                    let address = listener.local_addr()?.to_string();
                    return Ok(Self { kind: Kind::Tcp(listener), network: "tcp", address });
                }
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    /// `unix` or `tcp`.
    pub(crate) fn network(&self) -> &'static str {
        self.network
    }

    /// The socket's path, or host and port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The next connection.
    pub(crate) async fn accept(&self) -> io::Result<Box<dyn Stream>> {
        match &self.kind {
            #[cfg(unix)]
            Kind::Unix(listener, _) => Ok(Box::new(listener.accept().await?.0)),
            Kind::Tcp(listener) => Ok(Box::new(accept_port(listener).await?)),
        }
    }
}

async fn accept_port(listener: &TcpListener) -> io::Result<TcpStream> {
    let (stream, _) = listener.accept().await?;
    // Without it, small messages wait for acknowledgements: 40 ms a call.
    stream.set_nodelay(true)?;
    Ok(stream)
}

#[cfg(unix)]
mod unix {
    use std::{
        fs::{self, Permissions},
        io,
        os::unix::fs::{PermissionsExt, chown},
        path::Path,
    };

    use tempfile::TempDir;
    use tokio::net::UnixListener;

    use super::SocketWish;

    /// A socket in a new folder that only the user, and the group that the host
    /// names, can enter.
    pub(super) fn bind(wish: &SocketWish) -> io::Result<(UnixListener, TempDir, String)> {
        let folder = private_folder(wish)?;
        let path = folder.path().join("p");
        let address = path
            .to_str()
            .filter(|text| !text.contains(['|', '\n']))
            .ok_or_else(|| io::Error::other("the temporary folder's path cannot be announced"))?
            .to_owned();
        let listener = UnixListener::bind(&path)?;
        if let Some(group) = &wish.group {
            let group = Some(group_id(group)?);
            chown(&path, None, group)?;
            fs::set_permissions(&path, Permissions::from_mode(0o660))?;
            chown(folder.path(), None, group)?;
            fs::set_permissions(folder.path(), Permissions::from_mode(0o710))?;
        }
        Ok((listener, folder, address))
    }

    /// The name is short because a socket's path may have 104 bytes at most.
    fn private_folder(wish: &SocketWish) -> io::Result<TempDir> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("tf-").permissions(Permissions::from_mode(0o700));
        match &wish.folder {
            Some(folder) => builder.tempdir_in(folder),
            None => builder.tempdir(),
        }
    }

    /// The number of a group that is given by number or by name.
    fn group_id(group: &str) -> io::Result<u32> {
        if let Ok(id) = group.parse() {
            return Ok(id);
        }
        group_in(&fs::read_to_string(Path::new("/etc/group"))?, group).ok_or_else(|| {
            io::Error::other(format!("PLUGIN_UNIX_SOCKET_GROUP: there is no group {group:?}"))
        })
    }

    fn group_in(table: &str, name: &str) -> Option<u32> {
        table.lines().find_map(|line| {
            let mut fields = line.split(':');
            (fields.next() == Some(name)).then(|| fields.nth(1)?.parse().ok())?
        })
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn groups_are_found_by_name() {
            let table = "root:x:0:\ndocker:x:998:me,you\nbroken\n";
            assert_eq!(group_in(table, "docker"), Some(998));
            assert_eq!(group_in(table, "broken"), None);
            assert_eq!(group_in(table, "me"), None);
        }

        #[tokio::test]
        async fn the_folder_is_private_and_goes_with_the_listener() {
            let parent = tempfile::tempdir().unwrap();
            let wish = SocketWish { folder: Some(parent.path().into()), group: None };
            let (listener, folder, address) = bind(&wish).unwrap();
            let mode = fs::metadata(folder.path()).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
            assert!(fs::exists(&address).unwrap());
            drop((listener, folder));
            assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
        }

        #[tokio::test]
        async fn a_group_may_be_let_in() {
            let parent = tempfile::tempdir().unwrap();
            let own = std::os::unix::fs::MetadataExt::gid(&fs::metadata(parent.path()).unwrap());
            let wish =
                SocketWish { folder: Some(parent.path().into()), group: Some(own.to_string()) };
            let (_listener, folder, address) = bind(&wish).unwrap();
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(folder.path()), 0o710);
            assert_eq!(mode(Path::new(&address)), 0o660);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn small_messages_do_not_wait() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        assert!(accept_port(&listener).await.unwrap().nodelay().unwrap());
    }

    #[tokio::test]
    async fn ports_are_tried_in_turn() {
        let taken = Listener::bind_port(0..=0).await.unwrap();
        let port: u16 = taken.address().rsplit(':').next().unwrap().parse().unwrap();
        assert!(Listener::bind_port(port..=port).await.is_err());
        if let Some(next) = port.checked_add(20) {
            let other = Listener::bind_port(port..=next).await.unwrap();
            assert_ne!(other.address(), taken.address());
            assert_eq!(other.network(), "tcp");
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_path_that_is_too_long_for_a_socket_means_a_port_if_that_is_safe() {
        let parent = tempfile::tempdir().unwrap();
        let deep = parent.path().join("x".repeat(120));
        std::fs::create_dir(&deep).unwrap();
        let socket = SocketWish { folder: Some(deep.clone()), group: None };
        let place = Place { socket, ports: 0..=0, port_allowed: true };
        assert_eq!(Listener::bind(&place).await.unwrap().network(), "tcp");
        assert!(Listener::bind(&Place { port_allowed: false, ..place }).await.is_err());
        assert_eq!(std::fs::read_dir(&deep).unwrap().count(), 0);
    }
}
