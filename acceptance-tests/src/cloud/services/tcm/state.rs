//! The states that the API shows.

use std::{fmt, str::FromStr};

/// `Mesh.State`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeshState {
    /// Accepted.
    Pending,
    /// Being made.
    Creating,
    /// Ready.
    Running,
    /// Broken.
    Abnormal,
    /// Being upgraded.
    Upgrading,
    /// Being deleted.
    Deleting,
    /// Could not be made; only deletion is left.
    CreateFailed,
    /// Could not be deleted.
    DeleteFailed,
    /// Deleted; never shown.
    Gone,
}

/// `ClusterStatus.LinkState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// Being linked.
    Linking,
    /// In the mesh.
    Linked,
    /// Being taken out.
    Unlinking,
    /// Could not be linked.
    LinkFailed,
    /// Could not be taken out.
    UnlinkFailed,
    /// Taken out; never shown.
    Gone,
}

impl fmt::Display for MeshState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "PENDING",
            Self::Creating => "CREATING",
            Self::Running => "RUNNING",
            Self::Abnormal => "ABNORMAL",
            Self::Upgrading => "UPGRADING",
            Self::Deleting => "DELETING",
            Self::CreateFailed => "CREATE_FAILED",
            Self::DeleteFailed => "DELETE_FAILED",
            Self::Gone => "GONE",
        })
    }
}

impl FromStr for MeshState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [
            Self::Pending,
            Self::Creating,
            Self::Running,
            Self::Abnormal,
            Self::Upgrading,
            Self::Deleting,
            Self::CreateFailed,
            Self::DeleteFailed,
        ];
        let found = all.into_iter().find(|state| state.to_string() == text);
        found.ok_or_else(|| format!("a mesh has no state {text}"))
    }
}

impl fmt::Display for LinkState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Linking => "LINKING",
            Self::Linked => "LINKED",
            Self::Unlinking => "UNLINKING",
            Self::LinkFailed => "LINK_FAILED",
            Self::UnlinkFailed => "UNLINK_FAILED",
            Self::Gone => "GONE",
        })
    }
}

impl FromStr for LinkState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all =
            [Self::Linking, Self::Linked, Self::Unlinking, Self::LinkFailed, Self::UnlinkFailed];
        let found = all.into_iter().find(|state| state.to_string() == text);
        found.ok_or_else(|| format!("a link has no state {text}"))
    }
}
