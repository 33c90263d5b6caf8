//! The built-in kinds' schemas, read from the table `builtin.types`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use super::{Field, ListKind, MapShape, Rest, Scalar, Schema, Shape};

static TABLE: LazyLock<BTreeMap<&'static str, Schema>> =
    LazyLock::new(|| parse(include_str!("builtin.types")));

/// The schema of a built-in type; of anything, if the table lacks it.
pub(crate) fn schema(name: &str) -> &'static Schema {
    TABLE.get(name).unwrap_or_else(|| Schema::any())
}

/// Names and schemas of all built-in types.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, &'static Schema)> {
    TABLE.iter().map(|(name, schema)| (*name, schema))
}

fn parse(text: &'static str) -> BTreeMap<&'static str, Schema> {
    let mut types = BTreeMap::new();
    let mut current: Option<(&'static str, MapShape)> = None;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some(field) = line.strip_prefix("  ") {
            if let Some((_, map)) = &mut current {
                let (name, field) = parse_field(field);
                map.fields.insert(name, field);
            }
            continue;
        }
        types.extend(current.take().map(finished));
        let (name, atomic) =
            line.strip_suffix(" atomic").map_or((line, false), |name| (name, true));
        current = Some((name, MapShape { atomic, ..MapShape::default() }));
    }
    types.extend(current.map(finished));
    types
}

/// Adds the type fields to whole objects: what has metadata and is no template.
fn finished((name, mut map): (&'static str, MapShape)) -> (&'static str, Schema) {
    if map.fields.contains_key("metadata") && !name.contains("Template") {
        for field in ["apiVersion", "kind"] {
            let schema = Schema::of(Shape::Scalar(Scalar::String));
            map.fields.insert(field.to_owned(), Field { schema, required: false });
        }
    }
    (name, Schema::of(Shape::Map(map)))
}

/// `name[!] type [by … | set | atomic] [= default]`
fn parse_field(line: &'static str) -> (String, Field) {
    let (declaration, default) = match line.split_once(" = ") {
        Some((declaration, default)) => (declaration, serde_json::from_str::<Value>(default).ok()),
        None => (line, None),
    };
    let mut words = declaration.split(' ');
    let name = words.next().unwrap_or_default();
    let kind = words.next().unwrap_or_default();
    let merge = words.next();
    let keys = words.next();
    let mut schema = parse_type(kind);
    schema.default = default;
    match (&mut schema.shape, merge) {
        (Shape::List(_, list), Some("by")) => {
            let keys = keys.unwrap_or_default().split(',').map(str::to_owned).collect();
            *list = ListKind::Map(keys);
        }
        (Shape::List(_, list), Some("set")) => *list = ListKind::Set,
        (Shape::Map(map), Some("atomic")) => map.atomic = true,
        _ => {}
    }
    let required = name.ends_with('!');
    (name.trim_end_matches('!').to_owned(), Field { schema, required })
}

fn parse_type(text: &'static str) -> Schema {
    if let Some(items) = text.strip_prefix('[') {
        let items = parse_type(items.trim_end_matches(']'));
        return Schema::of(Shape::List(Box::new(items), ListKind::Atomic));
    }
    if let Some(values) = text.strip_prefix('{') {
        let rest = Rest::Open(Box::new(parse_type(values.strip_suffix('}').unwrap_or(values))));
        return Schema::of(Shape::Map(MapShape { rest, ..MapShape::default() }));
    }
    let scalar = match text {
        "string" => Scalar::String,
        "bytes" => Scalar::Bytes,
        "int32" | "int64" => Scalar::Integer,
        "number" => Scalar::Number,
        "bool" => Scalar::Boolean,
        "quantity" => Scalar::Quantity,
        "intorstring" => Scalar::IntOrString,
        "time" | "microtime" => Scalar::Time,
        "any" => return Schema::default(),
        name => return Schema::named(name),
    };
    Schema::of(Shape::Scalar(scalar))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_type_exists() {
        fn names(schema: &Schema, out: &mut Vec<&'static str>) {
            match &schema.shape {
                Shape::Named(name) => out.push(name),
                Shape::List(items, _) => names(items, out),
                Shape::Map(map) => {
                    map.fields.values().for_each(|field| names(&field.schema, out));
                    if let Rest::Open(schema) = &map.rest {
                        names(schema, out);
                    }
                }
                Shape::Any | Shape::Scalar(_) => {}
            }
        }
        let mut used = Vec::new();
        all().for_each(|(_, schema)| names(schema, &mut used));
        assert!(used.len() > 400);
        let missing: Vec<_> = used.into_iter().filter(|name| !TABLE.contains_key(name)).collect();
        assert_eq!(missing, Vec::<&str>::new());
    }

    #[test]
    fn reads_merge_rules_and_defaults() {
        let spec = schema("ServiceSpec");
        let ports = spec.child_or_any("ports");
        assert_eq!(*ports.items().1, ListKind::Map(vec!["port".into(), "protocol".into()]));
        assert!(spec.child_or_any("selector").is_atomic_map());
        assert_eq!(spec.child_or_any("type").default, Some(Value::from("ClusterIP")));
        assert!(schema("LabelSelector").is_atomic_map());
    }
}
