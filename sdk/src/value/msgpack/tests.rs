//! What Terraform writes is read, what is written Terraform reads, and nothing
//! malformed does harm.

use proptest::prelude::*;

use super::*;
use crate::value::{Bound, Number, Refinement, arbitrary};

/// Bytes written as hexadecimal, as they appear in captures.
fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    (0..digits.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&digits[i..i + 2], 16).unwrap())
        .collect()
}

fn number(text: &str) -> Value {
    Value::Number(text.parse().unwrap())
}

#[test]
fn scalars_have_terraforms_forms() {
    for (ty, bytes, value) in [
        (Type::String, "c0", Value::Null),
        (Type::String, "d4 00 00", Value::unknown()),
        (Type::Bool, "c3", true.into()),
        (Type::Number, "7f", 127.into()),
        (Type::Number, "cc 80", 128.into()),
        (Type::Number, "ff", (-1).into()),
        (Type::Number, "d3 8000000000000000", i64::MIN.into()),
        (Type::Number, "a3 302e31", number("0.1")),
        (Type::Number, "b3 39323233333732303336383534373735383038", number("9223372036854775808")),
        (Type::String, "a2 6869", "hi".into()),
    ] {
        let bytes = hex(bytes);
        assert_eq!(decode(&bytes, &ty), Ok(value.clone()), "{bytes:x?}");
        assert_eq!(encode(&value, &ty), Ok(bytes), "{value:?}");
    }
}

/// A resource's configuration as Terraform 1.11.4 sent it: text that was
/// written as `"é e\u0301"`, `tostring(null)` in a dynamic attribute, a list of
/// unknown length and a set of two unknown texts, all of them not null.
#[test]
fn what_terraform_sent_is_read_and_written_alike() {
    let bytes =
        hex("88 a3616e79 c0 a4616e7932 92c40822737472696e6722c0 a7636f6e74656e74 a5c3a920c3a9 \
                     a16d c0 a46e756d73 c7030c8101c2 a470617468 a179 \
                     a3736574 92c7030c8101c2c7030c8101c2 a473697a65 c0");
    let ty = Type::object([
        ("any", Type::Dynamic),
        ("any2", Type::Dynamic),
        ("content", Type::String),
        ("m", Type::map(Type::Bool)),
        ("nums", Type::list(Type::Number)),
        ("path", Type::String),
        ("set", Type::set(Type::String)),
        ("size", Type::Number),
    ]);
    let value = decode(&bytes, &ty).unwrap();
    assert_eq!(value.entry("any"), Some(&Value::Null));
    assert_eq!(value.entry("any2"), Some(&Value::Dynamic(Box::new((Type::String, Value::Null)))));
    assert_eq!(value.entry("content"), Some(&"\u{e9} \u{e9}".into()));
    assert!(matches!(value.entry("nums"), Some(Value::Unknown(Some(r))) if r.not_null));
    assert_eq!(value.entry("set").and_then(Value::elements).map(<[_]>::len), Some(2));
    assert_eq!(encode(&value, &ty), Ok(bytes));
}

#[test]
fn other_accepted_forms_are_read() {
    for (ty, bytes, value) in [
        (Type::Number, "cb 3fe0000000000000", number("0.5")),
        (Type::Number, "ca 3f000000", number("0.5")),
        (Type::Number, "cf ffffffffffffffff", number("18446744073709551615")),
        (Type::Number, "c4 03 302e31", number("0.1")),
        (Type::Number, "a3 316532", number("100")),
        (Type::String, "c4 02 6869", "hi".into()),
        (Type::String, "a3 65cc81", "\u{e9}".into()),
        (Type::String, "d4 05 ff", Value::unknown()),
        (Type::String, "c7 00 09", Value::unknown()),
        (Type::Dynamic, "92 a8 22737472696e6722 a1 78", Value::dynamic("x".into())),
        (Type::Dynamic, "92 c4 09 2264796e616d696322 c0", Value::Null),
    ] {
        assert_eq!(decode(&hex(bytes), &ty), Ok(value), "{bytes}");
    }
    assert_eq!(decode(&[], &Type::Bool), Ok(Value::Null));
}

#[test]
fn many_digits_are_kept() {
    let exact = number("0.30000000000000001");
    let bytes = encode(&exact, &Type::Number).unwrap();
    assert_eq!(&bytes[1..], b"0.30000000000000001");
    assert_eq!(decode(&bytes, &Type::Number), Ok(exact));
}

