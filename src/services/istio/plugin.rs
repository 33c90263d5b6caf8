//! Code of one's own in the proxies, as WasmPlugins and TrafficExtensions say
//! it.

use tfsdk::{
    Diagnostics, Model,
    schema::{Validator, validators},
    value::{Path, Tf, Value},
};

use crate::services::istio::{loose, syntax};

/// Schemes of a module's address.
const SCHEMES: &[&str] = &["oci", "file", "http", "https"];

/// Where variables of a module come from.
const INLINE: &str = "INLINE";
const HOST: &str = "HOST";

/// A module in WebAssembly, and how it is run.
#[derive(Clone, Model)]
pub(crate) struct Module {
    /// Where the module is: an image (`oci://`, which is meant without a scheme
    /// too), a file of the proxy's container (`file://`), or a download
    /// (`http://`, `https://`).
    #[attr(required, validate(module_address()))]
    pub url: Tf<String>,

    /// SHA-256 of the module or the image, as 64 hexadecimal digits in lower
    /// case. What has another one is not run.
    #[attr(
        optional,
        validate(validators::matches(
            "^([a-f0-9]{64})?$",
            "must be 64 hexadecimal digits in lower case"
        ))
    )]
    pub sha256: Tf<String>,

    /// When the module is fetched: `IfNotPresent` or `Always`. Default, as
    /// `UNSPECIFIED_POLICY`: `Always` for the tag `latest`, else `IfNotPresent`.
    #[attr(
        optional,
        validate(validators::one_of(["UNSPECIFIED_POLICY", "IfNotPresent", "Always"]))
    )]
    pub image_pull_policy: Tf<String>,

    /// Name of a Secret with the registry's credentials, in the namespace of
    /// this object.
    #[attr(optional, validate(validators::length(1..=253), syntax::dns_subdomain()))]
    pub image_pull_secret: Tf<String>,

    /// Public key by which images are verified. Istio does not do so yet.
    #[attr(optional)]
    pub verification_key: Tf<String>,

    /// What the module gets as its configuration: any object. An entry that is
    /// null is not there.
    #[attr(optional, validate(loose::is_object()))]
    pub plugin_config: Tf<Value>,

    /// Name of the plugin in the module, if it has several (its root id).
    #[attr(optional, validate(validators::length(1..=256)))]
    pub plugin_name: Tf<String>,

    /// What becomes of traffic when the module fails: `FAIL_CLOSE` (refused),
    /// `FAIL_OPEN` (passed on without it) or `FAIL_RELOAD` (the module is started
    /// anew). Default: `FAIL_CLOSE`.
    #[attr(
        optional,
        validate(validators::one_of(["FAIL_CLOSE", "FAIL_OPEN", "FAIL_RELOAD"]))
    )]
    pub fail_strategy: Tf<String>,

    /// What the module filters: `HTTP` or `NETWORK` (TCP). Default, as
    /// `UNSPECIFIED_PLUGIN_TYPE`: `HTTP`.
    #[attr(
        optional,
        validate(validators::one_of(["UNSPECIFIED_PLUGIN_TYPE", "HTTP", "NETWORK"]))
    )]
    pub r#type: Tf<String>,

    /// The virtual machine that the module runs in.
    #[attr(optional)]
    pub vm_config: Tf<VmConfig>,
}

/// A virtual machine.
#[derive(Clone, Model)]
pub(crate) struct VmConfig {
    /// Environment variables that the module sees; at most 256.
    #[attr(optional, validate(validators::count(..=256)))]
    pub env: Tf<Vec<Variable>>,
}

/// An environment variable.
#[derive(Clone, Model)]
pub(crate) struct Variable {
    /// Name, unique in the machine.
    #[attr(required, validate(validators::length(1..=256)))]
    pub name: Tf<String>,

    /// Where the value comes from: `INLINE` (from `value`) or `HOST` (the
    /// proxy's variable of that name). Default: `INLINE`.
    #[attr(optional, validate(validators::one_of([INLINE, HOST])))]
    pub value_from: Tf<String>,

    /// The value, with `INLINE`.
    #[attr(optional, validate(validators::length(..=2048)))]
    pub value: Tf<String>,
}

/// Traffic that the code is for: all conditions hold.
#[derive(Clone, Model)]
pub(crate) struct TrafficSelector {
    /// Direction, seen from the workload: `CLIENT` (what it sends), `SERVER`
    /// (what it receives, and all of a gateway) or `CLIENT_AND_SERVER`. Default,
    /// as `UNDEFINED`: `CLIENT_AND_SERVER`.
    #[attr(
        optional,
        validate(validators::one_of(["UNDEFINED", "CLIENT", "SERVER", "CLIENT_AND_SERVER"]))
    )]
    pub mode: Tf<String>,

    /// Ports that the traffic goes to: one of these. Default: all.
    #[attr(optional)]
    pub ports: Tf<Vec<Port>>,
}

/// A port.
#[derive(Clone, Model)]
pub(crate) struct Port {
    /// Number of the port.
    #[attr(required, validate(syntax::port()))]
    pub number: Tf<i64>,
}

impl Module {
    /// Checks what single attributes do not tell.
    pub(super) fn check(&self, path: &Path, diagnostics: &mut Diagnostics) {
        let env = self.vm_config.known().map(|it| it.env.items()).unwrap_or_default();
        let path = path.attribute("vm_config").attribute("env");
        for (i, one) in env.iter().enumerate() {
            let path = path.index(i);
            if one.value_from.text() == HOST && one.value.is_known() {
                diagnostics.error_at(
                    path.attribute("value"),
                    "Value of a variable of the host",
                    "With HOST, the value is the proxy's own: leave `value` out, or use INLINE.",
                );
            }
            let name = one.name.known().filter(|_| env[..i].iter().any(|it| it.name == one.name));
            if let Some(name) = name {
                let detail =
                    format!("The names of variables are unique, and {name:?} is there before.");
                diagnostics.error_at(path.attribute("name"), "Variable is there twice", detail);
            }
        }
    }
}

/// Checks the traffic that code is for, which is at `spec.match`.
pub(super) fn check_traffic(all: &Tf<Vec<TrafficSelector>>, diagnostics: &mut Diagnostics) {
    let path = Path::from("spec").attribute("match");
    for (i, one) in all.items().iter().enumerate() {
        let ports = one.ports.items();
        for (j, port) in ports.iter().enumerate() {
            let number = port.number.known();
            let number = number.filter(|_| ports[..j].iter().any(|it| it.number == port.number));
            if let Some(number) = number {
                let path = path.index(i).attribute("ports").index(j).attribute("number");
                let detail = format!("The ports are a set, and {number} is there before.");
                diagnostics.error_at(path, "Port is there twice", detail);
            }
        }
    }
}

/// The address of a module.
fn module_address() -> impl Validator {
    validators::satisfies("must be an image, or a URL of oci, file, http or https", |value| {
        match value.as_str() {
            Some("") => Err("must not be empty".to_owned()),
            Some(text) => match text.split_once("://") {
                Some((scheme, _)) if !SCHEMES.contains(&scheme) => Err(format!(
                    "must be an image, or a URL of oci, file, http or https, and is {text:?}"
                )),
                _ => Ok(()),
            },
            None => Ok(()),
        }
    })
}
