//! Validation rules of custom resources in CEL, the Common Expression
//! Language: as much of it as definitions commonly use.
//!
//! Literals, operators, `has`, the macros `all`, `exists`, `exists_one`, `map`
//! and `filter`, and the functions on strings, lists, maps, durations and URLs.
//! A rule that uses more is taken as kept.

mod evaluate;
mod syntax;
mod values;

use serde_json::Value;

use self::evaluate::{Failure, evaluate};
use self::syntax::Expression;
use self::values::Val;

/// An entry of `x-kubernetes-validations`.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    expression: Expression,
    text: String,
    message: Option<String>,
    /// Compares with the value before the change; not checked at creation.
    transition: bool,
}

impl Rule {
    /// Reads an entry. The error says what is wrong with its expression.
    pub(crate) fn read(entry: &Value) -> Result<Self, String> {
        let text = entry["rule"].as_str().unwrap_or_default().trim().to_owned();
        let expression = syntax::parse(&text)?;
        let message = entry["message"].as_str().map(str::to_owned);
        let transition = text.contains("oldSelf");
        Ok(Self { expression, text, message, transition })
    }

    /// What the API server says if a value breaks the rule.
    pub(crate) fn fault(&self, value: &Value, old: Option<&Value>) -> Option<String> {
        if self.transition && old.is_none() {
            return None;
        }
        let message = || match &self.message {
            Some(message) => message.clone(),
            None => format!("failed rule: {}", self.text),
        };
        let mut scope = vec![("self".to_owned(), Val::from_json(value))];
        scope.extend(old.map(|old| ("oldSelf".to_owned(), Val::from_json(old))));
        match evaluate(&self.expression, &mut scope) {
            Ok(Val::Bool(true)) | Err(Failure::Unsupported) => None,
            Ok(_) => Some(message()),
            Err(Failure::Error(error)) => {
                Some(format!("rule evaluation error: {error} evaluating rule: {}", message()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keeps(rule: &str, value: Value) -> bool {
        Rule::read(&json!({"rule": rule})).unwrap().fault(&value, None).is_none()
    }

    #[test]
    fn operators_and_precedence() {
        assert!(keeps("self.a + 2 * 3 == 7 && !(self.a > 1)", json!({"a": 1})));
        assert!(keeps("1 + 1 == 2 ? self == 'x' : false", json!("x")));
        assert!(keeps("self in ['a', \"b\"] || false", json!("b")));
        assert!(keeps("self[0] == 1 && -self[1] == -2 && self.size() == 2", json!([1, 2])));
        assert!(keeps("'k' in self && self['k'] == true", json!({"k": true})));
        assert!(!keeps("self != '*'", json!("*")));
        assert!(keeps("(has(self.a) ? 1 : 0) + (has(self.b) ? 1 : 0) <= 1", json!({"b": 1})));
        assert!(keeps("true || self.missing == 1", json!({})), "an error beside true is absorbed");
    }

    #[test]
    fn macros() {
        assert!(keeps("self.all(k, !k.contains('*'))", json!({"a": 1, "b": 2})));
        assert!(!keeps("self.all(a, self.exists_one(b, a.n == b.n))", json!([{"n": 1}, {"n": 1}])));
        assert!(keeps("self.exists(x, x > 2)", json!([1, 3])));
        assert!(keeps(
            "self.filter(x, x > 1).size() == self.map(x, x > 1, x).size()",
            json!([1, 2, 3])
        ));
        assert!(keeps("(has(self.m) ? self.m : {}).size() == 0", json!({})));
    }

    #[test]
    fn functions() {
        assert!(keeps("duration(self) >= duration('1ms')", json!("1.5s")));
        assert!(!keeps("duration(self) >= duration('1ms')", json!("1us")));
        let fault =
            Rule::read(&json!({"rule": "duration(self) >= duration('1ms')", "message": "m"}))
                .unwrap()
                .fault(&json!("soon"), None)
                .unwrap();
        assert!(fault.contains("evaluating rule: m"), "{fault}");
        assert!(keeps("url(self).getScheme() in ['http', 'https']", json!("https://a/b")));
        assert!(keeps("isURL(self) && !isURL('not a url')", json!("oci://a")));
        assert!(keeps(
            "self.startsWith('unix://') && self.substring(7, 8) == '/'",
            json!("unix:///x")
        ));
        assert!(keeps(
            "self.matches('^[a-z]+$') && size(self) == 3 && !self.endsWith('/')",
            json!("abc")
        ));
        assert!(keeps("0 < int(self) && string(8) + '0' == self", json!("80")));
        assert!(keeps("self.something_new(1)", json!("x")), "what is not known is taken as kept");
    }

    #[test]
    fn transition_rules_need_an_old_value() {
        let rule =
            Rule::read(&json!({"rule": "self == oldSelf", "message": "is immutable"})).unwrap();
        assert_eq!(rule.fault(&json!(1), None), None);
        assert_eq!(rule.fault(&json!(1), Some(&json!(1))), None);
        assert_eq!(rule.fault(&json!(1), Some(&json!(2))).as_deref(), Some("is immutable"));
    }

    #[test]
    fn broken_expressions_are_refused() {
        for rule in ["self.", "1 +", "(self", "has(self)", "self ==", "'open"] {
            assert!(Rule::read(&json!({"rule": rule})).is_err(), "{rule}");
        }
    }
}
