//! Tag 2018-08-13: tags of other products' resources by six-segment name,
//! `qcs::vpc:ap-guangzhou:uin/100010000001:ccn/ccn-abcdefgh`.

use serde_json::{Value, json};

use crate::{
    cloud::{
        service::{Answer, ApiError, Context, Params, Service},
        state::State,
    },
    fields,
};

/// The product.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tag;

impl Service for Tag {
    fn name(&self) -> &'static str {
        "tag"
    }

    fn catalogue(&self) -> &'static [&'static str] {
        &[include_str!("../../../catalogue/tag.json")]
    }

    fn needs_region(&self, _: &str) -> bool {
        false
    }

    fn call(&self, cx: &mut Context<'_>, action: &str, params: &Params) -> Answer {
        match action {
            "TagResources" => tag(cx, params),
            "UnTagResources" => untag(cx, params),
            "ModifyResourceTags" => modify(cx, params),
            "GetResources" => resources(cx, params),
            _ => Err(ApiError::not_simulated(self.name(), action)),
        }
    }
}

/// A resource's six-segment name, taken apart.
struct ResourceName<'a> {
    /// As it was written.
    text: &'a str,
    uin: &'a str,
    prefix: &'a str,
    id: &'a str,
}

impl<'a> ResourceName<'a> {
    fn parse(text: &'a str) -> Result<Self, ApiError> {
        let wrong = || {
            ApiError::new(
                "InvalidParameterValue.ResourceDescriptionError",
                format!("{text} is no six-segment resource name"),
            )
        };
        let segments: Vec<&str> = text.splitn(6, ':').collect();
        let [qcs, _project, _service, _region, owner, resource] = segments[..] else {
            return Err(wrong());
        };
        let uin = owner.strip_prefix("uin/").ok_or_else(wrong)?;
        let (prefix, id) = resource.split_once('/').ok_or_else(wrong)?;
        if qcs != "qcs" || prefix.is_empty() || id.is_empty() {
            return Err(wrong());
        }
        Ok(Self { text, uin, prefix, id })
    }

    /// Parses names that must be the caller's own existing resources.
    fn parse_own(cx: &Context<'_>, text: &'a str) -> Result<Self, ApiError> {
        let name = Self::parse(text)?;
        if !name.uin.is_empty() && name.uin != cx.caller.uin {
            return Err(ApiError::new(
                "InvalidParameterValue.UinInvalid",
                format!("{text} belongs to account {}, not to {}", name.uin, cx.caller.uin),
            ));
        }
        match owner(cx.state, name.prefix, name.id) {
            Some(uin) if uin == cx.caller.uin => Ok(name),
            _ => Err(ApiError::new(
                "ResourceNotFound",
                format!("account {} has no resource {text}", cx.caller.uin),
            )),
        }
    }
}

/// UIN of the account that owns a taggable resource.
fn owner<'s>(state: &'s State, prefix: &str, id: &str) -> Option<&'s str> {
    match prefix {
        "ccn" => state.vpc.ccns.get(id).map(|ccn| ccn.uin.as_str()),
        "mesh" => state.tcm.meshes.get(id).map(|mesh| mesh.owner.as_str()),
        "clb" => state.clb.balancers.get(id).map(|balancer| balancer.owner.as_str()),
        "cluster" => {
            let hub = state.tdcc.hubs.get(id).map(|hub| hub.owner.as_str());
            hub.or_else(|| state.tdcc.registered.get(id).map(|cluster| cluster.owner.as_str()))
                .or_else(|| state.tke.clusters.get(id).map(|cluster| cluster.owner.as_str()))
        }
        _ => None,
    }
}

fn tag(cx: &mut Context<'_>, params: &Params) -> Answer {
    let names = own_names(cx, &params.strings("ResourceList"))?;
    for (prefix, id) in names {
        for tag in params.objects("Tags") {
            cx.state.tags.set(&prefix, &id, tag.required("TagKey")?, &tag.text("TagValue"));
        }
    }
    Ok(fields! {"FailedResources": []})
}

fn untag(cx: &mut Context<'_>, params: &Params) -> Answer {
    let names = own_names(cx, &params.strings("ResourceList"))?;
    for (prefix, id) in names {
        for key in params.strings("TagKeys") {
            cx.state.tags.remove(&prefix, &id, key);
        }
    }
    Ok(fields! {"FailedResources": []})
}

