//! What Istio's webhook refuses of HTTP routes, and what it warns of.

use tfsdk::{
    Diagnostic, Diagnostics,
    schema::validators,
    value::{Path, Tf},
};

use super::{
    check::{empty_match, weigh},
    fault::Fault,
    http::{HttpRoute, Redirect, Rewrite},
    matching::{HttpMatch, StringMatch},
    policy::{CorsPolicy, Retries},
};

/// Conditions of Envoy for another try.
const RETRY_CONDITIONS: &[&str] = &[
    "5xx",
    "gateway-error",
    "reset",
    "reset-before-request",
    "connect-failure",
    "retriable-4xx",
    "refused-stream",
    "retriable-status-codes",
    "retriable-headers",
    "envoy-ratelimited",
    "http3-post-connect-failure",
    "cancelled",
    "deadline-exceeded",
    "internal",
    "resource-exhausted",
    "unavailable",
];

/// Checks the rules of HTTP.
pub(super) fn routes(
    routes: &[HttpRoute],
    is_delegate: bool,
    path: &Path,
    diagnostics: &mut Diagnostics,
) {
    let mut catches_all: Option<usize> = None;
    for (i, route) in routes.iter().enumerate() {
        let path = path.index(i);
        one(route, is_delegate, &path, diagnostics);
        match catches_all {
            Some(first) => diagnostics.push(
                Diagnostic::warning(
                    "Rule is never reached",
                    format!(
                        "Rule {first} matches every request and comes before it. Put the rules \
                         with a narrower `match` first."
                    ),
                )
                .at(&path),
            ),
            None if is_catch_all(route) => catches_all = Some(i),
            None => {}
        }
    }
}

fn one(route: &HttpRoute, is_delegate: bool, path: &Path, diagnostics: &mut Diagnostics) {
    action(route, is_delegate, path, diagnostics);
    for (i, one) in route.matches.items().iter().enumerate() {
        conditions(one, &path.attribute("match").index(i), diagnostics);
    }
    let weights: Vec<&Tf<i64>> = route.route.items().iter().map(|it| &it.weight).collect();
    weigh(&weights, &path.attribute("route"), diagnostics);
    if let Some(it) = route.redirect.known() {
        redirect(it, &path.attribute("redirect"), diagnostics);
    }
    if let Some(it) = route.rewrite.known() {
        rewrite(it, &path.attribute("rewrite"), diagnostics);
    }
    if let Some(it) = route.retries.known() {
        retries(it, &path.attribute("retries"), diagnostics);
    }
    if let Some(it) = route.fault.known() {
        fault(it, &path.attribute("fault"), diagnostics);
    }
    if let Some(it) = route.cors_policy.known() {
        cors(it, &path.attribute("cors_policy"), diagnostics);
    }
    mirrors(route, path, diagnostics);
    authority(route, path, diagnostics);
}

/// Exactly one thing is done with a request, and only what goes on is changed.
fn action(route: &HttpRoute, is_delegate: bool, path: &Path, diagnostics: &mut Diagnostics) {
    let actions = [
        ("route", route.route.is_null(), route.route.is_unknown()),
        ("redirect", route.redirect.is_null(), route.redirect.is_unknown()),
        ("direct_response", route.direct_response.is_null(), route.direct_response.is_unknown()),
        ("delegate", route.delegate.is_null(), route.delegate.is_unknown()),
    ];
    let set: Vec<&str> =
        actions.iter().filter(|(_, null, unknown)| !null && !unknown).map(|it| it.0).collect();
    let open = actions.iter().any(|(_, _, unknown)| *unknown);
    match set.as_slice() {
        [] if !open => diagnostics.error_at(
            path,
            "Rule does nothing",
            "Set exactly one of `route`, `redirect`, `direct_response` and `delegate`.",
        ),
        [first, others @ ..] => {
            for other in others {
                let detail = format!("A rule has `{first}` or `{other}`, not both.");
                diagnostics.error_at(path.attribute(*other), "Rule does two things", detail);
            }
        }
        [] => {}
    }
    if is_delegate && set.contains(&"delegate") {
        diagnostics.error_at(
            path.attribute("delegate"),
            "Delegation goes one step",
            "A VirtualService without `hosts`, which others delegate to, cannot delegate further.",
        );
    }
    let answered = set.iter().find(|it| matches!(**it, "redirect" | "direct_response"));
    if let Some(answered) = answered {
        for (name, absent) in
            [("fault", route.fault.is_null()), ("rewrite", route.rewrite.is_null())]
        {
            if !absent {
                let detail =
                    format!("A request that `{answered}` answers does not go on: remove it.");
                diagnostics.error_at(path.attribute(name), "Rule sends nothing on", detail);
            }
        }
    }
}

