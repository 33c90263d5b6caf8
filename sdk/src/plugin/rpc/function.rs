//! Calling a function.

use super::{Call, Fault, Serving, Subject};
use crate::{
    engine::{FunctionError, Signature},
    plugin::{
        convert,
        log::masked,
        wire::tfplugin6::{self as wire, DynamicValue, call_function},
    },
    value::Value,
};

impl Call for call_function::Request {
    const NAME: &'static str = "CallFunction";
    type Answer = call_function::Response;

    fn subject(&self) -> Subject {
        Subject::Function(self.name.clone())
    }

    async fn run(self, serving: &Serving) -> Result<Self::Answer, Fault> {
        let signatures = &serving.types().schemas().functions;
        let signature = signatures.get(&self.name).ok_or(Fault::UnknownFunction)?;
        let called = match decode(self.arguments, signature) {
            Ok(arguments) => serving.server().call_function(self.name, arguments).await,
            Err(error) => Err(error),
        };
        Ok(match called {
            Ok(result) => Self::Answer {
                result: Some(convert::encode(&result, &signature.result, "result")?),
                error: None,
            },
            Err(error) => Self::Answer { result: None, error: Some(convert_error(error)) },
        })
    }
}

/// The arguments, each by its parameter's type.
fn decode(
    arguments: Vec<DynamicValue>,
    signature: &Signature,
) -> Result<Vec<Value>, FunctionError> {
    let fixed = signature.parameters.len();
    let given = arguments.len();
    if given < fixed || (given > fixed && signature.variadic.is_none()) {
        let text = format!("the function takes {fixed} arguments, not {given}");
        return Err(FunctionError { text, argument: None });
    }
    let parameters = signature.parameters.iter().chain(signature.variadic.iter().cycle());
    arguments
        .into_iter()
        .zip(parameters)
        .enumerate()
        .map(|(index, (argument, parameter))| {
            convert::decode(Some(argument), &parameter.ty, "argument")
                .map_err(|fault| FunctionError { text: fault.reason(), argument: Some(index) })
        })
        .collect()
}

fn convert_error(error: FunctionError) -> wire::FunctionError {
    wire::FunctionError {
        text: masked(&error.text).into_owned(),
        function_argument: error.argument.and_then(|index| i64::try_from(index).ok()),
    }
}
