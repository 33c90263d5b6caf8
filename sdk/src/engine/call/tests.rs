use super::call;
use crate::{
    engine::{Function, FunctionError, Parameter, Signature},
    value::{Number, Type, Value},
};

/// `sum(first, …)`: adds whole numbers.
struct Sum {
    takes: fn(Parameter) -> Parameter,
    result: Type,
}

fn sum() -> Sum {
    Sum { takes: |parameter| parameter, result: Type::Number }
}

fn number(name: &str) -> Parameter {
    Parameter {
        name: name.to_owned(),
        ty: Type::Number,
        description: String::new(),
        allow_null: false,
        allow_unknown: false,
    }
}

impl Function for Sum {
    fn name(&self) -> &'static str {
        "sum"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: String::new(),
            description: String::new(),
            parameters: vec![(self.takes)(number("first"))],
            variadic: Some(number("more")),
            result: self.result.clone(),
            deprecation: None,
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        if arguments[0].is_unknown() {
            return Ok(Value::unknown());
        }
        let numbers = arguments.iter().filter_map(Value::as_number);
        if let Some(large) = numbers.clone().find(|n| n.to_i64().is_none()) {
            return Ok(Value::Number(large.clone()));
        }
        let sum: i64 = numbers.filter_map(Number::to_i64).sum();
        assert_ne!(sum, 13, "bad luck");
        if sum == 14 { Ok(Value::unknown()) } else { Ok(sum.into()) }
    }
}

fn called(function: &Sum, arguments: Vec<Value>) -> Result<Value, FunctionError> {
    call(function, &function.signature(), arguments)
}

fn error(result: Result<Value, FunctionError>) -> (String, Option<usize>) {
    let error = result.expect_err("the call fails");
    (error.text, error.argument)
}

#[test]
fn further_arguments_are_variadic() {
    assert_eq!(called(&sum(), vec![1.into()]), Ok(1.into()));
    assert_eq!(called(&sum(), vec![1.into(), 2.into(), 3.into()]), Ok(6.into()));
    assert_eq!(error(called(&sum(), vec![])).0, "sum takes at least 1 arguments, not 0.");
}

#[test]
fn b15_numbers_of_any_size_pass() {
    let large: Number = "123456789012345678901234567890.125".parse().unwrap();
    let large = Value::Number(large);
    assert_eq!(called(&sum(), vec![large.clone()]), Ok(large));
}

#[test]
fn null_is_refused_unless_the_parameter_takes_it() {
    let null = || vec![1.into(), Value::Null];
    assert_eq!(error(called(&sum(), null())), ("more must not be null.".to_owned(), Some(1)));
    let takes = |parameter| Parameter { allow_null: true, ..parameter };
    assert_eq!(called(&Sum { takes, ..sum() }, vec![Value::Null]), Ok(0.into()));
}

#[test]
fn an_unknown_argument_makes_the_result_unknown_unless_the_parameter_takes_it() {
    assert_eq!(called(&sum(), vec![13.into(), Value::unknown()]), Ok(Value::unknown()));
    let takes = |parameter| Parameter { allow_unknown: true, ..parameter };
    assert_eq!(called(&Sum { takes, ..sum() }, vec![Value::unknown()]), Ok(Value::unknown()));
}

#[test]
fn arguments_of_another_type_are_refused_by_number() {
    let (text, argument) = error(called(&sum(), vec![1.into(), "2".into()]));
    assert_eq!((text.as_str(), argument), ("more must be a number, not a string.", Some(1)));
}

#[test]
fn a_wrong_result_and_a_panic_are_errors() {
    let text = error(called(&Sum { result: Type::String, ..sum() }, vec![1.into()])).0;
    assert!(text.contains("result of sum must be a string"), "{text}");
    let text = error(called(&sum(), vec![13.into()])).0;
    assert!(text.contains("sum panicked") && text.contains("bad luck"), "{text}");
    let text = error(called(&sum(), vec![14.into()])).0;
    assert!(text.contains("unknown although all arguments are known"), "{text}");
}
