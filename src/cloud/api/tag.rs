//! Tags of objects whose own product cannot change them, `tag` 2018-08-13.

use serde::Serialize;

use super::Tag;
use crate::cloud::{Account, Action, Error, RegionUse, Service};

static TAG: Service = Service { name: "tag", version: "2018-08-13", region: RegionUse::Optional };

const MODIFY: Action = Action::repeatable(&TAG, "ModifyResourceTags");

/// Most tags that one call sets or removes.
const BATCH: usize = 10;

/// The six-part name of an object, as in `qcs::vpc:ap-guangzhou:uin/100000000001:ccn/ccn-12345678`.
pub fn resource(service: &str, region: &str, uin: &str, prefix: &str, id: &str) -> String {
    format!("qcs::{service}:{region}:uin/{uin}:{prefix}/{id}")
}

/// Sets `set` (new keys and new values) on an object and removes the keys `remove`
/// (`ModifyResourceTags`). With nothing to do, nothing is called.
///
/// # Errors
/// Those of the call.
pub async fn modify(
    account: &Account,
    resource: &str,
    set: &[Tag],
    remove: &[String],
) -> Result<(), Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Replace<'a> {
        tag_key: &'a str,
        tag_value: &'a str,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Key<'a> {
        tag_key: &'a str,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request<'a> {
        resource: &'a str,
        replace_tags: Option<Vec<Replace<'a>>>,
        delete_tags: Option<Vec<Key<'a>>>,
    }
    // Removing first keeps within the quota of tags per object.
    for keys in remove.chunks(BATCH) {
        let keys = keys.iter().map(|key| Key { tag_key: key }).collect();
        let request = Request { resource, replace_tags: None, delete_tags: Some(keys) };
        account.perform(&MODIFY, &request).await?;
    }
    for tags in set.chunks(BATCH) {
        let tags =
            tags.iter().map(|tag| Replace { tag_key: &tag.key, tag_value: &tag.value }).collect();
        let request = Request { resource, replace_tags: Some(tags), delete_tags: None };
        account.perform(&MODIFY, &request).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cloud::scripted::{Scripted, answer};

    #[tokio::test(start_paused = true)]
    async fn removes_then_sets_in_batches() {
        let cloud = Scripted::new(vec![answer(json!({}))]);
        let set: Vec<Tag> =
            (0..11).map(|n| Tag { key: format!("k{n}"), value: "v".into() }).collect();
        let name = resource("vpc", "ap-guangzhou", "1", "ccn", "ccn-1");
        assert_eq!(name, "qcs::vpc:ap-guangzhou:uin/1:ccn/ccn-1");
        modify(&cloud.account(), &name, &set, &["old".to_owned()]).await.unwrap();
        assert_eq!(cloud.actions(), ["ModifyResourceTags"; 3]);
        assert_eq!(
            cloud.sent(0).body,
            json!({"Resource": name, "DeleteTags": [{"TagKey": "old"}]})
        );
        assert_eq!(
            cloud.sent(2).body,
            json!({"Resource": name, "ReplaceTags": [{"TagKey": "k10", "TagValue": "v"}]})
        );
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_to_do_calls_nothing() {
        let cloud = Scripted::new(vec![answer(json!({}))]);
        modify(&cloud.account(), "r", &[], &[]).await.unwrap();
        assert!(cloud.actions().is_empty());
    }
}