fn conditions(one: &HttpMatch, path: &Path, diagnostics: &mut Diagnostics) {
    let texts = [
        ("uri", &one.uri),
        ("scheme", &one.scheme),
        ("method", &one.method),
        ("authority", &one.authority),
    ];
    for (name, condition) in texts {
        if condition.known().is_some_and(StringMatch::is_open) {
            diagnostics.error_at(
                path.attribute(name),
                "Match without a condition",
                "Set exactly one of `exact`, `prefix` and `regex`.",
            );
        }
    }
    let nothing = texts.iter().all(|(_, text)| text.is_null())
        && one.headers.is_null()
        && one.port.is_null()
        && one.source_labels.is_null()
        && one.gateways.is_null()
        && one.query_params.is_null()
        && one.without_headers.is_null()
        && one.source_namespace.is_null();
    if nothing {
        empty_match(path, diagnostics);
    }
}

fn redirect(redirect: &Redirect, path: &Path, diagnostics: &mut Diagnostics) {
    let nothing = redirect.uri.is_null()
        && redirect.authority.is_null()
        && redirect.port.is_null()
        && redirect.derive_port.is_null()
        && redirect.scheme.is_null();
    if nothing {
        diagnostics.error_at(
            path,
            "Redirect to the same address",
            "Set `uri`, `authority`, `port`, `derive_port` or `scheme`.",
        );
    }
}

fn rewrite(rewrite: &Rewrite, path: &Path, diagnostics: &mut Diagnostics) {
    if rewrite.uri.is_null() && rewrite.authority.is_null() && rewrite.uri_regex_rewrite.is_null() {
        let detail = "Set `uri`, `uri_regex_rewrite` or `authority`.";
        diagnostics.error_at(path, "Rewrite of nothing", detail);
    }
    if let Some(regex) = rewrite.uri_regex_rewrite.known()
        && (regex.pattern.is_null() || regex.rewrite.is_null())
    {
        diagnostics.error_at(
            path.attribute("uri_regex_rewrite"),
            "Incomplete rewrite",
            "Set both `match` and `rewrite`.",
        );
    }
}

fn retries(retries: &Retries, path: &Path, diagnostics: &mut Diagnostics) {
    let details = [
        ("per_try_timeout", retries.per_try_timeout.is_null()),
        ("retry_on", retries.retry_on.is_null()),
        ("retry_remote_localities", retries.retry_remote_localities.is_null()),
    ];
    let off = !retries.attempts.is_unknown() && retries.attempts.or_default() == 0;
    if let Some((name, _)) = details.iter().find(|(_, absent)| off && !absent) {
        diagnostics.error_at(
            path.attribute(*name),
            "Retries are switched off",
            "Without `attempts` above 0 nothing is tried again: set it, or remove this.",
        );
    }
    let policies = retries.retry_on.known().into_iter().flat_map(|text| text.split(','));
    for policy in policies.map(str::trim) {
        let is_status = policy.parse::<u16>().is_ok_and(|status| (100..600).contains(&status));
        if !is_status && !RETRY_CONDITIONS.contains(&policy) {
            diagnostics.error_at(
                path.attribute("retry_on"),
                "Unknown condition for another try",
                format!(
                    "{policy:?} is neither an HTTP status nor one of {}.",
                    RETRY_CONDITIONS.join(", ")
                ),
            );
        }
    }
}

