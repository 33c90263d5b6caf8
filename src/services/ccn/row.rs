//! The row that joins an instance to a CCN: its key, what it says, and where it
//! stands.

use std::fmt;

use tfsdk::{Diagnostic, Diagnostics, Model, value::Tf};

use crate::{
    cloud::{
        Account, Error,
        api::{
            ccn::{Attachment, Instance, attachment_state as state, find_attachment},
            is_any,
        },
    },
    services::diagnostic::facts,
};

/// The form of an attachment's id.
const FORM: &str = "CCN#TYPE#REGION#INSTANCE, such as ccn-0a1b2c3d#VPC#ap-guangzhou#vpc-4e5f6a7b";

/// What joins what; written as `ccn-0a1b2c3d#VPC#ap-guangzhou#vpc-4e5f6a7b`, the
/// form that the official provider uses too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// `ccn-…`.
    pub ccn_id: String,
    /// `VPC`, `DIRECTCONNECT`, `BMVPC` or `VPNGW`.
    pub instance_type: String,
    /// Region of the instance.
    pub instance_region: String,
    /// `vpc-…`.
    pub instance_id: String,
}

impl Key {
    /// Reads the written form.
    ///
    /// # Errors
    ///
    /// States the form and what was given.
    pub(super) fn parse(id: &str) -> Result<Self, Diagnostics> {
        let parts: Vec<&str> = id.split('#').map(str::trim).collect();
        match parts.as_slice() {
            [ccn_id, instance_type, instance_region, instance_id]
                if ccn_id.starts_with("ccn-") && parts.iter().all(|part| !part.is_empty()) =>
            {
                Ok(Self {
                    ccn_id: (*ccn_id).to_owned(),
                    instance_type: instance_type.to_ascii_uppercase(),
                    instance_region: (*instance_region).to_owned(),
                    instance_id: (*instance_id).to_owned(),
                })
            }
            _ => Err(Diagnostic::error(
                "Invalid import id",
                format!(
                    "An attachment's id has the form {FORM}; given was {id:?}. The name of an \
                     account, a region, or both may stand before it: shop@ap-guangzhou/ccn-…"
                ),
            )
            .into()),
        }
    }

    /// The key as the attaching actions take it.
    pub(super) fn instance(&self) -> Instance {
        Instance::new(&*self.instance_type, &*self.instance_region, &*self.instance_id)
    }

    /// The row, as either side sees it; `None` when there is none.
    ///
    /// # Errors
    ///
    /// Those of the call.
    pub(super) async fn find(&self, account: &Account) -> Result<Option<Attachment>, Error> {
        find_attachment(account, &self.ccn_id, &self.instance()).await
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ccn_id, instance_type, instance_region, instance_id } = self;
        write!(f, "{ccn_id}#{instance_type}#{instance_region}#{instance_id}")
    }
}

/// Where a row stands, in terms of what can be done with it.
///
/// Source: `CcnAttachedInstance.State`; the way from one to another is inferred
/// from the actions' descriptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// `PENDING`: applied for, waits for the CCN's owner.
    Pending,
    /// `ATTACHING`: accepted, or of the same account.
    Attaching,
    /// `ACTIVE`: connected.
    Active,
    /// `EXPIRED`: nobody accepted in time; its owner can apply again.
    Expired,
    /// `REJECTED`: the CCN's owner refused.
    Rejected,
    /// `FAILED`, `DETACHFAILED`: the cloud removes it within two hours.
    Failed,
    /// `DETACHING`: as good as gone.
    Detaching,
    /// A word that this provider does not know.
    Other,
}

impl Standing {
    /// Where `row` stands.
    pub(super) fn of(row: &Attachment) -> Self {
        Self::of_state(&row.state)
    }

    /// What a state means, in any case.
    pub(super) fn of_state(word: &str) -> Self {
        let known = [
            (&[state::PENDING][..], Self::Pending),
            (&[state::ATTACHING], Self::Attaching),
            (&[state::ACTIVE], Self::Active),
            (&[state::EXPIRED], Self::Expired),
            (&[state::REJECTED], Self::Rejected),
            (&[state::FAILED, state::DETACHFAILED], Self::Failed),
            (&[state::DETACHING], Self::Detaching),
        ];
        let found = known.into_iter().find(|(words, _)| is_any(word, words));
        found.map_or(Self::Other, |(_, standing)| standing)
    }

    /// Whether it is in the CCN or about to be.
    pub(super) fn is_in(self) -> bool {
        matches!(self, Self::Attaching | Self::Active)
    }

