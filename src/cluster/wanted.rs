//! What a person wants to wait for in an object: conditions and fields.

use std::borrow::Cow;

use serde_json::Value;

use super::{
    fields::{FieldPath, Step},
    owned,
    readiness::{Readiness, condition, detail_of, number, status_of, unobserved},
};

/// What an object must have, all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Conditions of its status.
    pub conditions: Vec<Condition>,
    /// Fields, wherever they are.
    pub fields: Vec<WantedField>,
}

/// A condition that an object must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// `status.conditions[].type`.
    pub name: String,
    /// `status.conditions[].status`: `True`, `False` or `Unknown`.
    pub status: String,
}

/// A field that an object must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedField {
    /// The field.
    pub path: FieldPath,
    /// Its value as text; any that is not empty if `None`.
    pub value: Option<String>,
}

impl Wanted {
    /// Judges an object as it was read. What its status says of an older
    /// generation does not count.
    pub(super) fn judge(&self, object: &Value) -> Readiness {
        let condition = self.conditions.iter().find_map(|it| it.missing(object));
        let missing = condition.or_else(|| self.fields.iter().find_map(|it| it.missing(object)));
        missing.unwrap_or(Readiness::Ready)
    }
}

impl Condition {
    /// Why the object does not have it.
    fn missing(&self, object: &Value) -> Option<Readiness> {
        let Self { name, status } = self;
        if status_of(object, name) != status {
            let detail = detail_of(object, name);
            return Some(Readiness::Waiting(format!("condition {name} is not {status}{detail}")));
        }
        let observed = condition(object, name).and_then(|it| it.get("observedGeneration"));
        let is_old = observed
            .and_then(Value::as_i64)
            .is_some_and(|observed| observed < number(object, "/metadata/generation"));
        let says_so = object.pointer("/status/observedGeneration").is_some();
        match unobserved(object).filter(|_| says_so) {
            Some(waiting) => Some(waiting),
            None => is_old.then(|| {
                Readiness::Waiting(format!("condition {name} is about an older generation"))
            }),
        }
    }
}

impl WantedField {
    /// Why the object does not have it.
    fn missing(&self, object: &Value) -> Option<Readiness> {
        let path = &self.path;
        let found = part(object, path);
        let says_so = object.pointer("/status/observedGeneration").is_some();
        let of_status = path.steps().first() == Some(&Step::Field("status".to_owned()));
        if let Some(waiting) = unobserved(object).filter(|_| says_so && of_status) {
            return Some(waiting);
        }
        match (&self.value, found) {
            (None, found) => found.is_none_or(is_empty).then(|| format!("{path} is not set")),
            (Some(value), found) => {
                let is = found.map(text);
                let missing = is.as_deref() != Some(value.as_str());
                missing.then(|| match is {
                    Some(is) => format!("{path} is {is:?}, not {value:?}"),
                    None => format!("{path} is not set"),
                })
            }
        }
        .map(Readiness::Waiting)
    }
}

fn part<'a>(object: &'a Value, path: &FieldPath) -> Option<&'a Value> {
    path.steps().iter().try_fold(object, |value, step| match (value, step) {
        (Value::Object(fields), Step::Field(name)) => fields.get(name),
        (Value::Array(items), step) => {
            let mut items = items.iter().enumerate();
            items.find(|(index, it)| owned::selects(step, *index, it)).map(|(_, it)| it)
        }
        _ => None,
    })
}

/// A text as it is, anything else as JSON.
fn text(value: &Value) -> Cow<'_, str> {
    value.as_str().map_or_else(|| value.to_string().into(), Cow::Borrowed)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn condition(status: &str) -> Wanted {
        let wanted = Condition { name: "Programmed".to_owned(), status: status.to_owned() };
        Wanted { conditions: vec![wanted], fields: Vec::new() }
    }

    fn field(path: &str, value: Option<&str>) -> Wanted {
        let value = value.map(str::to_owned);
        let field = WantedField { path: FieldPath::parse(path), value };
        Wanted { conditions: Vec::new(), fields: vec![field] }
    }

    fn waiting(text: &str) -> Readiness {
        Readiness::Waiting(text.to_owned())
    }

    fn gateway(status: Value) -> Value {
        json!({"apiVersion": "x/v1", "kind": "A", "metadata": {"name": "a", "generation": 2},
            "spec": {"replicas": 3}, "status": status})
    }

    #[test]
    fn conditions_have_the_status_that_is_wanted() {
        let pending = json!({"conditions": [
            {"type": "Programmed", "status": "False", "reason": "Pending"}]});
        assert_eq!(
            condition("True").judge(&gateway(pending.clone())),
            waiting("condition Programmed is not True (Pending)")
        );
        assert_eq!(condition("False").judge(&gateway(pending)), Readiness::Ready);
        assert_eq!(
            condition("True").judge(&gateway(Value::Null)),
            waiting("condition Programmed is not True")
        );
    }

    #[test]
    fn what_is_said_of_an_older_generation_does_not_count() {
        let seen = |whole: Option<i64>, own: Option<i64>| {
            let mut status = json!({"conditions": [{"type": "Programmed", "status": "True"}]});
            if let Some(generation) = whole {
                status["observedGeneration"] = generation.into();
            }
            if let Some(generation) = own {
                status["conditions"][0]["observedGeneration"] = generation.into();
            }
            condition("True").judge(&gateway(status))
        };
        let older = waiting("condition Programmed is about an older generation");
        assert_eq!(seen(None, None), Readiness::Ready);
        assert_eq!(seen(Some(2), Some(2)), Readiness::Ready);
        assert_eq!(seen(None, Some(1)), older);
        assert_eq!(seen(Some(2), Some(1)), older);
        assert_eq!(seen(Some(1), None), waiting("the controller has not seen the change"));
        let status = json!({"observedGeneration": 1, "address": "1.2.3.4"});
        assert_eq!(
            field(".status.address", None).judge(&gateway(status.clone())),
            waiting("the controller has not seen the change")
        );
        assert_eq!(field(".spec.replicas", None).judge(&gateway(status)), Readiness::Ready);
    }

    #[test]
    fn fields_are_set_or_have_a_value() {
        let object = gateway(json!({"address": "", "port": 80, "conditions": [
            {"type": "Programmed", "status": "True"}]}));
        for (path, value, readiness) in [
            ("status.conditions[type=\"Programmed\"].status", None, Readiness::Ready),
            ("status.conditions[0].status", Some("True"), Readiness::Ready),
            ("status.address", None, waiting(".status.address is not set")),
            ("status.port", Some("80"), Readiness::Ready),
            ("status.port", Some("81"), waiting(".status.port is \"80\", not \"81\"")),
            ("status.phase", Some("Done"), waiting(".status.phase is not set")),
        ] {
            assert_eq!(field(path, value).judge(&object), readiness, "{path}");
        }
    }
}
