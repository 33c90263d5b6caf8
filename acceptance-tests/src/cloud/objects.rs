//! What flows have made, for assertions that nothing is left and for changes
//! behind Terraform's back.

use serde::Serialize;
use serde_json::Value;

/// One object that a caller created. What the world brought along is none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ObjectRecord {
    /// Kind, unique over all services: `ccn`, `ccn_attachment`, `mesh`, `dns_record`, …
    pub kind: &'static str,
    /// Id, unique in the kind. A relation joins its parts with `#` as the
    /// official Terraform provider does: `ccn-1#VPC#ap-guangzhou#vpc-2`.
    pub id: String,
    /// UIN of the owner.
    pub owner: String,
    /// State that the API shows, if the kind has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Everything else worth seeing; never a secret.
    pub detail: Value,
}