    /// Whether an attachment that was accepted is so still.
    pub(super) fn stays_accepted(self) -> bool {
        self.is_in() || self == Self::Other
    }

    /// Whether nothing more has to be done by the instance's owner.
    pub(super) fn is_live(self) -> bool {
        self.is_in() || self == Self::Pending
    }

    /// Whether the instance's owner has to apply anew.
    pub(super) fn is_lost(self) -> bool {
        matches!(self, Self::Expired | Self::Rejected | Self::Failed | Self::Detaching)
    }
}

/// What the API says of an attachment.
#[derive(Clone, Default, Model)]
pub(super) struct Facts {
    /// State: `PENDING` (applied for), `ATTACHING`, `ACTIVE`, `EXPIRED`,
    /// `REJECTED`, `FAILED`, `DETACHING` or `DETACHFAILED`.
    #[attr(computed, stable)]
    pub state: Tf<String>,

    /// When it was applied for or attached, as the API writes it.
    #[attr(computed, stable)]
    pub attached_time: Tf<String>,

    /// Address ranges of the instance, sorted.
    #[attr(computed, stable)]
    pub cidr_blocks: Tf<Vec<String>>,

    /// UIN of the account that owns the instance.
    #[attr(computed, stable)]
    pub instance_uin: Tf<String>,
}

impl Facts {
    /// Takes over what a row says.
    pub(super) fn take(&mut self, row: &Attachment) {
        let mut ranges = row.cidr_block.clone();
        ranges.sort();
        self.state = row.state.to_ascii_uppercase().into();
        self.attached_time = row.attached_time.clone().into();
        self.cidr_blocks = ranges.into();
        self.instance_uin = row.instance_uin.clone().into();
    }

    /// Plans that the attachment will be made anew.
    pub(super) fn forget(&mut self) {
        self.state = Tf::Unknown;
        self.attached_time = Tf::Unknown;
        self.cidr_blocks = Tf::Unknown;
    }

    /// Where the attachment stood when it was read.
    pub(super) fn standing(&self) -> Standing {
        Standing::of_state(self.state.text())
    }
}

/// The row and its two owners, as lines behind a message.
pub(super) fn parties(row: &Attachment) -> String {
    facts(&[
        ("CCN", &row.ccn_id),
        ("CCN's owner", &row.ccn_uin),
        ("Instance", &row.instance_id),
        ("Instance's owner", &row.instance_uin),
        ("State", &row.state),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written() {
        let text = "ccn-1#VPC#ap-guangzhou#vpc-2";
        assert_eq!(Key::parse(text).unwrap().to_string(), text);
        assert_eq!(Key::parse("ccn-1#vpc#ap-guangzhou#vpc-2").unwrap().to_string(), text);
    }

    #[test]
    fn other_ids_are_refused_with_the_form_and_what_was_given() {
        for id in ["", "ccn-1", "ccn-1#VPC#ap-guangzhou", "ccn-1#VPC##vpc-2", "vpc-2#VPC#r#ccn-1"] {
            let text = Key::parse(id).unwrap_err().to_string();
            assert!(text.contains("CCN#TYPE#REGION#INSTANCE"), "{text}");
            assert!(text.contains(&format!("{id:?}")), "{text}");
        }
    }

    #[test]
    fn every_state_is_live_lost_or_unknown() {
        use Standing::*;
        for (word, standing, live, lost) in [
            ("PENDING", Pending, true, false),
            ("attaching", Attaching, true, false),
            ("Active", Active, true, false),
            ("EXPIRED", Expired, false, true),
            ("REJECTED", Rejected, false, true),
            ("FAILED", Failed, false, true),
            ("DETACHFAILED", Failed, false, true),
            ("DETACHING", Detaching, false, true),
            ("UPGRADING", Other, false, false),
            ("", Other, false, false),
        ] {
            let found = Standing::of_state(word);
            assert_eq!((found, found.is_live(), found.is_lost()), (standing, live, lost), "{word}");
        }
    }

    #[test]
    fn facts_do_not_depend_on_the_order_of_ranges_or_the_case_of_states() {
        let row = Attachment {
            state: "active".to_owned(),
            cidr_block: vec!["172.16.0.0/19".to_owned(), "10.0.0.0/16".to_owned()],
            ..Attachment::default()
        };
        let mut facts = Facts::default();
        facts.take(&row);
        assert_eq!(facts.state.text(), "ACTIVE");
        assert_eq!(facts.cidr_blocks.items(), ["10.0.0.0/16", "172.16.0.0/19"]);
    }
}