fn fault(fault: &Fault, path: &Path, diagnostics: &mut Diagnostics) {
    if let Some(delay) = fault.delay.known() {
        let path = path.attribute("delay");
        if delay.fixed_delay.is_null() && delay.exponential_delay.is_null() {
            diagnostics.error_at(&path, "Delay of no length", "Set `fixed_delay`.");
        }
        not_yet(delay.exponential_delay.is_null(), &path, "exponential_delay", diagnostics);
    }
    if let Some(abort) = fault.abort.known() {
        let path = path.attribute("abort");
        let open = [abort.http_status.is_null(), abort.grpc_status.is_null()];
        if open.iter().all(|null| *null) && abort.http2_error.is_null() {
            let detail = "Set `http_status` or `grpc_status`.";
            diagnostics.error_at(&path, "Abort without an error", detail);
        }
        not_yet(abort.http2_error.is_null(), &path, "http2_error", diagnostics);
    }
}

/// Fields that the definition has and Istio refuses.
fn not_yet(absent: bool, path: &Path, name: &str, diagnostics: &mut Diagnostics) {
    if !absent {
        diagnostics.error_at(
            path.attribute(name),
            "Not supported by Istio",
            format!("The definition has `{name}`, but Istio refuses it so far."),
        );
    }
}

fn cors(cors: &CorsPolicy, path: &Path, diagnostics: &mut Diagnostics) {
    for (i, origin) in cors.allow_origins.items().iter().enumerate() {
        if origin.is_open() {
            diagnostics.error_at(
                path.attribute("allow_origins").index(i),
                "Match without a condition",
                "Set exactly one of `exact`, `prefix` and `regex`.",
            );
        }
    }
    let age = cors.max_age.known().and_then(|text| validators::parse_duration(text).ok());
    if age.is_some_and(|age| age.subsec_nanos() != 0) {
        let detail = "Browsers count it in whole seconds.";
        diagnostics.error_at(path.attribute("max_age"), "Fraction of a second", detail);
    }
}

fn mirrors(route: &HttpRoute, path: &Path, diagnostics: &mut Diagnostics) {
    let several = !route.mirrors.items().is_empty();
    for (name, absent) in [
        ("mirror", route.mirror.is_null()),
        ("mirror_percentage", route.mirror_percentage.is_null()),
        ("mirror_percent", route.mirror_percent.is_null()),
    ] {
        if several && !absent {
            let detail = "Each of `mirrors` has its own `percentage`: use either form.";
            diagnostics.error_at(path.attribute(name), "Mirrors in two forms", detail);
        }
    }
    if !route.mirror_percentage.is_null() && route.mirror.is_null() && !several {
        let detail = "Set `mirror`, or remove it: without a destination nothing is copied.";
        diagnostics.warn_at(path.attribute("mirror_percentage"), "Share of no mirror", detail);
    }
}

/// The host of a request is changed in one way.
fn authority(route: &HttpRoute, path: &Path, diagnostics: &mut Diagnostics) {
    let rewritten = route.rewrite.known().is_some_and(|rewrite| !rewrite.authority.is_null());
    let request = route.headers.known().and_then(|headers| headers.request.known());
    let set = request.and_then(|request| request.set.known());
    let host =
        set.into_iter().flatten().map(|(name, _)| name).find(|name| {
            name.eq_ignore_ascii_case("host") || name.eq_ignore_ascii_case(":authority")
        });
    if let (true, Some(name)) = (rewritten, host) {
        diagnostics.error_at(
            path.attribute("headers").attribute("request").attribute("set").key(name),
            "Host is changed twice",
            "`rewrite.authority` changes it too. Remove one of them.",
        );
    }
}

/// Whether a rule takes every request.
fn is_catch_all(route: &HttpRoute) -> bool {
    let every_path = |one: &HttpMatch| {
        one.uri.known().is_some_and(|uri| uri.prefix.text() == "/")
            && one.scheme.is_null()
            && one.method.is_null()
            && one.authority.is_null()
            && one.headers.is_null()
            && one.port.is_null()
            && one.source_labels.is_null()
            && one.gateways.is_null()
            && one.query_params.is_null()
            && one.without_headers.is_null()
            && one.source_namespace.is_null()
    };
    match &route.matches {
        Tf::Null => true,
        Tf::Known(matches) => matches.is_empty() || matches.iter().any(every_path),
        Tf::Unknown => false,
    }
}
