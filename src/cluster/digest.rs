//! Short digests of objects: equal for what means the same to the API server.

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    intent::intent,
    owned::{fields_of, project},
};

/// Digits of a digest: enough to tell versions of one object apart, too few to
/// search for what was hashed with certainty.
const DIGITS: usize = 12;

/// Digest of a manifest as it is applied (see [`intent`]), regardless of the
/// order of its keys.
pub fn digest(manifest: &Value) -> String {
    of(&intent(manifest))
}

/// Digest of what `manager` applied of a live object, as the server has it now;
/// `None` if it applied nothing. Stays the same as long as nobody changes or
/// takes over these fields.
pub fn owned_digest(live: &Value, manager: &str) -> Option<String> {
    let fields = fields_of(live, manager)?;
    Some(of(&project(live, &fields)))
}

fn of(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    let digest = Sha256::digest(text.as_bytes());
    let mut digits = String::with_capacity(DIGITS);
    for byte in digest.iter().take(DIGITS / 2) {
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// JSON with sorted keys and integers without a fraction.
fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut sorted: Vec<_> = fields.iter().collect();
            sorted.sort_by_key(|(name, _)| name.as_str());
            text.push('{');
            for (name, value) in sorted {
                let _ = write!(text, "{name:?}:");
                write(value, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for item in items {
                write(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Number(number) => {
            match number.as_f64().filter(|it| !number.is_i64() && it.fract() == 0.0) {
                Some(whole) => {
                    let _ = write!(text, "{whole:.0}");
                }
                None => {
                    let _ = write!(text, "{number}");
                }
            }
        }
        scalar => {
            let _ = write!(text, "{scalar}");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn order_and_nulls_do_not_count() {
        let one = json!({"kind": "A", "spec": {"a": 1, "b": [1, "x"], "c": null}});
        let other: Value =
            serde_json::from_str(r#"{"spec": {"b": [1.0, "x"], "a": 1}, "kind": "A"}"#).unwrap();
        assert_eq!(digest(&one), digest(&other));
        assert_eq!(digest(&one).len(), DIGITS);
        for changed in [
            json!({"kind": "A", "spec": {"a": 1, "b": ["x", 1]}}),
            json!({"kind": "A", "spec": {"a": "1", "b": [1, "x"]}}),
            json!({"kind": "A", "spec": {"a": 1}}),
        ] {
            assert_ne!(digest(&one), digest(&changed));
        }
    }

    #[test]
    fn digits_say_nothing_of_a_secret_s_length() {
        let secret =
            |data: &str| json!({"apiVersion": "v1", "kind": "Secret", "stringData": {"a": data}});
        assert_eq!(digest(&secret("x")).len(), digest(&secret(&"x".repeat(99))).len());
        let encoded = json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": "eA=="}});
        assert_eq!(digest(&secret("x")), digest(&encoded));
    }

    #[test]
    fn only_what_the_manager_owns_counts() {
        let live = |a: &str, other: &str| {
            json!({"data": {"a": a, "other": other}, "metadata": {"managedFields": [
                {"manager": "crossmesh", "operation": "Apply", "fieldsV1": {"f:data": {"f:a": {}}}}]}})
        };
        let before = owned_digest(&live("1", "1"), "crossmesh");
        assert!(before.is_some());
        assert_eq!(owned_digest(&live("1", "2"), "crossmesh"), before);
        assert_ne!(owned_digest(&live("2", "1"), "crossmesh"), before);
        assert_eq!(owned_digest(&live("1", "1"), "kubectl"), None);
    }
}
