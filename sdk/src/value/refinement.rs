//! What is promised about an unknown value.

use crate::value::Number;

/// One end of a range of numbers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Bound {
    /// The limit itself.
    pub value: Number,
    /// Whether the limit belongs to the range.
    pub inclusive: bool,
}

/// What Terraform already promises about a value that it does not know yet.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Refinement {
    /// The value will not be null.
    pub not_null: bool,
    /// A string will start so.
    pub prefix: Option<String>,
    /// A number will not be below this.
    pub lower: Option<Bound>,
    /// A number will not be above this.
    pub upper: Option<Bound>,
    /// A collection will have at least so many elements.
    pub min_length: Option<u64>,
    /// A collection will have at most so many elements.
    pub max_length: Option<u64>,
}
