//! What a person wants to wait for in a Kubernetes object.

use std::collections::BTreeMap;

use tfsdk::{Model, schema::validators, value::Tf};

use crate::cluster::{Condition, FieldPath, ReadyRule, Wanted, WantedField};

/// The value of a field that only has to be set.
const ANY: &str = "*";

/// What to wait for in an object, all of it. What its status says of an older
/// generation does not count.
#[derive(Clone, Default, Model)]
#[model(at_least_one_of("conditions", "fields"))]
pub struct WaitFor {
    /// Conditions (`status.conditions`) by type, with the status that they must
    /// have: `True`, `False` or `Unknown`.
    #[attr(
        optional,
        validate(
            validators::not_empty(),
            validators::each(validators::one_of(["True", "False", "Unknown"]))
        )
    )]
    pub conditions: Tf<BTreeMap<String, String>>,

    /// Fields by path, such as `status.loadBalancer.ingress[0].ip`, with the value
    /// that they must have; `*` is any that is not empty.
    #[attr(optional, validate(validators::not_empty()))]
    pub fields: Tf<BTreeMap<String, String>>,
}

impl WaitFor {
    /// The same as a rule.
    pub fn rule(&self) -> ReadyRule {
        let conditions = self.conditions.known().into_iter().flatten();
        let fields = self.fields.known().into_iter().flatten();
        ReadyRule::Wanted(Wanted {
            conditions: conditions
                .map(|(name, status)| Condition { name: name.clone(), status: status.clone() })
                .collect(),
            fields: fields
                .map(|(path, value)| WantedField {
                    path: FieldPath::parse(path),
                    value: Some(value.clone()).filter(|value| value != ANY),
                })
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_value() {
        let fields = [("status.ip", "*"), ("status.phase", "Bound")]
            .map(|(path, value)| (path.to_owned(), value.to_owned()));
        let wait_for = WaitFor { fields: Tf::Known(fields.into()), ..WaitFor::default() };
        let ReadyRule::Wanted(wanted) = wait_for.rule() else { panic!("a rule of its own") };
        let shown: Vec<(String, Option<&str>)> =
            wanted.fields.iter().map(|it| (it.path.to_string(), it.value.as_deref())).collect();
        assert_eq!(
            shown,
            [(".status.ip".to_owned(), None), (".status.phase".to_owned(), Some("Bound"))]
        );
    }
}
