//! The row that joins an instance to a CCN.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::State;
use crate::cloud::transition::Managed;

/// An attached instance, seen by the owner of the CCN and by its own owner.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// What joins what.
    pub key: AttachmentKey,
    /// UIN of the owner of the CCN.
    pub ccn_uin: String,
    /// UIN of the owner of the instance.
    pub instance_uin: String,
    /// Name of the instance.
    pub instance_name: String,
    /// Ranges of the instance.
    pub cidrs: Vec<String>,
    /// Remark, which either side may change.
    pub description: String,
    /// Id of the CCN's route table.
    pub route_table: String,
    /// `PayByCcnOwner` or `PayByInstanceOwner`.
    pub order_type: String,
    /// When it became active, or was applied for.
    pub attached: Timestamp,
    /// Where it stands.
    pub state: Managed<AttachmentState>,
    /// Whether the owner of the CCN sees it already.
    pub visible: Managed<bool>,
    /// Whether its subnets' routes are in the CCN.
    pub published: bool,
}

/// What joins what; written as `ccn-1#VPC#ap-guangzhou#vpc-2`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AttachmentKey {
    /// `ccn-…`.
    pub ccn_id: String,
    /// `VPC`.
    pub instance_type: String,
    /// Region of the instance.
    pub instance_region: String,
    /// `vpc-…`.
    pub instance_id: String,
}

impl AttachmentKey {
    /// Reads the written form.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('#').collect();
        let &[ccn_id, instance_type, instance_region, instance_id] = parts.as_slice() else {
            return None;
        };
        Some(Self {
            ccn_id: ccn_id.to_owned(),
            instance_type: instance_type.to_owned(),
            instance_region: instance_region.to_owned(),
            instance_id: instance_id.to_owned(),
        })
    }
}

impl fmt::Display for AttachmentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ccn_id, instance_type, instance_region, instance_id } = self;
        write!(f, "{ccn_id}#{instance_type}#{instance_region}#{instance_id}")
    }
}

/// `State` of `CcnAttachedInstance`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachmentState {
    /// Applied for by another account.
    Pending,
    /// Being attached.
    Attaching,
    /// Attached; its routes are published.
    Active,
    /// Nobody accepted in time.
    Expired,
    /// The owner of the CCN refused.
    Rejected,
    /// Being detached.
    Detaching,
    /// Attaching failed.
    Failed,
    /// Detaching failed.
    DetachFailed,
    /// Gone; rows in this state are removed.
    Deleted,
}

const NAMES: [(AttachmentState, &str); 9] = [
    (AttachmentState::Pending, "PENDING"),
    (AttachmentState::Attaching, "ATTACHING"),
    (AttachmentState::Active, "ACTIVE"),
    (AttachmentState::Expired, "EXPIRED"),
    (AttachmentState::Rejected, "REJECTED"),
    (AttachmentState::Detaching, "DETACHING"),
    (AttachmentState::Failed, "FAILED"),
    (AttachmentState::DetachFailed, "DETACHFAILED"),
    (AttachmentState::Deleted, "DELETED"),
];

impl fmt::Display for AttachmentState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(state, _)| state == self).map_or("", |(_, name)| name);
        f.write_str(name)
    }
}

impl FromStr for AttachmentState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = NAMES.iter().find(|(_, name)| *name == text).map(|(state, _)| *state);
        found.ok_or_else(|| format!("{text} is no state of an attachment"))
    }
}

impl State {
    /// Attachments of a network, in every CCN.
    pub fn attachments_of<'a>(&'a self, vpc_id: &'a str) -> impl Iterator<Item = &'a Attachment> {
        self.attachments.values().filter(move |row| row.key.instance_id == vpc_id)
    }

    /// Removes a row with its routes.
    pub(super) fn remove_attachment(&mut self, key: &AttachmentKey) -> Option<()> {
        self.attachments.remove(key)?;
        self.routes.retain(|route| route.attachment != *key);
        Some(())
    }

    /// Takes a row's routes out of the CCN.
    pub(super) fn unpublish(&mut self, key: &AttachmentKey) {
        self.routes.retain(|route| route.attachment != *key);
        if let Some(row) = self.attachments.get_mut(key) {
            row.published = false;
        }
    }

    /// Changes a row by hand: `State` and `Description`.
    pub(super) fn patch_attachment(
        &mut self,
        key: &AttachmentKey,
        patch: &Map<String, Value>,
    ) -> Option<Result<(), String>> {
        let row = self.attachments.get_mut(key)?;
        for (name, value) in patch {
            let text = value.as_str().unwrap_or_default();
            match name.as_str() {
                "Description" => text.clone_into(&mut row.description),
                "State" => match text.parse() {
                    Ok(state) => row.state.force(state),
                    Err(error) => return Some(Err(error)),
                },
                _ => return Some(Err(format!("{name} of an attachment cannot be changed"))),
            }
        }
        match *row.state.current() {
            AttachmentState::Active => {}
            AttachmentState::Deleted => {
                self.remove_attachment(key);
            }
            _ => self.unpublish(key),
        }
        Some(Ok(()))
    }
}
