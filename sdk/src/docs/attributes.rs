//! Lists of attributes: Required, Optional, Read-Only, and what nests in them.

use std::fmt::Write as _;

use crate::{
    schema::{Attribute, Block, Kind, NestedBlock, Nesting, Object},
    value::{Type, Value},
};

/// The groups in which the registry lists attributes.
const GROUPS: [&str; 3] = ["Required", "Optional", "Read-Only"];

/// Something with attributes whose own section follows further down.
struct Section<'a> {
    anchor: String,
    path: String,
    content: Content<'a>,
}

enum Content<'a> {
    Block(&'a Block),
    Object(&'a Object),
}

/// One line of a list.
struct Line {
    name: String,
    group: usize,
    text: String,
}

/// The content of a schema, with a section for everything that nests in it.
pub(super) fn block(text: &mut String, block: &Block) {
    let mut later = Vec::new();
    let lines = lines(&Content::Block(block), "", &mut later);
    list(text, lines, |group| format!("\n### {group}\n\n"));
    while !later.is_empty() {
        let section = later.remove(0);
        let _ = write!(
            text,
            "\n<a id=\"{}\"></a>\n### Nested Schema for `{}`\n",
            section.anchor, section.path
        );
        let mut inner = Vec::new();
        let lines = self::lines(&section.content, &section.path, &mut inner);
        list(text, lines, |group| format!("\n{group}:\n\n"));
        inner.append(&mut later);
        later = inner;
    }
}

/// A type as words: `List of String`.
pub(super) fn type_words(ty: &Type) -> String {
    match ty {
        Type::Bool => "Boolean".to_owned(),
        Type::Number => "Number".to_owned(),
        Type::String => "String".to_owned(),
        Type::Dynamic => "Dynamic".to_owned(),
        Type::List(element) => format!("List of {}", type_words(element)),
        Type::Set(element) => format!("Set of {}", type_words(element)),
        Type::Map(element) => format!("Map of {}", type_words(element)),
        Type::Object(_) => "Object".to_owned(),
        Type::Tuple(_) => "Tuple".to_owned(),
    }
}

/// A type as a constraint: `list(string)`.
pub(super) fn constraint(ty: &Type) -> String {
    match ty {
        Type::Bool => "bool".to_owned(),
        Type::Number => "number".to_owned(),
        Type::String => "string".to_owned(),
        Type::Dynamic => "dynamic".to_owned(),
        Type::List(element) => format!("list({})", constraint(element)),
        Type::Set(element) => format!("set({})", constraint(element)),
        Type::Map(element) => format!("map({})", constraint(element)),
        Type::Object(attributes) => {
            let inner: Vec<String> = attributes
                .iter()
                .map(|(name, ty)| format!("{name} = {}", constraint(ty)))
                .collect();
            format!("object({{ {} }})", inner.join(", "))
        }
        Type::Tuple(elements) => {
            let inner: Vec<String> = elements.iter().map(constraint).collect();
            format!("tuple([{}])", inner.join(", "))
        }
    }
}

fn list(text: &mut String, mut lines: Vec<Line>, heading: impl Fn(&str) -> String) {
    lines.sort_by(|a, b| a.name.cmp(&b.name));
    for (number, group) in GROUPS.iter().enumerate() {
        let mut of_group = lines.iter().filter(|line| line.group == number).peekable();
        if of_group.peek().is_none() {
            continue;
        }
        text.push_str(&heading(group));
        for line in of_group {
            let _ = writeln!(text, "{}", line.text);
        }
    }
}

fn lines<'a>(content: &Content<'a>, parent: &str, later: &mut Vec<Section<'a>>) -> Vec<Line> {
    let (attributes, blocks): (&'a [Attribute], &'a [NestedBlock]) = match content {
        Content::Block(block) => (&block.attributes, &block.blocks),
        Content::Object(object) => (&object.attributes, &[]),
    };
    let mut sections = Vec::new();
    let mut lines: Vec<Line> =
        attributes.iter().map(|one| attribute_line(one, parent, &mut sections)).collect();
    lines.extend(blocks.iter().map(|one| block_line(one, parent, &mut sections)));
    sections.sort_by(|a, b| a.path.cmp(&b.path));
    later.append(&mut sections);
    lines
}

fn attribute_line<'a>(
    attribute: &'a Attribute,
    parent: &str,
    later: &mut Vec<Section<'a>>,
) -> Line {
    let nested = match (&attribute.kind, &attribute.inside) {
        (Kind::Nested(nesting, object), _) => Some((*nesting, object)),
        (Kind::Type(_), Some(inside)) => Some((inside.0, &inside.1)),
        (Kind::Type(_), None) => None,
    };
    let mut words = match (&attribute.kind, nested) {
        (_, Some((nesting, _))) => nested_words("Attributes", nesting),
        (kind, None) => type_words(&kind.ty()),
    };
    for (applies, word) in [
        (attribute.sensitive, ", Sensitive"),
        (attribute.deprecation.is_some(), ", Deprecated"),
        (
            attribute.write_only,
            ", [Write-only](https://developer.hashicorp.com/terraform/language/resources/ephemeral#write-only-arguments)",
        ),
    ] {
        if applies {
            words.push_str(word);
        }
    }
    let mut text = format!("- `{}` ({words}) {}", attribute.name, flow(&attribute.description));
    for rule in attribute.validators.iter().map(|validator| validator.describe()) {
        let _ = write!(text, " {}", capitalised(&rule));
    }
    if let Some(default) = attribute.default.as_ref().and_then(literal) {
        let _ = write!(text, " Default: `{default}`.");
    }
    if let Some(deprecation) = &attribute.deprecation {
        let _ = write!(text, " Deprecated: {}", flow(deprecation));
    }
    if let Some((_, object)) = nested {
        let path = join(parent, &attribute.name);
        let anchor = format!("nestedatt--{}", path.replace('.', "--"));
        let _ = write!(text, " (see [below for nested schema](#{anchor}))");
        later.push(Section { anchor, path, content: Content::Object(object) });
    }
    let group = if attribute.required {
        0
    } else if attribute.optional || attribute.default.is_some() {
        1
    } else {
        2
    };
    Line { name: attribute.name.clone(), group, text }
}

