//! Which element of a set continues which.

use crate::{
    engine::{
        settle::are_equivalent,
        shape::{Shape, entry, is_configurable},
    },
    schema::{Attribute, Kind, Nesting},
    value::Value,
};

/// For each configured element the prior one that it continues: one with the
/// very same settings, each at most once, as many as possible.
///
/// Elements that leave less open to the provider choose first, so that no two
/// end up the same. While some element is not wholly known, only pairs count
/// that nothing can part any more: what is planned now must still be planned
/// when all is known.
pub(crate) fn correlate<'a>(
    shape: Shape<'_>,
    prior: &'a [Value],
    config: &[Value],
) -> Vec<Option<&'a Value>> {
    let pairs = if config.iter().all(Value::is_wholly_known) {
        most_pairs(shape, prior, config)
    } else {
        sure_pairs(shape, prior, config)
    };
    pairs.into_iter().map(|pair| pair.map(|j| &prior[j])).collect()
}

/// Whether an object has the settings that are configured, or equivalent ones;
/// what the configuration leaves to the provider may be anything.
pub(crate) fn continues(shape: Shape<'_>, prior: &Value, config: &Value) -> bool {
    Fit { unknown: false, equivalent: true }.object(shape, prior, config)
}

/// Of the elements of sets only the same spelling counts: otherwise two elements
/// that mean the same could swap places.
const EXACT: Fit = Fit { unknown: false, equivalent: false };
const POSSIBLE: Fit = Fit { unknown: true, equivalent: false };

/// Pairs of which neither side has any other possible partner.
fn sure_pairs(shape: Shape<'_>, prior: &[Value], config: &[Value]) -> Vec<Option<usize>> {
    let partners: Vec<Vec<usize>> = config
        .iter()
        .map(|c| (0..prior.len()).filter(|j| POSSIBLE.object(shape, &prior[*j], c)).collect())
        .collect();
    let only = |j: usize| partners.iter().filter(|others| others.contains(&j)).count() == 1;
    let pair = |(i, partners): (usize, &Vec<usize>)| match partners[..] {
        [j] if only(j) && EXACT.object(shape, &prior[j], &config[i]) => Some(j),
        _ => None,
    };
    partners.iter().enumerate().map(pair).collect()
}

/// A maximum matching, by augmenting paths: who has a partner keeps one.
fn most_pairs(shape: Shape<'_>, prior: &[Value], config: &[Value]) -> Vec<Option<usize>> {
    let mut order: Vec<usize> = (0..config.len()).collect();
    order.sort_by_key(|i| open_attributes(shape, &config[*i]));
    let mut owner: Vec<Option<usize>> = vec![None; prior.len()];
    for i in order {
        let mut seen = vec![false; prior.len()];
        augment(shape, prior, config, i, &mut owner, &mut seen);
    }
    let mut found = vec![None; config.len()];
    for (j, owner) in owner.into_iter().enumerate() {
        if let Some(i) = owner {
            found[i] = Some(j);
        }
    }
    found
}

/// Finds a partner for element `i`, if need be by moving others to other
/// partners.
fn augment(
    shape: Shape<'_>,
    prior: &[Value],
    config: &[Value],
    i: usize,
    owner: &mut [Option<usize>],
    seen: &mut [bool],
) -> bool {
    for j in 0..prior.len() {
        if seen[j] || !EXACT.object(shape, &prior[j], &config[i]) {
            continue;
        }
        seen[j] = true;
        let free = match owner[j] {
            Some(other) => augment(shape, prior, config, other, owner, seen),
            None => true,
        };
        if free {
            owner[j] = Some(i);
            return true;
        }
    }
    false
}

/// How many attributes of an element the configuration leaves to the provider.
fn open_attributes(shape: Shape<'_>, config: &Value) -> usize {
    let open =
        |a: &&Attribute| a.computed && (!is_configurable(a) || entry(config, &a.name).is_null());
    shape.attributes.iter().filter(open).count()
}

/// Compares a prior object with a configured one.
#[derive(Clone, Copy)]
struct Fit {
    /// Whether a configured value that is unknown can become any prior one.
    unknown: bool,
    /// Whether equivalent values fit.
    equivalent: bool,
}

