//! Provider functions: pure, offline, one computation.

use crate::value::{Type, Value};

/// A function, called as `provider::<name>::<function>(…)`.
pub trait Function: Send + Sync + 'static {
    /// The function's name.
    fn name(&self) -> &'static str;

    /// Parameters, result and documentation.
    fn signature(&self) -> Signature;

    /// Computes the result; the same arguments always give the same. The
    /// arguments have the parameters' types; a variadic parameter's arguments
    /// follow the others.
    ///
    /// # Errors
    ///
    /// Says which argument is wrong and what would be right.
    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError>;
}

/// Parameters, result and documentation of a [`Function`].
#[derive(Clone, Debug)]
pub struct Signature {
    /// One line.
    pub summary: String,
    /// Markdown.
    pub description: String,
    /// In order.
    pub parameters: Vec<Parameter>,
    /// Takes any number of further arguments.
    pub variadic: Option<Parameter>,
    /// The result's type.
    pub result: Type,
    /// Why not to use it any more, and what instead.
    pub deprecation: Option<String>,
}

/// A parameter of a [`Function`].
#[derive(Clone, Debug)]
pub struct Parameter {
    /// `lower_snake_case`.
    pub name: String,
    /// The argument's type.
    pub ty: Type,
    /// Markdown.
    pub description: String,
    /// Whether null is passed on instead of refused.
    pub allow_null: bool,
    /// Whether unknown values are passed on instead of making the result
    /// unknown.
    pub allow_unknown: bool,
}

/// Why a [`Function`] gives no result.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FunctionError {
    /// What is wrong and what would be right.
    pub text: String,
    /// The argument at fault, from 0.
    pub argument: Option<usize>,
}
