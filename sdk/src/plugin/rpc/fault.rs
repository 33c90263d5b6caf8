//! What goes wrong between the wire and the server.

use std::fmt;

use super::Subject;
use crate::{Diagnostic, plugin::convert::Family};

/// Why a call never reached the server, or its result never Terraform.
#[derive(Debug)]
pub(crate) enum Fault {
    /// A value that Terraform sent is not of the schema's type.
    Malformed { what: &'static str, error: String },
    /// A value that the provider made is not of the schema's type.
    Unencodable { what: &'static str, error: String },
    /// The provider has no type of that name.
    UnknownType(Family),
    /// The provider has no function of that name.
    UnknownFunction,
}

impl Fault {
    pub(crate) fn malformed(what: &'static str, error: impl fmt::Display) -> Self {
        Self::Malformed { what, error: error.to_string() }
    }

    pub(crate) fn unencodable(what: &'static str, error: impl fmt::Display) -> Self {
        Self::Unencodable { what, error: error.to_string() }
    }

    /// What is wrong, by itself.
    pub(super) fn reason(self) -> String {
        match self {
            Self::Malformed { error, .. } | Self::Unencodable { error, .. } => error,
            Self::UnknownType(family) => format!("unknown {}", family.word()),
            Self::UnknownFunction => "unknown function".to_owned(),
        }
    }

    /// The fault for the person; `rpc` is the call that it befell.
    pub(super) fn diagnostic(self, rpc: &str, subject: &Subject) -> Diagnostic {
        match self {
            Self::Malformed { what, error } => Diagnostic::error(
                "Unable to read Terraform's request",
                format!(
                    "The {what} in {rpc} for {subject} is not what the schema says: {error}.\n\n\
                     Terraform and the provider disagree on the schema. If the provider was just \
                     replaced by another version, run `terraform init -upgrade`; if not, this is a \
                     bug in the provider."
                ),
            ),
            Self::Unencodable { what, error } => Diagnostic::error(
                "The provider made an invalid value",
                format!(
                    "The {what} that {rpc} for {subject} gave is not what the schema says: \
                     {error}.\n\nThis is a bug in the provider; please report it."
                ),
            ),
            Self::UnknownType(family) => Diagnostic::error(
                format!("Unknown {}", family.word()),
                format!(
                    "This version of the provider does not have {subject}. Use a version that \
                     has it, or remove what refers to it."
                ),
            ),
            Self::UnknownFunction => Diagnostic::error(
                "Unknown function",
                format!("This version of the provider does not have {subject}."),
            ),
        }
    }
}