impl Fit {
    fn object(self, shape: Shape<'_>, prior: &Value, config: &Value) -> bool {
        if config.is_unknown() {
            return self.unknown;
        }
        let (Value::Map(_), Value::Map(_)) = (prior, config) else {
            return false;
        };
        shape.attributes.iter().all(|a| {
            let (prior, config) = (entry(prior, &a.name), entry(config, &a.name));
            self.attribute(a, prior, config)
        }) && shape.blocks.iter().all(|block| {
            let (prior, config) = (entry(prior, &block.name), entry(config, &block.name));
            self.nested(block.nesting, (&block.block).into(), prior, config)
        })
    }

    fn attribute(self, attribute: &Attribute, prior: &Value, config: &Value) -> bool {
        if attribute.write_only || !is_configurable(attribute) {
            return true;
        }
        if config.is_null() {
            return match &attribute.default {
                Some(default) => default == prior,
                None => attribute.is_computed() || prior.is_null(),
            };
        }
        if config.is_unknown() {
            return self.unknown;
        }
        if self.equivalent && are_equivalent(attribute, prior, config) {
            return true;
        }
        match &attribute.kind {
            Kind::Nested(nesting, object) => self.nested(*nesting, object.into(), prior, config),
            Kind::Type(_) => prior == config || (self.unknown && !config.is_wholly_known()),
        }
    }

    fn nested(self, nesting: Nesting, shape: Shape<'_>, prior: &Value, config: &Value) -> bool {
        if config.is_unknown() {
            return self.unknown;
        }
        match (nesting, prior, config) {
            (_, Value::Null, Value::Null) => true,
            (Nesting::Single | Nesting::Group, ..) => self.object(shape, prior, config),
            (Nesting::List, Value::List(before), Value::List(items)) => {
                before.len() == items.len()
                    && before.iter().zip(items).all(|(a, b)| self.object(shape, a, b))
            }
            (Nesting::Map, Value::Map(before), Value::Map(entries)) => {
                before.keys().eq(entries.keys())
                    && before.values().zip(entries.values()).all(|(a, b)| self.object(shape, a, b))
            }
            (Nesting::Set, Value::Set(before), Value::Set(items)) => {
                let known = items.iter().all(Value::is_wholly_known);
                (self.unknown && !known)
                    || (before.len() == items.len()
                        && correlate(shape, before, items).iter().all(Option::is_some))
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::*;
    use crate::{schema::Object, value::Type};

    fn member(zone: Value, weight: Value) -> Value {
        Value::from([("zone", zone), ("weight", weight)])
    }

    fn pairs(prior: &[Value], config: &[Value]) -> Vec<Option<Value>> {
        let object = Object::new(
            "",
            [
                Attribute::new("zone", Type::String).required(),
                Attribute::new("weight", Type::Number).optional().computed(),
            ],
        );
        correlate((&object).into(), prior, config)
            .into_iter()
            .map(Option::<&Value>::cloned)
            .collect()
    }

    #[test]
    fn who_leaves_less_open_chooses_first() {
        let (light, heavy) = (member("a".into(), 1.into()), member("a".into(), 9.into()));
        let open = member("a".into(), Value::Null);
        let found = pairs(&[heavy.clone(), light.clone()], &[open.clone(), heavy.clone()]);
        assert_eq!(found, [Some(light), Some(heavy.clone())]);
        assert_eq!(pairs(from_ref(&heavy), &[open, heavy.clone()]), [None, Some(heavy)]);
    }

    #[test]
    fn an_element_with_other_settings_is_another_one() {
        let prior = member("a".into(), 1.into());
        assert_eq!(pairs(&[prior], &[member("b".into(), Value::Null)]), [None]);
    }

    #[test]
    fn nothing_is_sure_that_an_unknown_element_may_still_claim() {
        let (prior, open) = (member("a".into(), 1.into()), member("a".into(), Value::Null));
        let rival = member(Value::unknown(), 1.into());
        assert_eq!(pairs(from_ref(&prior), &[open.clone(), rival]), [None, None]);
        let stranger = member(Value::unknown(), 2.into());
        assert_eq!(pairs(from_ref(&prior), &[open, stranger]), [Some(prior), None]);
    }

    #[test]
    fn defaults_count_in_what_is_nested_too() {
        let inner = Object::new("", [Attribute::new("a", Type::String).optional().default("x")]);
        let kind = Kind::Nested(Nesting::Single, inner);
        let object = Object::new("", [Attribute::new("b", kind).optional()]);
        let element = |a: Value| Value::from([("b", Value::from([("a", a)]))]);
        let prior = [element(Value::Null), element("x".into())];
        let found = correlate((&object).into(), &prior, &[element(Value::Null)]);
        assert_eq!(found, [Some(&prior[1])]);
    }
}
