//! What Istio's webhook refuses of an AuthorizationPolicy, and what it warns of.

use tfsdk::{
    Diagnostics,
    value::{Path, Tf},
};

use super::{Operation, Rule, Source, Spec, condition};
use crate::services::istio::{kind::Subject, selector::WorkloadSelector, target};

/// Annotation that only notes what a policy would do.
const DRY_RUN: &str = "istio.io/dry-run";

/// Checks an AuthorizationPolicy.
pub(super) fn authorization_policy(subject: &Subject<'_, Spec>, diagnostics: &mut Diagnostics) {
    let (spec, path) = (subject.spec, Path::from("spec"));
    WorkloadSelector::check(&spec.selector, &path.attribute("selector"), diagnostics);
    target::check(&spec.target_ref, &spec.target_refs, diagnostics);
    if !spec.action.is_unknown() {
        action(spec, &path, diagnostics);
        dry_run(subject, diagnostics);
    }
    for (i, one) in spec.rules.items().iter().enumerate() {
        let path = path.attribute("rules").index(i);
        rule(one, &path, diagnostics);
        match done(spec) {
            "CUSTOM" => custom(one, &path, diagnostics),
            "DENY" => tcp_of_a_denial(one, &path, diagnostics),
            _ => {}
        }
    }
}

/// What is done; `ALLOW` where nothing is said.
fn done(spec: &Spec) -> &str {
    spec.action.known().map_or("ALLOW", String::as_str)
}

fn action(spec: &Spec, path: &Path, diagnostics: &mut Diagnostics) {
    let done = done(spec);
    if matches!(done, "DENY" | "CUSTOM") && spec.rules.is_null() {
        let detail = format!(
            "Without `rules` a policy with {done} is for no request. `rules = [{{}}]` is for all."
        );
        diagnostics.error_at(path.attribute("action"), "Policy without rules", detail);
    }
    let unnamed = match &spec.provider {
        Tf::Null => true,
        Tf::Known(provider) => {
            provider.name.is_null() || provider.name.known().is_some_and(String::is_empty)
        }
        Tf::Unknown => false,
    };
    if done == "CUSTOM" && unnamed {
        diagnostics.error_at(
            path.attribute("provider"),
            "Nobody to ask",
            "With the action CUSTOM `provider.name` says who is asked.",
        );
    }
    if done != "CUSTOM" && spec.provider.is_known() {
        let detail = format!("With the action {done} nobody is asked: remove it, or use CUSTOM.");
        diagnostics.error_at(path.attribute("provider"), "Provider is not used", detail);
    }
}

fn dry_run(subject: &Subject<'_, Spec>, diagnostics: &mut Diagnostics) {
    let annotations = subject.metadata.and_then(|metadata| metadata.annotations.known());
    let Some(value) = annotations.and_then(|annotations| annotations.get(DRY_RUN)) else { return };
    let is_boolean =
        matches!(value.to_lowercase().as_str(), "true" | "false" | "t" | "f" | "1" | "0");
    let detail = if !matches!(done(subject.spec), "ALLOW" | "DENY") {
        "Only policies with ALLOW and DENY can be tried out: remove it, or set `action`.".to_owned()
    } else if !is_boolean {
        format!("It is \"true\" or \"false\", and not {value:?}.")
    } else {
        return;
    };
    let path = Path::from("metadata").attribute("annotations").key(DRY_RUN);
    diagnostics.error_at(path, "Policy cannot be tried out", detail);
}

fn rule(rule: &Rule, path: &Path, diagnostics: &mut Diagnostics) {
    for (i, from) in rule.from.items().iter().enumerate() {
        let path = path.attribute("from").index(i).attribute("source");
        if let Some(source) = from.source.known() {
            self::source(source, &path, diagnostics);
        }
    }
    for (i, to) in rule.to.items().iter().enumerate() {
        let path = path.attribute("to").index(i).attribute("operation");
        if let Some(operation) = to.operation.known()
            && operation.lists().iter().all(|list| is_empty(list))
        {
            let detail = "Set what is asked for, or leave out `to` for anything.";
            diagnostics.error_at(&path, "Operation without a condition", detail);
        }
    }
    for (i, one) in rule.when.items().iter().enumerate() {
        condition::check(one, &path.attribute("when").index(i), diagnostics);
    }
}

fn source(source: &Source, path: &Path, diagnostics: &mut Diagnostics) {
    if source.lists().iter().all(|(_, list)| is_empty(list)) {
        let detail = "Set who sends the request, or leave out `from` for anybody.";
        diagnostics.error_at(path, "Source without a condition", detail);
    }
    let accounts = [&source.service_accounts, &source.not_service_accounts];
    let excluded = ["principals", "not_principals", "namespaces", "not_namespaces"];
    if accounts.iter().any(|list| list.is_known()) {
        let lists = source.lists();
        for (name, _) in
            lists.iter().filter(|(name, list)| excluded.contains(name) && list.is_known())
        {
            diagnostics.error_at(
                path.attribute(*name),
                "Not together with service accounts",
                "Service accounts say the namespace and the identity already: remove one of them, or \
                 make it a source of its own.",
            );
        }
    }
}

