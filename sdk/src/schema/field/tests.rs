//! Values of every Rust type, both ways.

use super::*;

fn read<T: Field>(value: impl Into<Value>) -> Result<Tf<T>, String> {
    T::from_value(&value.into(), &Path::from("x")).map_err(|problems| problems.to_string())
}

fn text(text: &str) -> Value {
    Value::Number(text.parse().unwrap())
}

#[test]
fn scalars_go_both_ways() {
    assert_eq!(read::<bool>(true), Ok(Tf::Known(true)));
    assert_eq!(read::<String>("a"), Ok(Tf::Known("a".to_owned())));
    assert_eq!(read::<i64>(-5), Ok(Tf::Known(-5)));
    assert_eq!(read::<u16>(65535), Ok(Tf::Known(65535)));
    assert_eq!(read::<f64>(text("0.1")), Ok(Tf::Known(0.1)));
    assert_eq!(0.1.to_value(), text("0.1"));
    assert_eq!(f64::NAN.to_value(), Value::Null);
    assert_eq!(u64::MAX.to_value(), text("18446744073709551615"));
    assert_eq!(read::<i64>(Value::Null), Ok(Tf::Null));
    assert_eq!(read::<i64>(Value::unknown()), Ok(Tf::Unknown));
}

#[test]
fn numbers_that_do_not_fit_are_errors() {
    for (problem, wanted) in [
        (read::<i64>(text("1.5")).unwrap_err(), "not 1.5"),
        (read::<u16>(65536).unwrap_err(), "between 0 and 65535"),
        (read::<u64>(-1).unwrap_err(), "not -1"),
        (read::<i32>(1_i64 << 31).unwrap_err(), "between -2147483648 and 2147483647"),
        (read::<f64>(text("0.30000000000000001")).unwrap_err(), "more digits"),
        (read::<f64>(text("9007199254740993")).unwrap_err(), "more digits"),
        (read::<f64>(text("1e400")).unwrap_err(), "more digits"),
        (read::<bool>("true").unwrap_err(), "A bool is needed, not a string."),
    ] {
        assert!(problem.starts_with("Invalid value (x): "), "{problem}");
        assert!(problem.contains(wanted), "{problem}");
    }
}

#[test]
fn an_unknown_element_makes_the_collection_unknown() {
    let items = vec![Value::from("a"), Value::unknown()];
    assert_eq!(read::<Vec<String>>(Value::List(items.clone())), Ok(Tf::Unknown));
    assert_eq!(read::<BTreeSet<String>>(Value::Set(items.clone())), Ok(Tf::Unknown));
    assert_eq!(
        read::<BTreeMap<String, String>>(Value::from([("k", Value::unknown())])),
        Ok(Tf::Unknown)
    );
    assert_eq!(
        read::<Vec<Tf<String>>>(Value::List(items)),
        Ok(Tf::Known(vec!["a".into(), Tf::Unknown]))
    );
    let nested = Value::List(vec![Value::List(vec![Value::unknown()])]);
    assert_eq!(read::<Vec<Vec<String>>>(nested), Ok(Tf::Unknown));
}

#[test]
fn a_null_element_is_an_error_at_its_place() {
    let list = Value::List(vec!["a".into(), Value::Null]);
    let problem = read::<Vec<String>>(list.clone()).unwrap_err();
    assert_eq!(problem, "Invalid value (x[1]): An element must not be null.");
    let map = Value::from([("k", Value::Null)]);
    let problem = read::<BTreeMap<String, i64>>(map).unwrap_err();
    assert!(problem.contains("(x[\"k\"])"), "{problem}");
    assert_eq!(read::<Vec<Tf<String>>>(list), Ok(Tf::Known(vec!["a".into(), Tf::Null])));
}

#[test]
fn several_unknown_elements_of_a_set_stay_several() {
    let set = Value::Set(vec![Value::unknown(), Value::unknown()]);
    let read = Set::<Tf<String>>::from_value(&set, &Path::root()).unwrap().into_known().unwrap();
    assert_eq!(read.len(), 2);
    assert_eq!(read.to_value(), set);
}

#[test]
fn dynamic_values_keep_their_type() {
    let list = Value::Dynamic(Box::new((Type::list(Type::Bool), Value::List(vec![]))));
    let read_back = read::<Value>(list.clone()).unwrap().into_known().unwrap();
    assert_eq!(read_back.to_value(), list);
    let null = Value::Dynamic(Box::new((Type::Bool, Value::Null)));
    assert_eq!(read::<Value>(null.clone()).unwrap().into_known().unwrap().to_value(), null);
    assert_eq!(Value::from("x").to_value(), Value::dynamic("x".into()));
}

#[test]
fn text_is_written_in_form_c() {
    assert_eq!("e\u{301}".to_owned().to_value(), Value::from("\u{e9}"));
}

#[test]
fn kinds_follow_the_types() {
    let ty = |kind: Kind| kind.ty().to_string();
    assert_eq!(ty(<Vec<BTreeMap<String, u32>>>::kind()), "list(map(number))");
    assert_eq!(ty(<BTreeSet<String>>::kind()), "set(string)");
    assert_eq!(ty(<Set<Tf<bool>>>::kind()), "set(bool)");
    assert_eq!(ty(<Value as Field>::kind()), "any");
}
