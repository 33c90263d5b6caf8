//! What Terraform stores is read, and what is written reads back.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::value::arbitrary;

#[test]
fn every_shape_is_read() {
    let ty = Type::object([
        ("b", Type::Bool),
        ("d", Type::Dynamic),
        ("l", Type::list(Type::Number)),
        ("m", Type::map(Type::String)),
        ("n", Type::Number),
        ("s", Type::set(Type::String)),
        ("t", Type::Tuple(vec![Type::Bool, Type::String])),
    ]);
    let text = r#"{"b":true,"d":{"type":["list","number"],"value":[1]},"l":[1,2.50],"m":{"k":"v"},"n":0.30000000000000001,"s":["x","y"],"t":[false,null]}"#;
    let value = decode(text.as_bytes(), &ty).unwrap();
    assert_eq!(value.entry("n"), Some(&Value::Number("0.30000000000000001".parse().unwrap())));
    assert_eq!(encode(&value, &ty).unwrap(), text.replace("2.50", "2.5"));
}

#[test]
fn the_type_of_a_dynamic_value_may_come_last() {
    let value = decode(br#" {"value": [1], "type": ["list","number"]} "#, &Type::Dynamic).unwrap();
    assert_eq!(
        value,
        Value::Dynamic(Box::new((Type::list(Type::Number), Value::List(vec![1.into()]))))
    );
}

#[test]
fn scalars_are_taken_for_each_other_as_terraform_does() {
    for (ty, text, value) in [
        (Type::Bool, "\"true\"", Value::Bool(true)),
        (Type::Number, "\"1.5\"", Value::Number("1.5".parse().unwrap())),
        (Type::String, "1.50", "1.50".into()),
        (Type::String, "false", "false".into()),
    ] {
        assert_eq!(decode(text.as_bytes(), &ty), Ok(value));
    }
}

#[test]
fn attributes_that_are_missing_are_null_and_others_are_refused_or_ignored() {
    let ty =
        Type::object([("a", Type::Bool), ("b", Type::list(Type::object([("c", Type::Bool)])))]);
    let text = br#"{"b":[{"c":true,"gone":1}],"old":{}}"#;
    let error = decode(text, &ty).unwrap_err();
    assert_eq!(error.to_string(), "there is no attribute \"old\"");
    let value = decode_state(text, &ty).unwrap();
    let list = Value::List(vec![Value::from([("c", true)])]);
    assert_eq!(value, Value::from([("a", Value::Null), ("b", list)]));
}

#[test]
fn malformed_text_is_an_error_with_its_place() {
    let ty = Type::object([("a", Type::list(Type::map(Type::Number)))]);
    for (text, reason) in [
        ("", "malformed JSON"),
        ("{", "malformed JSON"),
        ("{\"a\":[]} x", "malformed JSON"),
        ("{\"a\":[{\"k\":truth}]}", "malformed JSON"),
        ("{\"a\":[{\"k\":true}]}", "a[0][\"k\"]: a number is needed, not a bool"),
        ("{\"a\":1}", "a: a list is needed, not a number"),
        ("{\"a\":[{\"k\":\"x\"}]}", "a[0][\"k\"]: \"x\" is not a decimal number"),
        ("[]", "an object is needed, not a sequence"),
    ] {
        let error = decode(text.as_bytes(), &ty).unwrap_err().to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
    assert!(decode(b"\"\xff\"", &Type::String).is_err());
    assert!(decode(b"{\"type\":\"string\"}", &Type::Dynamic).is_err());
    assert!(decode(b"[1]", &Type::Tuple(vec![])).unwrap_err().reason.contains("tuple of 0"));
}

#[test]
fn nesting_is_bounded() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    assert!(infer(&deep).is_err());
    let deep = "{\"type\":\"dynamic\",\"value\":".repeat(1000) + "null" + &"}".repeat(1000);
    assert!(decode(deep.as_bytes(), &Type::Dynamic).is_err());
}

#[test]
fn unknown_values_are_not_stored() {
    let value = Value::from([("a", Value::List(vec![Value::unknown()]))]);
    let ty = Type::object([("a", Type::list(Type::Bool))]);
    assert_eq!(
        encode(&value, &ty).unwrap_err().to_string(),
        "a[0]: an unknown value cannot be stored"
    );
    assert_eq!(to_serde(&value).unwrap_err().to_string(), "[\"a\"][0]: the value is not known yet");
}

#[test]
fn free_data_goes_both_ways() {
    let json = json!({"a": [1, "x", null, 2.5], "b": {"c": true}, "big": u64::MAX});
    let value = from_serde(&json);
    assert_eq!(Type::Dynamic.check(&value), Ok(()));
    assert_eq!(to_serde(&value), Ok(json.clone()));
    assert_eq!(infer(&json.to_string()), Ok(value));

    let exact = infer("{\"n\":0.30000000000000001}").unwrap();
    assert_eq!(exact.entry("n").unwrap().as_number().unwrap().to_string(), "0.30000000000000001");
    assert_eq!(infer("null"), Ok(Value::Null));
    assert!(to_serde(&infer("1e400").unwrap()).is_err());
}

proptest! {
    #![proptest_config(arbitrary::config())]

    #[test]
    fn any_known_value_of_any_type_survives((ty, value) in arbitrary::typed(false)) {
        let text = encode(&value, &ty).unwrap();
        prop_assert!(serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok());
        prop_assert_eq!(decode(text.as_bytes(), &ty), Ok(value));
    }

    #[test]
    fn truncated_text_is_an_error((ty, value) in arbitrary::typed(false), cut: prop::sample::Index) {
        let text = encode(&value, &ty).unwrap();
        // A number that is cut is still a number.
        if text.starts_with(['[', '{', '"']) {
            let cut = cut.index(text.len());
            prop_assert!(decode(&text.as_bytes()[..cut], &ty).is_err());
        }
    }

    #[test]
    fn changed_text_does_no_harm(
        (ty, value) in arbitrary::typed(false),
        at: prop::sample::Index,
        byte: u8,
    ) {
        let mut bytes = encode(&value, &ty).unwrap().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        for read in [decode(&bytes, &ty), decode_state(&bytes, &ty)].into_iter().flatten() {
            prop_assert_eq!(ty.check(&read), Ok(()));
        }
    }

    #[test]
    fn types_survive(ty in arbitrary::ty()) {
        prop_assert_eq!(Type::from_json(&ty.to_json()), Ok(ty));
    }

    #[test]
    fn free_documents_survive((_, value) in arbitrary::typed(false)) {
        if let Ok(json) = to_serde(&value) {
            let read = from_serde(&json);
            prop_assert_eq!(Type::Dynamic.check(&read), Ok(()));
            let again = to_serde(&read).unwrap();
            prop_assert_eq!(from_serde(&again), read);
        }
    }
}
