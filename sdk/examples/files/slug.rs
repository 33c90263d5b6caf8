//! The function `provider::files::slug`.

use tfsdk::{
    engine::{Function, FunctionError, Parameter, Signature},
    value::{Type, Value},
};

pub(crate) struct Slug;

impl Function for Slug {
    fn name(&self) -> &'static str {
        "slug"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "Make a file name of a title.".to_owned(),
            description: "Puts a title in lower case and a hyphen in place of everything that is \
                          neither a letter nor a digit."
                .to_owned(),
            parameters: vec![Parameter {
                name: "title".to_owned(),
                ty: Type::String,
                description: "The title.".to_owned(),
                allow_null: false,
                allow_unknown: false,
            }],
            variadic: None,
            result: Type::String,
            deprecation: None,
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        let title = arguments.first().and_then(Value::as_str).unwrap_or_default().to_lowercase();
        let words: Vec<&str> =
            title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        if words.is_empty() {
            let text = "The title needs at least one letter or digit".to_owned();
            return Err(FunctionError { text, argument: Some(0) });
        }
        Ok(words.join("-").into())
    }
}
