//! `crossmesh_ccn_attachments`: what is in a CCN or has applied to join it.

use tfsdk::{Diagnostics, Model, engine::DataSource, schema::validators, value::Tf};

use super::row::Key;
use crate::{
    cloud::api::{
        ccn::{self, Attachment},
        is,
    },
    services::{Client, Cx, Scope, diagnostic::Doing},
};

/// The instances that are in a Cloud Connect Network (CCN) or have applied to
/// join it.
///
/// The CCN's owner sees all of them, every other account its own. With
/// `state = "PENDING"` it lists the applications that wait for being accepted.
#[derive(Clone, Model)]
pub(super) struct Listing {
    #[attr(flatten)]
    pub scope: Scope,

    /// Id of the CCN, `ccn-…`.
    #[attr(required, validate(validators::not_empty()))]
    pub ccn_id: Tf<String>,

    /// Only attachments in this state, such as `PENDING` or `ACTIVE`.
    #[attr(optional)]
    pub state: Tf<String>,

    /// Only instances of the account with this UIN.
    #[attr(optional)]
    pub instance_uin: Tf<String>,

    /// Only instances in this region.
    #[attr(optional)]
    pub instance_region: Tf<String>,

    /// Only instances of this kind, such as `VPC`.
    #[attr(optional)]
    pub instance_type: Tf<String>,

    /// The attachments, sorted by region, then by instance.
    #[attr(computed)]
    pub attachments: Tf<Vec<Entry>>,
}

/// An attachment.
#[derive(Clone, Model)]
pub(super) struct Entry {
    /// Id of the attachment, `CCN#TYPE#REGION#INSTANCE`: what imports take.
    #[attr(computed)]
    pub id: Tf<String>,

    /// Id of the instance, such as `vpc-…`.
    #[attr(computed)]
    pub instance_id: Tf<String>,

    /// Kind of the instance, such as `VPC`.
    #[attr(computed)]
    pub instance_type: Tf<String>,

    /// Name of the instance.
    #[attr(computed)]
    pub instance_name: Tf<String>,

    /// Region of the instance.
    #[attr(computed)]
    pub instance_region: Tf<String>,

    /// UIN of the account that owns the instance.
    #[attr(computed)]
    pub instance_uin: Tf<String>,

    /// UIN of the account that owns the CCN.
    #[attr(computed)]
    pub ccn_uin: Tf<String>,

    /// State: `PENDING` (applied for), `ATTACHING`, `ACTIVE`, `EXPIRED`,
    /// `REJECTED`, `FAILED`, `DETACHING` or `DETACHFAILED`.
    #[attr(computed)]
    pub state: Tf<String>,

    /// Address ranges of the instance, sorted.
    #[attr(computed)]
    pub cidr_blocks: Tf<Vec<String>>,

    /// When it was applied for or attached, as the API writes it.
    #[attr(computed)]
    pub attached_time: Tf<String>,

    /// Remark.
    #[attr(computed)]
    pub description: Tf<String>,

    /// Route table of the CCN.
    #[attr(computed)]
    pub route_table_id: Tf<String>,
}

/// The data source.
#[derive(Clone, Copy, Debug)]
pub(super) struct CcnAttachments;

impl DataSource for CcnAttachments {
    type Model = Listing;
    type Client = Client;

    const TYPE: &'static str = "crossmesh_ccn_attachments";

    async fn read(&self, cx: &Cx, mut config: Listing) -> Result<Listing, Diagnostics> {
        let account = config.scope.open_for_read(cx).await?;
        let rows = ccn::attachments(&account, config.ccn_id.text()).await;
        let rows = rows.doing("list the CCN's attachments")?;
        let mut entries: Vec<Attachment> =
            rows.into_iter().filter(|row| config.shows(row)).collect();
        entries.sort_by(|a, b| {
            (&a.instance_region, &a.instance_id).cmp(&(&b.instance_region, &b.instance_id))
        });
        config.attachments = entries.into_iter().map(Entry::from).collect::<Vec<_>>().into();
        Ok(config)
    }
}

impl Listing {
    fn shows(&self, row: &Attachment) -> bool {
        let fits = |wanted: &Tf<String>, value: &str| {
            wanted.known().is_none_or(|wanted| is(value, wanted))
        };
        fits(&self.state, &row.state)
            && fits(&self.instance_uin, &row.instance_uin)
            && fits(&self.instance_region, &row.instance_region)
            && fits(&self.instance_type, &row.instance_type)
    }
}

impl From<Attachment> for Entry {
    fn from(row: Attachment) -> Self {
        let instance_type = row.instance_type.to_ascii_uppercase();
        let key = Key {
            ccn_id: row.ccn_id,
            instance_type: instance_type.clone(),
            instance_region: row.instance_region.clone(),
            instance_id: row.instance_id.clone(),
        };
        let mut ranges = row.cidr_block;
        ranges.sort();
        Self {
            id: key.to_string().into(),
            instance_id: row.instance_id.into(),
            instance_type: instance_type.into(),
            instance_name: row.instance_name.into(),
            instance_region: row.instance_region.into(),
            instance_uin: row.instance_uin.into(),
            ccn_uin: row.ccn_uin.into(),
            state: row.state.to_ascii_uppercase().into(),
            cidr_blocks: ranges.into(),
            attached_time: row.attached_time.into(),
            description: row.description.into(),
            route_table_id: row.route_table_id.into(),
        }
    }
}