#[test]
fn a_set_may_hold_several_unknown_elements() {
    let ty = Type::set(Type::String);
    let bytes = hex("92 d40000 d40000");
    let value = decode(&bytes, &ty).unwrap();
    assert_eq!(value, Value::Set(vec![Value::unknown(), Value::unknown()]));
    assert_eq!(encode(&value, &ty), Ok(bytes));
}

#[test]
fn dynamic_values_carry_their_type() {
    let typed_null = Value::Dynamic(Box::new((Type::Bool, Value::Null)));
    for (bytes, value) in [
        ("92 c4 08 226e756d62657222 05", Value::dynamic(5.into())),
        ("92 c4 06 22626f6f6c22 c0", typed_null),
        ("c0", Value::Null),
        ("d4 00 00", Value::unknown()),
    ] {
        let bytes = hex(bytes);
        assert_eq!(decode(&bytes, &Type::Dynamic), Ok(value.clone()));
        assert_eq!(encode(&value, &Type::Dynamic), Ok(bytes));
    }
}

#[test]
fn promises_about_unknown_values_survive() {
    let bytes = hex("c7 06 0c 82 01 c2 02 a1 61");
    let Ok(Value::Unknown(Some(refinement))) = decode(&bytes, &Type::String) else {
        panic!("a refined unknown value");
    };
    assert!(refinement.not_null);
    assert_eq!(refinement.prefix.as_deref(), Some("a"));
    assert_eq!(encode(&Value::Unknown(Some(refinement)), &Type::String), Ok(bytes));

    let range = Refinement {
        lower: Some(Bound { value: 1.into(), inclusive: true }),
        upper: Some(Bound { value: "2.5".parse().unwrap(), inclusive: false }),
        ..Refinement::default()
    };
    let bytes = encode(&Value::Unknown(Some(Box::new(range.clone()))), &Type::Number).unwrap();
    let Ok(Value::Unknown(Some(read))) = decode(&bytes, &Type::Number) else {
        panic!("a refined unknown value");
    };
    assert_eq!(*read, range);
}

#[test]
fn promises_that_do_not_fit_are_not_made() {
    let refinement = Refinement {
        prefix: Some("e\u{301}".repeat(300)),
        min_length: Some(1),
        lower: Some(Bound { value: "7".repeat(1000).parse().unwrap(), inclusive: true }),
        ..Refinement::default()
    };
    let unknown = Value::Unknown(Some(Box::new(refinement)));
    let made = |ty: Type| match decode(&encode(&unknown, &ty).unwrap(), &ty) {
        Ok(Value::Unknown(refinement)) => refinement,
        other => panic!("{other:?}"),
    };
    assert_eq!(made(Type::String).unwrap().prefix.unwrap().len(), 256);
    assert_eq!(made(Type::list(Type::Bool)).unwrap().min_length, Some(1));
    assert_eq!(made(Type::Number), None);
    assert_eq!(made(Type::Dynamic), None);
}

#[test]
fn unknown_promises_are_passed_over_and_a_promised_null_is_null() {
    let bytes = hex("c7 09 0c 82 09 92 c0 81 01 02 01 c2");
    assert!(matches!(decode(&bytes, &Type::Bool), Ok(Value::Unknown(Some(r))) if r.not_null));
    assert_eq!(decode(&hex("c7 03 0c 81 01 c3"), &Type::Bool), Ok(Value::Null));
}

#[test]
fn malformed_bytes_are_errors() {
    let object = Type::object([("a", Type::Bool), ("b", Type::list(Type::Number))]);
    for (ty, bytes, reason) in [
        (&Type::Bool, "", None),
        (&Type::Bool, "c3 c3", Some("1 bytes after the value")),
        (&Type::Bool, "01", Some("a bool is needed, not a number")),
        (&Type::Bool, "c1", Some("the byte c1 means nothing")),
        (&Type::String, "da ffff", Some("the bytes end before the value does")),
        (&Type::String, "a1 ff", Some("text is not UTF-8")),
        (&Type::Number, "a1 78", Some("\"x\" is not a decimal number")),
        (&Type::Number, "cb 7ff8000000000000", Some("\"NaN\" is not a finite number")),
        (&Type::String, "d5 0c 00 00", Some("malformed")),
        (&Type::String, "d5 01 00 00", Some("the extension type 1 means nothing")),
        (&object, "81 a1 61 c3", Some("the attribute \"b\" is missing")),
        (&object, "83 a1 61 c3 a1 62 c0 a1 63 c0", Some("there is no attribute \"c\"")),
        (&object, "82 a1 61 c3 a1 61 c3", Some("the key \"a\" stands twice")),
        (&object, "82 a1 61 c3 a1 62 92 01 c3", Some("b[1]: a number is needed, not a bool")),
        (&Type::Tuple(vec![Type::Bool]), "92 c3 c3", Some("2 elements in a tuple of 1")),
        (&Type::Dynamic, "92 a1 78 c0", Some("malformed JSON")),
        (&Type::Dynamic, "93 c0 c0 c0", Some("a value with its type is needed")),
    ] {
        let result = decode(&hex(bytes), ty);
        match reason {
            None => assert_eq!(result, Ok(Value::Null)),
            Some(reason) => {
                let error = result.unwrap_err().to_string();
                assert!(error.contains(reason), "{bytes}: {error}");
            }
        }
    }
    let long = [hex("c8 0401 0c"), vec![0; 0x401]].concat();
    assert!(decode(&long, &Type::Bool).unwrap_err().reason.contains("promises too much"));
}