/// What cannot be asked about somebody else.
fn custom(rule: &Rule, path: &Path, diagnostics: &mut Diagnostics) {
    let excluded = [
        "principals",
        "not_principals",
        "request_principals",
        "not_request_principals",
        "namespaces",
        "not_namespaces",
    ];
    for (i, from) in rule.from.items().iter().enumerate() {
        let path = path.attribute("from").index(i).attribute("source");
        let lists = from.source.known().map(Source::lists).unwrap_or_default();
        for (name, _) in
            lists.iter().filter(|(name, list)| excluded.contains(name) && !is_empty(list))
        {
            not_with_custom(&path.attribute(*name), diagnostics);
        }
    }
    for (i, one) in rule.when.items().iter().enumerate() {
        let key = one.key.text();
        if matches!(key, "source.namespace" | "source.principal")
            || key.starts_with("request.auth.")
        {
            not_with_custom(&path.attribute("when").index(i).attribute("key"), diagnostics);
        }
    }
}

fn not_with_custom(path: &Path, diagnostics: &mut Diagnostics) {
    diagnostics.error_at(
        path,
        "Not with the action CUSTOM",
        "A CUSTOM policy is looked at before identities are: use what the request and the connection \
         say, or leave it to a second policy with ALLOW or DENY.",
    );
}

/// A denial that looks at HTTP alone refuses every connection of TCP.
fn tcp_of_a_denial(rule: &Rule, path: &Path, diagnostics: &mut Diagnostics) {
    let sources = rule.from.items().iter().filter_map(|from| from.source.known());
    let mut operations = rule.to.items().iter().filter_map(|to| to.operation.known());
    let open = rule.from.is_unknown() || rule.to.is_unknown();
    let tcp_in_from = sources.clone().any(Source::looks_at_connections);
    let tcp_in_to = operations.clone().any(|it| !it.ports.is_null() || !it.not_ports.is_null());
    let (has_from, has_to) = (sources.clone().next().is_some(), operations.next().is_some());
    if !open && ((has_from && !has_to && !tcp_in_from) || (has_to && !tcp_in_to)) {
        diagnostics.warn_at(
            path,
            "Refuses every connection of TCP too",
            "The rule looks at HTTP alone, which a connection of TCP has not: a denial then takes all \
             of them. Name the ports in `operation.ports`.",
        );
    }
}

fn is_empty(list: &Tf<Vec<String>>) -> bool {
    list.is_null() || list.known().is_some_and(Vec::is_empty)
}

impl Source {
    fn lists(&self) -> Vec<(&'static str, &Tf<Vec<String>>)> {
        vec![
            ("principals", &self.principals),
            ("not_principals", &self.not_principals),
            ("request_principals", &self.request_principals),
            ("not_request_principals", &self.not_request_principals),
            ("namespaces", &self.namespaces),
            ("not_namespaces", &self.not_namespaces),
            ("service_accounts", &self.service_accounts),
            ("not_service_accounts", &self.not_service_accounts),
            ("trust_domains", &self.trust_domains),
            ("not_trust_domains", &self.not_trust_domains),
            ("ip_blocks", &self.ip_blocks),
            ("not_ip_blocks", &self.not_ip_blocks),
            ("remote_ip_blocks", &self.remote_ip_blocks),
            ("not_remote_ip_blocks", &self.not_remote_ip_blocks),
        ]
    }

    /// Whether it asks for more than the user of a token.
    fn looks_at_connections(&self) -> bool {
        let of_tokens = ["request_principals", "not_request_principals"];
        self.lists().iter().any(|(name, list)| !of_tokens.contains(name) && !list.is_null())
    }
}