fn modify(cx: &mut Context<'_>, params: &Params) -> Answer {
    let replace = params.objects("ReplaceTags");
    let delete = params.objects("DeleteTags");
    if replace.is_empty() && delete.is_empty() {
        return Err(ApiError::new(
            "InvalidParameter.Tag",
            "Neither ReplaceTags nor DeleteTags was given.",
        ));
    }
    let twice = replace.iter().find(|r| delete.iter().any(|d| d.str("TagKey") == r.str("TagKey")));
    if let Some(tag) = twice {
        return Err(ApiError::new(
            "InvalidParameterValue.DeleteTagsParamError",
            format!("Tag {} is both replaced and deleted.", tag.text("TagKey")),
        ));
    }
    for (prefix, id) in own_names(cx, &[params.required("Resource")?])? {
        for tag in &replace {
            cx.state.tags.set(&prefix, &id, tag.required("TagKey")?, &tag.text("TagValue"));
        }
        for tag in &delete {
            cx.state.tags.remove(&prefix, &id, tag.required("TagKey")?);
        }
    }
    Ok(fields! {})
}

fn own_names(cx: &Context<'_>, texts: &[&str]) -> Result<Vec<(String, String)>, ApiError> {
    let own = |text: &&str| {
        let name = ResourceName::parse_own(cx, text)?;
        Ok((name.prefix.to_owned(), name.id.to_owned()))
    };
    texts.iter().map(own).collect()
}

fn resources(cx: &Context<'_>, params: &Params) -> Answer {
    let wanted: Vec<ResourceName<'_>> = params
        .strings("ResourceList")
        .into_iter()
        .map(ResourceName::parse)
        .collect::<Result<_, _>>()?;
    let filters: Vec<(String, Vec<String>)> = params
        .objects("TagFilters")
        .iter()
        .map(|filter| {
            let values = filter.strings("TagValue").into_iter().map(str::to_owned).collect();
            (filter.text("TagKey"), values)
        })
        .collect();
    let mut mappings: Vec<Value> = Vec::new();
    for (prefix, id, tags) in cx.state.tags.iter() {
        let named = wanted.iter().find(|name| name.prefix == prefix && name.id == id);
        let carries = |(key, values): &(String, Vec<String>)| {
            tags.get(key).is_some_and(|value| values.is_empty() || values.contains(value))
        };
        if tags.is_empty()
            || owner(cx.state, prefix, id) != Some(cx.caller.uin.as_str())
            || (!wanted.is_empty() && named.is_none())
            || !filters.iter().all(carries)
        {
            continue;
        }
        let list: Vec<Value> =
            tags.iter().map(|(k, v)| json!({"TagKey": k, "TagValue": v})).collect();
        let name = match named {
            Some(name) => name.text.to_owned(),
            None => six_segments(&cx.caller.uin, cx.region, prefix, id),
        };
        mappings.push(json!({"Resource": name, "Tags": list}));
    }
    Ok(fields! {"PaginationToken": "", "ResourceTagMappingList": mappings})
}

fn six_segments(uin: &str, region: &str, prefix: &str, id: &str) -> String {
    let service = match prefix {
        "ccn" => "vpc",
        "mesh" => "tcm",
        "clb" => "clb",
        _ => "ccs",
    };
    format!("qcs::{service}:{region}:uin/{uin}:{prefix}/{id}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::cloud::bench::Bench;

    #[test]
    fn only_the_owner_tags_a_mesh() {
        let bench = Bench::new();
        let mesh = bench.mesh("hub");
        let uin = bench.world.uin("hub").to_owned();
        let name = format!("qcs::tcm:ap-guangzhou:uin/{uin}:mesh/{mesh}");
        let tags = json!({"ResourceList": [name], "Tags": [{"TagKey": "team", "TagValue": "net"}]});
        bench.ok("hub", "tag:TagResources", tags.clone());
        assert!(bench.call("member", "tag:TagResources", tags).is_err());

        let filter = json!({"TagFilters": [{"TagKey": "team", "TagValue": ["net"]}]});
        let found = bench.ok("hub", "tag:GetResources", filter.clone());
        assert_eq!(found["ResourceTagMappingList"][0]["Resource"], json!(name));
        let theirs = bench.ok("member", "tag:GetResources", filter);
        assert_eq!(theirs["ResourceTagMappingList"], json!([]));

        let change = json!({"Resource": name, "ReplaceTags": [{"TagKey": "a", "TagValue": "b"}],
            "DeleteTags": [{"TagKey": "team"}]});
        bench.ok("hub", "tag:ModifyResourceTags", change);
        let all = bench.ok("hub", "tag:GetResources", json!({"ResourceList": [name]}));
        let left = &all["ResourceTagMappingList"][0]["Tags"];
        assert_eq!(*left, json!([{"TagKey": "a", "TagValue": "b"}]));
    }

    #[test]
    fn a_name_of_other_than_six_segments_is_refused() {
        let bench = Bench::new();
        let wrong = json!({"ResourceList": ["ccn-1"], "TagKeys": ["a"]});
        let error = bench.call("hub", "tag:UnTagResources", wrong).unwrap_err();
        assert_eq!(error.code, "InvalidParameterValue.ResourceDescriptionError");
    }
}
