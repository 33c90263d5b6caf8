//! What must hold for any schema, any state and any configuration.

use proptest::prelude::*;

use super::{Puppet, apply, block_on, dice::Dice, engine, plan};
use crate::{
    engine::{
        Server,
        rules::{check_applied, check_plan},
        shape::Shape,
    },
    schema::Schema,
    value::Value,
};

/// Random bytes for [`Dice`].
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..300)
}

/// A schema with a state, or none, and a configuration.
fn case(dice: &mut Dice) -> (Schema, Value, Value) {
    let schema = dice.schema();
    let shape: Shape<'_> = (&schema.block).into();
    let prior = match dice.roll(3) {
        0 => Value::Null,
        _ => dice.state(shape, &Value::Null),
    };
    let config = dice.config(shape, &prior);
    (schema, prior, config)
}

/// The plan, or none if the configuration has elements that defaults make the
/// same.
fn planned(schema: &Schema, prior: &Value, config: &Value) -> Option<Value> {
    let engine = engine(Puppet::new(schema.clone()));
    let answer = block_on(engine.plan_resource(plan(prior, config)));
    let text = answer.diagnostics.to_string();
    assert!(answer.planned.is_some() || text.contains("Duplicate element"), "{text}");
    answer.planned
}

/// A failing case.
fn shown(schema: &Schema, prior: &Value, config: &Value) -> String {
    format!("{:#?}\nprior {prior:?}\nconfig {config:?}", schema.block)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_plan_is_one_that_terraform_accepts(bytes in bytes()) {
        let mut dice = Dice::new(bytes);
        let (schema, prior, config) = case(&mut dice);
        if let Some(planned) = planned(&schema, &prior, &config) {
            prop_assert_eq!(check_plan(&schema, &prior, &config, &planned), []);
            prop_assert_eq!(schema.ty().check(&planned), Ok(()));
        }
    }

    #[test]
    fn a_plan_only_gets_more_known(bytes in bytes()) {
        let mut dice = Dice::new(bytes);
        let (schema, prior, config) = case(&mut dice);
        let shape: Shape<'_> = (&schema.block).into();
        let resolved = dice.resolved(shape, &config);
        let first = planned(&schema, &prior, &config);
        let again = planned(&schema, &prior, &resolved);
        if let (Some(first), Some(again)) = (first, again) {
            let faults = check_applied(&schema, &first, &again);
            prop_assert_eq!(
                faults, [], "{}\nthen {:?}\nfirst {:?}\nagain {:?}",
                shown(&schema, &prior, &config), resolved, first, again
            );
        }
    }

    #[test]
    fn what_was_applied_plans_no_change(bytes in bytes()) {
        let mut dice = Dice::new(bytes);
        let (schema, prior, config) = case(&mut dice);
        let shape: Shape<'_> = (&schema.block).into();
        let config = dice.resolved(shape, &config);
        let Some(first) = planned(&schema, &prior, &config) else { return Ok(()) };
        let state = dice.completed_object(shape, &first);
        if dice.merged {
            return Ok(());
        }
        let again = planned(&schema, &state, &config);
        prop_assert_eq!(again.as_ref(), Some(&state), "{}", shown(&schema, &prior, &config));
    }

    #[test]
    fn any_true_result_is_taken(bytes in bytes()) {
        let mut dice = Dice::new(bytes);
        let (schema, prior, config) = case(&mut dice);
        let shape: Shape<'_> = (&schema.block).into();
        let config = dice.resolved(shape, &config);
        let Some(plan) = planned(&schema, &prior, &config) else { return Ok(()) };
        let result = dice.completed_object(shape, &plan);
        prop_assert_eq!(check_applied(&schema, &plan, &result), []);
        let (made, changed) = (result.clone(), result);
        let puppet = Puppet::new(schema.clone())
            .create(move |_, _| Ok(made.clone()))
            .update(move |_, _| Ok(changed.clone()));
        let engine = block_on(super::configured(puppet));
        let answer = block_on(engine.apply_resource(apply(&prior, &plan, &config)));
        prop_assert!(answer.diagnostics.is_empty(), "{}", answer.diagnostics);
        let state = answer.state.unwrap();
        prop_assert_eq!(check_applied(&schema, &plan, &state), []);
    }

    #[test]
    fn a_result_of_anything_never_panics_and_is_kept(bytes in bytes()) {
        let mut dice = Dice::new(bytes);
        let (schema, prior, config) = case(&mut dice);
        let shape: Shape<'_> = (&schema.block).into();
        let config = dice.resolved(shape, &config);
        let Some(plan) = planned(&schema, &prior, &config) else { return Ok(()) };
        if plan == prior {
            return Ok(());
        }
        let result = dice.config(shape, &prior);
        let (made, changed) = (result.clone(), result);
        let puppet = Puppet::new(schema.clone())
            .create(move |_, _| Ok(made.clone()))
            .update(move |_, _| Ok(changed.clone()));
        let engine = block_on(super::configured(puppet));
        let answer = block_on(engine.apply_resource(apply(&prior, &plan, &config)));
        let state = answer.state.unwrap();
        prop_assert!(state.is_wholly_known());
        prop_assert_eq!(schema.ty().check(&state), Ok(()));
        let faults = check_applied(&schema, &plan, &state);
        prop_assert!(faults.is_empty() || answer.diagnostics.has_errors(), "{:?}", faults);
    }
}
