//! `derive(Model)` of the crate `tfsdk`, which re-exports it.

mod docs;
mod expand;
mod field;
mod model;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a struct a `tfsdk::schema::Model`: its fields are the attributes of a
/// schema, its doc comments the documentation.
///
/// The trait's documentation has a complete example. In short:
///
/// * The struct's doc comment is the description (Markdown).
/// * Each field is a `Tf<T>` with a doc comment, where `T` is any
///   `tfsdk::schema::Field`. Nested attributes follow from the type: a `T` that
///   is a model itself, or a `Vec`, `Set` or `BTreeMap<String, _>` of models.
/// * `#[attr(…)]` says how the attribute is used. Exactly one of `required`,
///   `optional`, `computed` and `optional, computed` is there, and with it any of
///
/// | key | meaning |
/// |---|---|
/// | `default = EXPR` | planned where the configuration says nothing; only for `optional` |
/// | `validate(EXPR, …)` | conditions on the value: `tfsdk::schema::Validator`s |
/// | `sensitive` | never shown |
/// | `write_only` | never stored |
/// | `replace` | a change replaces the object |
/// | `stable` | a computed value stays what it was on update |
/// | `equivalent = PATH` | a function that says which different values mean the same |
/// | `deprecated = "…"` | why not to use it any more, and what instead |
/// | `name = "…"` | the attribute's name, where the field's cannot be it; `r#type` is `type` |
///
/// * `#[attr(flatten)]` on a field that is a model: its attributes stand among
///   this model's.
/// * `#[model(…)]` on the struct: `version = N` of the schema; `deprecated = "…"`;
///   conditions on attributes together, `exactly_one_of("a", "b")`,
///   `at_most_one_of(…)`, `at_least_one_of(…)`, `required_with("a", "b")` (where
///   `a` is set, so is `b`); and `validate(EXPR, …)` for any other.
///
/// The derive implements `Debug` too, so that the values of sensitive and
/// write-only attributes are never printed: do not derive `Debug` on a model.
#[proc_macro_derive(Model, attributes(model, attr))]
pub fn derive_model(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    model::Model::parse(&input)
        .map_or_else(syn::Error::into_compile_error, |model| expand::expand(&model))
        .into()
}