fn block_line<'a>(block: &'a NestedBlock, parent: &str, later: &mut Vec<Section<'a>>) -> Line {
    let mut words = nested_words("Block", block.nesting);
    for (limit, name) in [(block.min_items, "Min"), (block.max_items, "Max")] {
        if limit > 0 {
            let _ = write!(words, ", {name}: {limit}");
        }
    }
    let path = join(parent, &block.name);
    let anchor = format!("nestedblock--{}", path.replace('.', "--"));
    let text = format!(
        "- `{}` ({words}) {} (see [below for nested schema](#{anchor}))",
        block.name,
        flow(&block.block.description)
    );
    later.push(Section { anchor, path, content: Content::Block(&block.block) });
    Line { name: block.name.clone(), group: usize::from(block.min_items == 0), text }
}

fn nested_words(what: &str, nesting: Nesting) -> String {
    match nesting {
        Nesting::Single | Nesting::Group => what.to_owned(),
        Nesting::List => format!("{what} List"),
        Nesting::Set => format!("{what} Set"),
        Nesting::Map => format!("{what} Map"),
    }
}

fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") }
}

/// Text that was wrapped for an editor, as one line a paragraph.
fn flow(text: &str) -> String {
    let paragraphs = text.trim().split("\n\n");
    let joined: Vec<String> =
        paragraphs.map(|p| p.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    joined.join(" ")
}

/// A rule as a sentence: "Must be …".
fn capitalised(rule: &str) -> String {
    let mut letters = rule.trim().trim_end_matches('.').chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

/// A default as HCL writes it.
fn literal(value: &Value) -> Option<String> {
    match value {
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(value) => Some(value.to_string()),
        Value::String(text) => Some(format!("{text:?}")),
        Value::List(items) | Value::Set(items) => {
            let items: Option<Vec<String>> = items.iter().map(literal).collect();
            items.map(|items| format!("[{}]", items.join(", ")))
        }
        Value::Map(entries) if entries.is_empty() => Some("{}".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Schema, validators};

    #[test]
    fn attributes_are_grouped_sorted_and_followed_by_what_nests_in_them() {
        let schema = Schema::new(
            "A volume.",
            [
                Attribute::new("size", Type::Number)
                    .optional()
                    .default(20)
                    .doc("The size\nin GiB."),
                Attribute::new("name", Type::String).required().doc("The name."),
                Attribute::new("id", Type::String).computed().doc("The id."),
                Attribute::new(
                    "mounts",
                    Kind::Nested(
                        Nesting::List,
                        Object::new(
                            "A mount.",
                            [Attribute::new("path", Type::String).required().doc("Where.")],
                        ),
                    ),
                )
                .optional()
                .doc("Where it is mounted."),
            ],
        );
        let mut text = String::new();
        block(&mut text, &schema.block);
        let expected = "\n### Required\n\n- `name` (String) The name.\n\n### Optional\n\n\
            - `mounts` (Attributes List) Where it is mounted. (see [below for nested schema](#nestedatt--mounts))\n\
            - `size` (Number) The size in GiB. Default: `20`.\n\n### Read-Only\n\n- `id` (String) The id.\n\n\
            <a id=\"nestedatt--mounts\"></a>\n### Nested Schema for `mounts`\n\nRequired:\n\n- `path` (String) Where.\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_is_in_a_dynamic_value_is_shown_as_if_it_nested() {
        let inner = || {
            Object::new(
                "A rule.",
                [Attribute::new("port", Type::Number).required().doc("Its port.")],
            )
        };
        let shown = |attribute: Attribute| {
            let schema = Schema::new("A filter.", [attribute.optional().doc("The rules.")]);
            let mut text = String::new();
            block(&mut text, &schema.block);
            text
        };
        let dynamic = Attribute::new("rules", Type::Dynamic);
        let nested = Attribute::new("rules", Kind::Nested(Nesting::List, inner()));
        assert_eq!(shown(dynamic.described_by(Nesting::List, inner())), shown(nested));
    }

    #[test]
    fn rules_read_as_sentences() {
        let attribute = Attribute::new("qos", Type::String)
            .optional()
            .validate(validators::one_of(["PT", "AU"]))
            .doc("The level.");
        let line = attribute_line(&attribute, "", &mut Vec::new());
        assert!(line.text.starts_with("- `qos` (String) The level. M"), "{}", line.text);
        assert!(line.text.ends_with('.'), "{}", line.text);
    }
}
