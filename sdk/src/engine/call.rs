//! Calling functions.

use crate::{
    engine::{
        Function, FunctionError, Parameter, Signature, conform::conform, panic::catch, shape::View,
    },
    value::{Path, Value},
};

/// Calls a function with arguments of its parameters' types.
///
/// Null is refused where the parameter does not take it; an argument that is
/// not wholly known makes the result unknown where the parameter does not take
/// that.
pub(crate) fn call(
    function: &dyn Function,
    signature: &Signature,
    arguments: Vec<Value>,
) -> Result<Value, FunctionError> {
    let name = function.name();
    let fixed = signature.parameters.len();
    if arguments.len() < fixed || (arguments.len() > fixed && signature.variadic.is_none()) {
        let wanted = if signature.variadic.is_some() { "at least " } else { "" };
        return Err(error(
            None,
            format!("{name} takes {wanted}{fixed} arguments, not {}.", arguments.len()),
        ));
    }
    let parameters = signature.parameters.iter().chain(signature.variadic.iter().cycle());
    let mut checked = Vec::with_capacity(arguments.len());
    let mut is_open = false;
    for (i, (argument, parameter)) in arguments.into_iter().zip(parameters).enumerate() {
        let argument = check_argument(parameter, argument, i)?;
        is_open |= !parameter.allow_unknown && !argument.is_wholly_known();
        checked.push(argument);
    }
    if is_open {
        return Ok(Value::unknown());
    }
    let may_be_unknown = !checked.iter().all(Value::is_wholly_known);
    let result = catch(|| function.call(&checked)).map_err(|panic| {
        error(None, format!("{name} panicked: {}. This is a bug in the provider.", panic.message()))
    })??;
    check_result(name, signature, result, may_be_unknown)
}

fn check_argument(
    parameter: &Parameter,
    argument: Value,
    index: usize,
) -> Result<Value, FunctionError> {
    if argument.is_null() && !parameter.allow_null {
        return Err(error(Some(index), format!("{} must not be null.", parameter.name)));
    }
    let mut misfits = Vec::new();
    let argument = conform(View::of_type(&parameter.ty), argument, &Path::root(), &mut misfits);
    match misfits.first() {
        None => Ok(argument),
        Some(misfit) => Err(error(
            Some(index),
            format!("{}{} {}.", parameter.name, misfit.path, misfit.problem),
        )),
    }
}

fn check_result(
    name: &str,
    signature: &Signature,
    result: Value,
    may_be_unknown: bool,
) -> Result<Value, FunctionError> {
    let mut misfits = Vec::new();
    let result = conform(View::of_type(&signature.result), result, &Path::root(), &mut misfits);
    if let Some(misfit) = misfits.first() {
        let place = if misfit.path.is_root() { String::new() } else { format!(" {}", misfit.path) };
        return Err(error(
            None,
            format!(
                "The result{place} of {name} {}. This is a bug in the provider.",
                misfit.problem
            ),
        ));
    }
    if !may_be_unknown && !result.is_wholly_known() {
        return Err(error(
            None,
            format!(
                "The result of {name} is unknown although all arguments are known. This is a bug \
                 in the provider."
            ),
        ));
    }
    Ok(result)
}

fn error(argument: Option<usize>, text: String) -> FunctionError {
    FunctionError { text, argument }
}

#[cfg(test)]
mod tests;