impl Operation {
    fn lists(&self) -> [&Tf<Vec<String>>; 8] {
        [
            &self.hosts,
            &self.not_hosts,
            &self.ports,
            &self.not_ports,
            &self.methods,
            &self.not_methods,
            &self.paths,
            &self.not_paths,
        ]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use tfsdk::{Diagnostics, schema::Model as _, value::Tf};

    use super::{super::Provider, DRY_RUN, Spec, authorization_policy};
    use crate::services::istio::{
        authorization_policy::AuthorizationPolicy, kind::Subject, metadata::Metadata,
        testing::problems,
    };

    fn said(spec: &Json) -> Vec<String> {
        problems::<AuthorizationPolicy>("a", spec)
    }

    fn from(source: Json) -> Json {
        json!({"rules": [{"from": [{"source": source}]}]})
    }

    fn to(operation: Json) -> Json {
        json!({"rules": [{"to": [{"operation": operation}]}]})
    }

    fn when(key: &str, values: Json) -> Json {
        json!({"rules": [{"when": [{"key": key, "values": values}]}]})
    }

    #[test]
    fn what_istio_accepts_passes() {
        for spec in [
            json!({}),
            json!({"action": "DENY", "rules": [{}]}),
            json!({"action": "CUSTOM", "provider": {"name": "p"}, "rules": [{}]}),
            json!({"action": "(unknown)", "provider": {"name": "p"}}),
            from(json!({"service_accounts": ["shop/a", "b"]})),
            from(json!({"ip_blocks": ["10.0.0.0/8"]})),
            to(json!({"ports": ["8080"], "paths": ["/a/{*}"]})),
            when("request.headers[x]", json!(["*"])),
            when("request.auth.claims[a][b]", json!(["c"])),
            when("destination.port", json!(["0", "65535"])),
            when("source.ip", json!("(unknown)")),
        ] {
            assert_eq!(said(&spec), [""; 0], "{spec}");
        }
    }

    #[test]
    fn what_istio_refuses_is_refused_at_plan() {
        let custom =
            |rule: Json| json!({"action": "CUSTOM", "provider": {"name": "p"}, "rules": [rule]});
        let at_source = "spec.rules[0].from[0].source";
        let at_operation = "spec.rules[0].to[0].operation";
        for (spec, at) in [
            (json!({"action": "allow"}), "spec.action".to_owned()),
            (json!({"action": "DENY"}), "spec.action".to_owned()),
            (json!({"action": "CUSTOM", "rules": [{}]}), "spec.provider".to_owned()),
            (json!({"provider": {"name": "p"}}), "spec.provider".to_owned()),
            (json!({"rules": [{"from": []}]}), "spec.rules[0].from".to_owned()),
            (json!({"rules": [{"to": []}]}), "spec.rules[0].to".to_owned()),
            (from(json!({})), at_source.to_owned()),
            (from(json!({"namespaces": []})), at_source.to_owned()),
            (from(json!({"principals": [""]})), format!("{at_source}.principals[0]")),
            (from(json!({"ip_blocks": ["a"]})), format!("{at_source}.ip_blocks[0]")),
            (
                from(json!({"service_accounts": ["a/b/c"]})),
                format!("{at_source}.service_accounts[0]"),
            ),
            (
                from(json!({"service_accounts": ["a"], "namespaces": ["b"]})),
                format!("{at_source}.namespaces"),
            ),
            (to(json!({})), at_operation.to_owned()),
            (to(json!({"ports": ["http"]})), format!("{at_operation}.ports[0]")),
            (to(json!({"paths": ["/{a}"]})), format!("{at_operation}.paths[0]")),
            (when("source.port", json!(["1"])), "spec.rules[0].when[0].key".to_owned()),
            (when("request.headers", json!(["1"])), "spec.rules[0].when[0].key".to_owned()),
            (when("request.headers[]", json!(["1"])), "spec.rules[0].when[0].key".to_owned()),
            (when("source.ip", json!([])), "spec.rules[0].when[0]".to_owned()),
            (when("source.ip", json!(["a"])), "spec.rules[0].when[0].values[0]".to_owned()),
            (
                when("destination.port", json!(["70000"])),
                "spec.rules[0].when[0].values[0]".to_owned(),
            ),
            (
                custom(json!({"from": [{"source": {"namespaces": ["a"]}}]})),
                format!("{at_source}.namespaces"),
            ),
            (
                custom(json!({"when": [{"key": "request.auth.principal", "values": ["a"]}]})),
                "spec.rules[0].when[0].key".to_owned(),
            ),
            (
                json!({"action": "DENY", "rules": [{"to": [{"operation": {"methods": ["GET"]}}]}]}),
                "spec.rules[0]".to_owned(),
            ),
        ] {
            let found = said(&spec);
            assert!(found.len() == 1 && found[0].contains(&format!("({at})")), "{spec}: {found:?}");
        }
        let two = json!({"selector": {"match_labels": {"a": "b"}}, "target_refs": []});
        assert!(!said(&two).is_empty());
    }

    #[test]
    fn only_what_allows_or_denies_is_tried_out() {
        let problem = |action: &str, value: &str| {
            let metadata = Metadata {
                annotations: Tf::Known([(DRY_RUN.to_owned(), value.to_owned())].into()),
                ..Metadata::empty()
            };
            let provider = (action == "CUSTOM").then(|| Provider { name: "p".into() });
            let spec = Spec {
                action: action.into(),
                rules: Tf::Known(vec![]),
                provider: provider.into(),
                ..Spec::empty()
            };
            let mut found = Diagnostics::new();
            let subject = Subject { metadata: Some(&metadata), spec: &spec };
            authorization_policy(&subject, &mut found);
            found.iter().map(ToString::to_string).collect::<String>()
        };
        assert_eq!(problem("ALLOW", "true"), "");
        assert!(problem("DENY", "maybe").contains("(metadata.annotations[\"istio.io/dry-run\"])"));
        assert!(problem("CUSTOM", "true").contains("ALLOW and DENY"));
    }
}
