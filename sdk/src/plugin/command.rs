//! The command line, for the people who run the program by hand.

use std::ffi::OsString;

use super::ServeOptions;

/// What the program is asked to do.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Command {
    /// Serve the host that started it.
    Serve,
    /// Wait for a Terraform that is told where to find it.
    Debug,
    /// Say the version.
    Version,
    /// Say what this is.
    Help,
    /// Something else.
    Unknown(String),
}

impl Command {
    /// Reads the arguments without the program's name. One dash or two mean the
    /// same, since Go's programs take both.
    pub(super) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Self {
        let Some(first) = arguments.into_iter().next() else { return Self::Serve };
        let text = first.to_string_lossy();
        match text.strip_prefix("--").or_else(|| text.strip_prefix('-')).unwrap_or(&text) {
            "debug" => Self::Debug,
            "version" | "v" | "V" => Self::Version,
            "help" | "h" => Self::Help,
            _ => Self::Unknown(text.into_owned()),
        }
    }
}

/// The answer to `--version`.
pub(super) fn version(options: &ServeOptions) -> String {
    format!("{} {} (Terraform plugin protocol 6.11)\n", options.program(), options.version)
}

/// The answer to `--help`.
pub(super) fn help(options: &ServeOptions) -> String {
    let (program, name, address) = (options.program(), options.name(), &options.address);
    format!(
        "{program} {version}: a Terraform provider.

Terraform starts this program by itself. To use it, name it in a configuration
and run `terraform init`:

  terraform {{
    required_providers {{
      {name} = {{ source = \"{address}\" }}
    }}
  }}

Options:
  --debug    wait for Terraform instead of being started by it, and print the
             variable TF_REATTACH_PROVIDERS that tells Terraform where; for
             debuggers and for developing
  --version  print the version
  --help     print this text

Environment:
  TF_LOG, TF_LOG_PROVIDER, TF_LOG_PROVIDER_{variable}
             TRACE, DEBUG, INFO, WARN, ERROR or OFF: what to log
",
        version = options.version,
        variable = options.log_suffix(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_understood_with_one_dash_or_two() {
        let parse = |text: &str| Command::parse([OsString::from(text)]);
        assert_eq!(Command::parse([]), Command::Serve);
        assert_eq!(parse("-debug"), Command::Debug);
        assert_eq!(parse("--debug"), Command::Debug);
        assert_eq!(parse("--version"), Command::Version);
        assert_eq!(parse("-h"), Command::Help);
        assert_eq!(parse("plan"), Command::Unknown("plan".to_owned()));
    }

    #[test]
    fn help_shows_how_to_use_the_provider() {
        let options = ServeOptions::new("registry.terraform.io/acme/cross-mesh", "1.2.3");
        let help = help(&options);
        assert!(
            help.contains("cross-mesh = { source = \"registry.terraform.io/acme/cross-mesh\" }")
        );
        assert!(help.contains("TF_LOG_PROVIDER_CROSS_MESH"));
        assert_eq!(
            version(&options),
            "terraform-provider-cross-mesh 1.2.3 (Terraform plugin protocol 6.11)\n"
        );
    }
}
