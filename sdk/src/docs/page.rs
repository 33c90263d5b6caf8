//! One page.

use std::{fmt::Write as _, fs, io, path::Path};

use super::{Source, attributes, short};
use crate::{
    engine::{IdentitySchema, Signature},
    schema::Schema,
};

/// What a page is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Resource,
    DataSource,
    Ephemeral,
}

impl Kind {
    /// The folder of its pages, and of its examples.
    pub(super) fn folder(self) -> &'static str {
        match self {
            Self::Resource => "resources",
            Self::DataSource => "data-sources",
            Self::Ephemeral => "ephemeral-resources",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Resource => "Resource",
            Self::DataSource => "Data Source",
            Self::Ephemeral => "Ephemeral Resource",
        }
    }

    /// What its example files' names start with.
    fn example(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::DataSource => "data-source",
            Self::Ephemeral => "ephemeral-resource",
        }
    }
}

/// The provider's own page.
pub(super) fn index(source: &Source<'_>) -> io::Result<String> {
    let block = &source.schemas.provider.block;
    let mut text = front_matter(&format!("{} Provider", source.name), None, &block.description);
    let _ = write!(text, "# {} Provider\n\n{}\n", source.name, block.description.trim());
    examples(&mut text, &source.examples.join("provider"), "provider")?;
    text.push_str("\n## Schema\n");
    attributes::block(&mut text, block);
    Ok(text)
}

/// The page of a resource, a data source or an ephemeral resource.
pub(super) fn object(
    source: &Source<'_>,
    kind: Kind,
    type_name: &str,
    schema: &Schema,
) -> io::Result<String> {
    let block = &schema.block;
    let title = format!("{type_name} {} - {}", kind.title(), source.name);
    let category = (source.subcategory)(short(source, type_name));
    let mut text = front_matter(&title, Some(category), &block.description);
    let _ = write!(text, "# {type_name} ({})\n\n{}\n", kind.title(), block.description.trim());
    if let Some(deprecation) = &block.deprecation {
        let _ = write!(text, "\n~> **Deprecated** {deprecation}\n");
    }
    let folder = source.examples.join(kind.folder()).join(type_name);
    examples(&mut text, &folder, kind.example())?;
    text.push_str("\n## Schema\n");
    attributes::block(&mut text, block);
    import(&mut text, &folder, source.schemas.identities.get(type_name))?;
    Ok(text)
}

/// A function's page.
pub(super) fn function(
    source: &Source<'_>,
    name: &str,
    signature: &Signature,
) -> io::Result<String> {
    let title = format!("{name} function - {}", source.name);
    let mut text = front_matter(&title, Some((source.subcategory)(name)), &signature.summary);
    let _ = write!(text, "# function: {name}\n\n{}\n", signature.description.trim());
    examples(&mut text, &source.examples.join("functions").join(name), "function")?;
    let parameters = signature.parameters.iter().chain(&signature.variadic);
    let list: Vec<String> = parameters
        .clone()
        .map(|parameter| format!("{} {}", parameter.name, attributes::constraint(&parameter.ty)))
        .collect();
    let _ = write!(
        text,
        "\n## Signature\n\n```text\n{name}({}{}) {}\n```\n\n## Arguments\n\n",
        list.join(", "),
        if signature.variadic.is_some() { "..." } else { "" },
        attributes::constraint(&signature.result),
    );
    for (number, parameter) in parameters.enumerate() {
        let variadic = if number >= signature.parameters.len() { "Variadic, " } else { "" };
        let nullable = if parameter.allow_null { ", Nullable" } else { "" };
        let _ = writeln!(
            text,
            "{}. `{}` ({variadic}{}{nullable}) {}",
            number + 1,
            parameter.name,
            attributes::type_words(&parameter.ty),
            parameter.description.trim(),
        );
    }
    Ok(text)
}

fn front_matter(title: &str, subcategory: Option<&str>, description: &str) -> String {
    let mut text = format!("---\npage_title: \"{title}\"\n");
    if let Some(subcategory) = subcategory {
        let _ = writeln!(text, "subcategory: \"{subcategory}\"");
    }
    text.push_str("description: |-\n");
    let first = description.trim().split("\n\n").next().unwrap_or_default();
    for line in first.lines() {
        let _ = writeln!(text, "  {}", line.trim());
    }
    text.push_str("---\n\n");
    text
}

/// Every `<prefix>*.tf` of a folder, in order of their names.
fn examples(text: &mut String, folder: &Path, prefix: &str) -> io::Result<()> {
    let files = files(folder, |name| name.starts_with(prefix) && name.ends_with(".tf"))?;
    if !files.is_empty() {
        text.push_str("\n## Example Usage\n");
    }
    for example in files {
        let _ = write!(text, "\n```terraform\n{}\n```\n", example.trim());
    }
    Ok(())
}

fn import(text: &mut String, folder: &Path, identity: Option<&IdentitySchema>) -> io::Result<()> {
    let by_identity = files(folder, |name| name == "import-by-identity.tf")?;
    let by_id = files(folder, |name| name == "import-by-string-id.tf")?;
    let command = files(folder, |name| name == "import.sh")?;
    if by_identity.is_empty() && by_id.is_empty() && command.is_empty() {
        return Ok(());
    }
    text.push_str("\n## Import\n");
    if let (Some(example), Some(identity)) = (by_identity.first(), identity) {
        let _ = write!(
            text,
            "\nIn Terraform v1.12.0 and later, an [`import` block](https://developer.hashicorp.com/terraform/language/import) can name the object by its identity:\n\n```terraform\n{}\n```\n\n### Identity Schema\n\n#### Required\n\n",
            example.trim()
        );
        for attribute in identity.attributes.iter().filter(|a| a.required_for_import) {
            let _ = writeln!(
                text,
                "- `{}` ({}) {}",
                attribute.name,
                attributes::type_words(&attribute.ty),
                attribute.description.trim()
            );
        }
    }
    if let Some(example) = by_id.first() {
        let _ = write!(
            text,
            "\nIn Terraform v1.5.0 and later, an [`import` block](https://developer.hashicorp.com/terraform/language/import) can name the object by its id:\n\n```terraform\n{}\n```\n",
            example.trim()
        );
    }
    if let Some(example) = command.first() {
        let _ = write!(
            text,
            "\nThe [`terraform import` command](https://developer.hashicorp.com/terraform/cli/commands/import) takes the same id:\n\n```shell\n{}\n```\n",
            example.trim()
        );
    }
    Ok(())
}

/// The texts of a folder's files whose names fit, in order of their names.
fn files(folder: &Path, fits: impl Fn(&str) -> bool) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if fits(&name) {
            names.push(name);
        }
    }
    names.sort();
    names.iter().map(|name| fs::read_to_string(folder.join(name))).collect()
}
