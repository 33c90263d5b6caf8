//! `provider::crossmesh::cidr_conflicts`

use std::collections::BTreeMap;

use tfsdk::{
    engine::{Function, FunctionError, Parameter, Signature},
    value::{Type, Value},
};

use super::cidr::{Conflict, InvalidCidr, conflicts};

/// Finds overlapping address ranges of different owners.
pub(super) struct CidrConflicts;

impl Function for CidrConflicts {
    fn name(&self) -> &'static str {
        "cidr_conflicts"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "Finds address ranges that overlap".to_owned(),
            description:
                "Takes address ranges (CIDR notation, IPv4 or IPv6) by the names of their \
                owners, such as VPCs or clusters, and returns every pair of ranges of different \
                owners that share addresses: an empty list means that all of them can be routed \
                side by side. Ranges of one owner may overlap each other."
                    .to_owned(),
            parameters: vec![Parameter {
                name: "ranges".to_owned(),
                ty: Type::map(Type::list(Type::String)),
                description: "Lists of address ranges, by the names of their owners.".to_owned(),
                allow_null: false,
                allow_unknown: false,
            }],
            variadic: None,
            result: Type::list(Type::object(
                ["a", "a_cidr", "b", "b_cidr", "overlap"].map(|name| (name, Type::String)),
            )),
            deprecation: None,
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        let ranges = arguments.first().map(owners).transpose()?.unwrap_or_default();
        match conflicts(&ranges) {
            Ok(found) => Ok(Value::List(found.into_iter().map(row).collect())),
            Err(invalid) => Err(refused(&invalid)),
        }
    }
}

/// The argument as plain lists; a null list is an empty one.
fn owners(argument: &Value) -> Result<BTreeMap<String, Vec<String>>, FunctionError> {
    let Value::Map(owners) = argument else { return Ok(BTreeMap::new()) };
    owners
        .iter()
        .map(|(name, ranges)| {
            let Value::List(ranges) = ranges else { return Ok((name.clone(), Vec::new())) };
            let texts = ranges.iter().map(|range| {
                range.as_str().map(str::to_owned).ok_or_else(|| FunctionError {
                    text: format!("{name:?} has a range that is null; leave it out."),
                    argument: Some(0),
                })
            });
            Ok((name.clone(), texts.collect::<Result<_, _>>()?))
        })
        .collect()
}

fn row(conflict: Conflict) -> Value {
    Value::from([
        ("a", conflict.a),
        ("a_cidr", conflict.a_cidr),
        ("b", conflict.b),
        ("b_cidr", conflict.b_cidr),
        ("overlap", conflict.overlap),
    ])
}

fn refused(invalid: &[InvalidCidr]) -> FunctionError {
    let lines: Vec<String> = invalid
        .iter()
        .map(|one| format!("{:?}, range {}: {}", one.name, one.index + 1, one.message))
        .collect();
    FunctionError { text: lines.join("\n"), argument: Some(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(ranges: &[(&str, &[&str])]) -> Result<Value, FunctionError> {
        let owners = ranges.iter().map(|(name, texts)| {
            ((*name).to_owned(), Value::List(texts.iter().map(|text| (*text).into()).collect()))
        });
        CidrConflicts.call(&[Value::Map(owners.collect())])
    }

    #[test]
    fn pairs_that_overlap_are_listed() {
        let found = call(&[("hub", &["10.0.0.0/16"]), ("shop", &["10.0.4.0/24", "10.1.0.0/16"])]);
        let row = Value::from([
            ("a", "hub"),
            ("a_cidr", "10.0.0.0/16"),
            ("b", "shop"),
            ("b_cidr", "10.0.4.0/24"),
            ("overlap", "10.0.4.0/24"),
        ]);
        assert_eq!(found, Ok(Value::List(vec![row])));
    }

    #[test]
    fn what_is_no_range_is_named() {
        let error = call(&[("hub", &["10.0.0.0/33"]), ("shop", &["ten"])]).unwrap_err();
        assert!(error.text.contains("\"hub\", range 1"), "{}", error.text);
        assert!(error.text.contains("\"shop\", range 1"), "{}", error.text);
        assert_eq!(error.argument, Some(0));
    }
}
