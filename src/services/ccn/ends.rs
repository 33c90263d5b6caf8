//! The two ends of an attachment, as the owner of the instance names them.

use tfsdk::{Model, engine::Change, schema::validators, value::Tf};

use super::row::Key;
use crate::services::Scope;

/// What joins what.
#[derive(Clone, Default, Model)]
pub(super) struct Ends {
    /// Id of the attachment, `CCN#TYPE#REGION#INSTANCE`.
    #[attr(computed, stable)]
    pub id: Tf<String>,

    /// Id of the CCN, `ccn-…`.
    #[attr(required, replace, validate(validators::not_empty()))]
    pub ccn_id: Tf<String>,

    /// Id of the instance, such as `vpc-…`.
    #[attr(required, replace, validate(validators::not_empty()))]
    pub instance_id: Tf<String>,

    /// Kind of the instance: `VPC`, `DIRECTCONNECT`, `BMVPC` or `VPNGW`.
    #[attr(
        optional,
        default = "VPC",
        replace,
        validate(validators::one_of(["VPC", "DIRECTCONNECT", "BMVPC", "VPNGW"]))
    )]
    pub instance_type: Tf<String>,

    /// Region of the instance. Default: the `region` of this object.
    #[attr(optional, computed, stable, replace, validate(validators::not_empty()))]
    pub instance_region: Tf<String>,
}

impl Ends {
    /// Plans the region and the id of what is to be created, as far as they are
    /// known.
    pub(super) fn plan<M>(change: &mut Change<M>, parts: fn(&mut M) -> (&mut Self, &mut Scope)) {
        if !change.is_create() {
            return;
        }
        let asked = parts(&mut change.config).0.instance_region.clone();
        let (ends, scope) = parts(&mut change.planned);
        if asked.is_null() && ends.instance_region.is_unknown() {
            ends.instance_region = scope.region.clone();
        }
        if let Some(key) = ends.key() {
            ends.id = key.to_string().into();
        }
    }

    /// Settles the region and the id before the instance is attached in
    /// `region`, and returns the key.
    pub(super) fn settle(&mut self, region: &Tf<String>) -> Key {
        if !self.instance_region.is_known() {
            self.instance_region = region.clone();
        }
        let key = Key {
            ccn_id: self.ccn_id.text().to_owned(),
            instance_type: self.instance_type.text().to_owned(),
            instance_region: self.instance_region.text().to_owned(),
            instance_id: self.instance_id.text().to_owned(),
        };
        self.id = key.to_string().into();
        key
    }

    /// The key, once all of it is known.
    pub(super) fn key(&self) -> Option<Key> {
        Some(Key {
            ccn_id: self.ccn_id.known()?.clone(),
            instance_type: self.instance_type.known()?.clone(),
            instance_region: self.instance_region.known()?.clone(),
            instance_id: self.instance_id.known()?.clone(),
        })
    }
}

impl From<Key> for Ends {
    fn from(key: Key) -> Self {
        Self {
            id: key.to_string().into(),
            ccn_id: key.ccn_id.into(),
            instance_id: key.instance_id.into(),
            instance_type: key.instance_type.into(),
            instance_region: key.instance_region.into(),
        }
    }
}
