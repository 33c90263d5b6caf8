//! Cloud Connect Network (云联网): the network that joins the VPCs.

mod accepter;
mod attachment;
mod attachments;
mod cluster_cidr;
mod cross_account_attachment;
mod ends;
mod instance;
mod membership;
mod overlap;
mod payer;
mod refusal;
mod row;

use tfsdk::engine::Registry;

use crate::services::Client;

/// What this product offers.
pub fn registry() -> Registry<Client> {
    Registry::new()
        .resource(instance::CcnInstance)
        .resource(attachment::CcnAttachment)
        .resource(cross_account_attachment::CcnCrossAccountAttachment)
        .resource(accepter::CcnAccepter)
        .resource(cluster_cidr::CcnClusterCidr)
        .data_source(attachments::CcnAttachments)
}
