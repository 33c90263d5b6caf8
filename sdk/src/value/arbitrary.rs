//! Strategies for property tests: any type, and any value of a type.

use std::collections::BTreeMap;

use proptest::{collection, option, prelude::*, test_runner::RngSeed};

use crate::value::{Bound, Number, Refinement, Type, Value};

/// The same cases at each run, and no file written; `PROPTEST_RNG_SEED` and
/// `PROPTEST_CASES` make it try others and more.
pub(crate) fn config() -> ProptestConfig {
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(6);
    }
    config
}

/// Any type, a few levels deep.
pub(crate) fn ty() -> impl Strategy<Value = Type> {
    let leaf =
        prop_oneof![Just(Type::Bool), Just(Type::Number), Just(Type::String), Just(Type::Dynamic)];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            inner.clone().prop_map(Type::set),
            inner.clone().prop_map(Type::map),
            collection::btree_map("[a-z_]{1,6}", inner.clone(), 0..4).prop_map(Type::Object),
            collection::vec(inner, 0..4).prop_map(Type::Tuple),
        ]
    })
}

/// Any value of `ty`; with unknown parts if `unknown`.
pub(crate) fn value(ty: Type, unknown: bool) -> BoxedStrategy<Value> {
    let known = known(ty, unknown);
    if unknown {
        prop_oneof![1 => Just(Value::Null), 1 => unknown_value(), 8 => known].boxed()
    } else {
        prop_oneof![1 => Just(Value::Null), 9 => known].boxed()
    }
}

/// A type and two values of it.
pub(crate) fn typed(unknown: bool) -> impl Strategy<Value = (Type, Value)> {
    ty().prop_flat_map(move |ty| (Just(ty.clone()), value(ty, unknown)))
}

fn known(ty: Type, unknown: bool) -> BoxedStrategy<Value> {
    match ty {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Number => number().prop_map(Value::Number).boxed(),
        Type::String => text().prop_map(|text| text.into()).boxed(),
        Type::List(element) => {
            collection::vec(value(*element, unknown), 0..4).prop_map(Value::List).boxed()
        }
        Type::Set(element) => {
            collection::vec(value(*element, unknown), 0..4).prop_map(Value::Set).boxed()
        }
        Type::Map(element) => collection::btree_map(
            text().prop_map(|key| Value::key(&key)),
            value(*element, unknown),
            0..4,
        )
        .prop_map(Value::Map)
        .boxed(),
        Type::Object(types) => types
            .into_iter()
            .map(|(name, ty)| (Just(name), value(ty, unknown)))
            .collect::<Vec<_>>()
            .prop_map(|entries| Value::Map(entries.into_iter().collect::<BTreeMap<_, _>>()))
            .boxed(),
        Type::Tuple(types) => types
            .into_iter()
            .map(|ty| value(ty, unknown))
            .collect::<Vec<_>>()
            .prop_map(Value::List)
            .boxed(),
        Type::Dynamic => prop_oneof![Just(Type::Bool), Just(Type::Number), Just(Type::String)]
            .prop_flat_map(move |ty| {
                let list = Type::list(ty.clone());
                prop_oneof![
                    value(ty.clone(), unknown)
                        .prop_map(move |value| Value::Dynamic(Box::new((ty.clone(), value)))),
                    value(list.clone(), unknown)
                        .prop_map(move |value| Value::Dynamic(Box::new((list.clone(), value)))),
                ]
            })
            .boxed(),
    }
}

pub(crate) fn number() -> impl Strategy<Value = Number> + Clone {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        any::<u64>().prop_map(Number::from),
        "-?[0-9]{1,30}(\\.[0-9]{1,30})?(e-?[0-9]{1,3})?".prop_map(|text| text.parse().unwrap()),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{0,8}", "\\PC{0,12}", "(.|\n|\t|\"|\\\\|\u{0}|e\u{301}){0,6}"]
}

fn unknown_value() -> impl Strategy<Value = Value> {
    let bound = (number(), any::<bool>()).prop_map(|(value, inclusive)| Bound { value, inclusive });
    let refinement = (
        any::<bool>(),
        option::of(text()),
        option::of(bound.clone()),
        option::of(bound),
        option::of(any::<u64>()),
        option::of(any::<u64>()),
    );
    option::of(refinement.prop_map(|(not_null, prefix, lower, upper, min_length, max_length)| {
        Box::new(Refinement { not_null, prefix, lower, upper, min_length, max_length })
    }))
    .prop_map(Value::Unknown)
}
