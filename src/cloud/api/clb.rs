//! Load balancers, `clb` 2018-03-17.

use serde::{Deserialize, Serialize};

use super::Tag;
use crate::cloud::{
    Account, Action, Error, RegionUse, Service, found,
    page::{self, Page},
};

static CLB: Service = Service { name: "clb", version: "2018-03-17", region: RegionUse::Needed };

const DESCRIBE: Action = Action::read(&CLB, "DescribeLoadBalancers");

/// Largest number of ids of one request.
const PAGE: usize = 20;

/// State of a load balancer that is being created.
pub const CREATING: u64 = 0;
/// State of a load balancer in service.
pub const RUNNING: u64 = 1;

/// A load balancer (`DescribeLoadBalancers`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct LoadBalancer {
    /// Id, `lb-…`.
    pub load_balancer_id: String,
    /// Name.
    pub load_balancer_name: String,
    /// `OPEN`: public; `INTERNAL`: private.
    pub load_balancer_type: String,
    /// Addresses; none if it only has a name.
    pub load_balancer_vips: Vec<String>,
    /// Host name of those that have one.
    pub load_balancer_domain: String,
    /// Host name in the older member.
    pub domain: String,
    /// [`CREATING`] or [`RUNNING`].
    pub status: u64,
    /// Private network.
    pub vpc_id: String,
    /// Subnet of a private one.
    pub subnet_id: String,
    /// When it was created.
    pub create_time: String,
    /// Tags.
    pub tags: Vec<LoadBalancerTag>,
}

impl LoadBalancer {
    /// Its host name, wherever it is told; `None` if it has none.
    pub fn hostname(&self) -> Option<&str> {
        [&self.load_balancer_domain, &self.domain]
            .into_iter()
            .map(String::as_str)
            .find(|name| !name.is_empty())
    }
}

/// A tag of a load balancer; this product spells them its own way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct LoadBalancerTag {
    /// Key.
    pub tag_key: String,
    /// Value.
    pub tag_value: String,
}

impl From<LoadBalancerTag> for Tag {
    fn from(tag: LoadBalancerTag) -> Self {
        Self { key: tag.tag_key, value: tag.tag_value }
    }
}

/// The load balancer with this id in the account's region.
///
/// # Errors
/// Those of the call.
pub async fn find(account: &Account, id: &str) -> Result<Option<LoadBalancer>, Error> {
    let found = list(account, &[id.to_owned()]).await?;
    Ok(found.into_iter().find(|balancer| balancer.load_balancer_id == id))
}

/// The load balancers with these ids (`DescribeLoadBalancers`). Ids that do not exist are missing.
///
/// # Errors
/// Those of the call.
pub async fn list(account: &Account, ids: &[String]) -> Result<Vec<LoadBalancer>, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request<'a> {
        load_balancer_ids: &'a [String],
        offset: u64,
        limit: u64,
    }
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Answer {
        total_count: Option<u64>,
        load_balancer_set: Vec<LoadBalancer>,
    }
    let mut balancers = Vec::new();
    for load_balancer_ids in ids.chunks(PAGE) {
        let batch = page::all(PAGE as u64, |offset, limit| async move {
            let request = Request { load_balancer_ids, offset, limit };
            let answer: Answer = account.call(&DESCRIBE, &request).await?;
            Ok(Page { items: answer.load_balancer_set, total: answer.total_count })
        })
        .await;
        balancers.extend(found(batch)?.unwrap_or_default());
    }
    Ok(balancers)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cloud::scripted::{Scripted, answer, refusal};

    #[tokio::test(start_paused = true)]
    async fn a_load_balancer_has_an_address_or_a_name() {
        let cloud = Scripted::new(vec![answer(json!({"TotalCount": 1, "LoadBalancerSet": [{
            "LoadBalancerId": "lb-1", "Status": 1, "LoadBalancerVips": ["203.0.113.7"],
            "Domain": "", "LoadBalancerDomain": null,
            "Tags": [{"TagKey": "team", "TagValue": "net"}]
        }]}))]);
        let balancer = find(&cloud.account(), "lb-1").await.unwrap().unwrap();
        assert_eq!(balancer.load_balancer_vips, ["203.0.113.7"]);
        assert_eq!(balancer.hostname(), None);
        assert_eq!(Tag::from(balancer.tags[0].clone()).key, "team");
        assert_eq!(
            cloud.sent(0).body,
            json!({"LoadBalancerIds": ["lb-1"], "Offset": 0, "Limit": 20})
        );

        let named = LoadBalancer { domain: "old.example".into(), ..LoadBalancer::default() };
        assert_eq!(named.hostname(), Some("old.example"));
    }

    #[tokio::test(start_paused = true)]
    async fn an_unknown_id_is_gone() {
        let cloud = Scripted::new(vec![refusal("InvalidParameter.LBIdNotFound")]);
        assert_eq!(find(&cloud.account(), "lb-1").await.unwrap(), None);
    }
}
