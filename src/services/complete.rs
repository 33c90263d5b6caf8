//! What an apply results in: the plan, completed with what the cloud answered.

use tfsdk::{
    Diagnostics, Model,
    value::{Path, Value},
};

/// `planned` with what it leaves open filled in from `answered`. What was
/// planned stays as it was planned, however the cloud spells it; what the cloud
/// does not tell either is null.
///
/// # Errors
///
/// None for two values of one model.
pub fn complete<M: Model>(planned: &M, answered: &M) -> Result<M, Diagnostics> {
    let completed = fill(planned.encode(), &answered.encode());
    M::decode(&completed, &Path::root())
}

fn fill(planned: Value, answered: &Value) -> Value {
    match (planned, answered) {
        (Value::Unknown(_), Value::Unknown(_)) => Value::Null,
        (Value::Unknown(_), answered) => answered.clone(),
        (Value::Map(planned), answered) => planned
            .into_iter()
            .map(|(name, value)| {
                let value = fill(value, answered.entry(&name).unwrap_or(&Value::Null));
                (name, value)
            })
            .collect(),
        (Value::List(planned), answered) => {
            let answered = answered.elements().unwrap_or_default();
            let item = |(index, value)| fill(value, answered.get(index).unwrap_or(&Value::Null));
            Value::List(planned.into_iter().enumerate().map(item).collect())
        }
        (planned, _) => planned,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tfsdk::value::Tf;

    use super::*;

    /// Something.
    #[derive(Clone, Model, PartialEq)]
    struct Thing {
        /// Id.
        #[attr(computed)]
        id: Tf<String>,
        /// Name.
        #[attr(optional)]
        name: Tf<String>,
        /// Limits.
        #[attr(optional)]
        limits: Tf<BTreeMap<String, String>>,
        /// Parts.
        #[attr(optional, computed)]
        parts: Tf<Vec<Part>>,
    }

    /// A part.
    #[derive(Clone, Model, PartialEq)]
    struct Part {
        /// Size.
        #[attr(optional, computed)]
        size: Tf<u64>,
        /// Colour.
        #[attr(optional, computed)]
        colour: Tf<String>,
    }

    fn part(size: Tf<u64>, colour: Tf<String>) -> Part {
        Part { size, colour }
    }

    #[test]
    fn the_plan_wins_and_its_gaps_are_filled() {
        let limits = |cpu: &str| BTreeMap::from([("cpu".to_owned(), cpu.to_owned())]);
        let planned = Thing {
            id: Tf::Unknown,
            name: Tf::Null,
            limits: Tf::Known(limits("1000m")),
            parts: Tf::Known(vec![part(3.into(), Tf::Unknown), part(Tf::Unknown, "red".into())]),
        };
        let answered = Thing {
            id: "i".into(),
            name: "told all the same".into(),
            limits: Tf::Known(limits("1")),
            parts: Tf::Known(vec![part(4.into(), "blue".into())]),
        };
        let expected = Thing {
            id: "i".into(),
            name: Tf::Null,
            limits: Tf::Known(limits("1000m")),
            parts: Tf::Known(vec![part(3.into(), "blue".into()), part(Tf::Null, "red".into())]),
        };
        assert_eq!(complete(&planned, &answered).unwrap(), expected);
    }

    #[test]
    fn what_nobody_knows_is_null() {
        let open = Thing { id: Tf::Unknown, parts: Tf::Unknown, ..Thing::empty() };
        assert_eq!(complete(&open, &open).unwrap(), Thing::empty());
        let told = Thing { parts: Tf::Known(vec![part(1.into(), Tf::Null)]), ..Thing::empty() };
        assert_eq!(complete(&open, &told).unwrap().parts, told.parts);
    }
}