#[test]
fn declared_lengths_reserve_no_memory() {
    // 4 GiB of elements, entries, or text that are not there.
    for (ty, bytes) in [
        (Type::list(Type::Bool), "dd ffffffff c3"),
        (Type::map(Type::Bool), "df ffffffff a1"),
        (Type::String, "db ffffffff 61"),
        (Type::Bool, "c9 ffffffff 0c"),
    ] {
        let error = decode(&hex(bytes), &ty).unwrap_err();
        assert_eq!(error.reason, "the bytes end before the value does");
    }
}

#[test]
fn nesting_is_bounded() {
    let mut bytes = Vec::new();
    for _ in 0..100_000 {
        bytes.extend(hex("92 a9 2264796e616d696322"));
    }
    bytes.push(0xc0);
    assert_eq!(decode(&bytes, &Type::Dynamic).unwrap_err().reason, "the value nests too deep");

    // An extension that is passed over does not recurse at all.
    let payload = [hex("81 09"), vec![0x91; 1000], hex("c0")].concat();
    let bytes = [hex("c8 03eb 0c"), payload].concat();
    assert_eq!(decode(&bytes, &Type::Bool), Ok(Value::unknown()));
}

#[test]
fn a_value_of_another_type_is_not_written() {
    let ty = Type::object([("a", Type::list(Type::Number)), ("b", Type::Dynamic)]);
    let error = |value: Value| encode(&value, &ty).unwrap_err().to_string();
    let number = Value::from([("a", Value::from(1)), ("b", Value::Null)]);
    assert_eq!(error(number), "a: a list is needed, not a number");
    assert_eq!(error(Value::from([("c", 1)])), "there is no attribute \"c\"");
    assert_eq!(error(Value::from([("a", Value::Null)])), "the attribute \"b\" is missing");
    let bare = Value::from([("a", Value::Null), ("b", Value::from("x"))]);
    assert_eq!(error(bare), "b: a value with its type is needed, not a string");
}

proptest! {
    #![proptest_config(arbitrary::config())]

    #[test]
    fn any_value_of_any_type_survives((ty, value) in arbitrary::typed(true)) {
        prop_assert_eq!(ty.check(&value), Ok(()));
        let bytes = encode(&value, &ty).unwrap();
        let read = decode(&bytes, &ty).unwrap();
        prop_assert_eq!(&read, &value);
        // Also what equality disregards: what is promised about the unknown.
        prop_assert_eq!(encode(&read, &ty).unwrap(), bytes);
    }

    #[test]
    fn truncated_bytes_are_errors((ty, value) in arbitrary::typed(true), cut: prop::sample::Index) {
        let bytes = encode(&value, &ty).unwrap();
        let cut = cut.index(bytes.len());
        if cut > 0 {
            prop_assert!(decode(&bytes[..cut], &ty).is_err());
        }
    }

    #[test]
    fn changed_bytes_do_no_harm(
        (ty, value) in arbitrary::typed(true),
        at: prop::sample::Index,
        byte: u8,
    ) {
        let mut bytes = encode(&value, &ty).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(read) = decode(&bytes, &ty) {
            prop_assert_eq!(ty.check(&read), Ok(()));
        }
    }

    #[test]
    fn random_bytes_do_no_harm(ty in arbitrary::ty(), bytes: Vec<u8>) {
        if let Ok(read) = decode(&bytes, &ty) {
            prop_assert_eq!(ty.check(&read), Ok(()));
        }
    }

    #[test]
    fn numbers_survive(number in arbitrary::number()) {
        let bytes = encode(&Value::Number(number.clone()), &Type::Number).unwrap();
        prop_assert_eq!(decode(&bytes, &Type::Number), Ok(Value::Number(number)));
    }
}

#[test]
fn zero_is_an_integer() {
    assert_eq!(encode(&Value::Number(Number::default()), &Type::Number), Ok(vec![0]));
}
