//! Structs and what `#[model(…)]` says of them.

use syn::{
    Data, DataStruct, DeriveInput, Expr, Fields, Ident, LitInt, LitStr, Token,
    meta::ParseNestedMeta, parenthesized, punctuated::Punctuated, spanned::Spanned,
};

use crate::{
    docs,
    field::{Field, expressions},
};

/// A struct that is a model.
pub(crate) struct Model {
    pub(crate) ident: Ident,
    pub(crate) description: String,
    pub(crate) keys: Keys,
    pub(crate) fields: Vec<Field>,
}

/// What `#[model(…)]` says.
#[derive(Default)]
pub(crate) struct Keys {
    pub(crate) version: Option<LitInt>,
    pub(crate) deprecated: Option<LitStr>,
    pub(crate) together: Vec<Together>,
    pub(crate) validators: Vec<Expr>,
}

/// A condition on which attributes are set together.
pub(crate) struct Together {
    /// The function in `tfsdk::schema::validators`.
    pub(crate) rule: Ident,
    pub(crate) names: Vec<LitStr>,
}

const KEYS: &str = "version = N, deprecated = \"…\", exactly_one_of(\"a\", \"b\"), \
                    at_most_one_of(…), at_least_one_of(…), required_with(…) or validate(…)";

impl Model {
    pub(crate) fn parse(input: &DeriveInput) -> syn::Result<Self> {
        let mut errors = Errors(None);
        let Data::Struct(DataStruct { fields: Fields::Named(named), .. }) = &input.data else {
            return Err(syn::Error::new(
                input.ident.span(),
                "a model is a struct with named fields: `struct Volume { … }`",
            ));
        };
        if !input.generics.params.is_empty() {
            return Err(syn::Error::new(
                input.generics.span(),
                "a model has no parameters: its schema is one and the same everywhere",
            ));
        }
        let description = docs::text(&input.attrs).unwrap_or_default();
        if description.is_empty() {
            errors.add(syn::Error::new(
                input.ident.span(),
                "the model has no documentation: write a doc comment (`/// …`) above it",
            ));
        }
        let keys = errors.keep(Keys::parse(input)).unwrap_or_default();
        let fields: Vec<Field> =
            named.named.iter().filter_map(|field| errors.keep(Field::parse(field))).collect();
        if errors.0.is_none() {
            check_names(&keys, &fields, &mut errors);
        }
        let ident = input.ident.clone();
        errors.finish(Self { ident, description, keys, fields })
    }
}

impl Keys {
    fn parse(input: &DeriveInput) -> syn::Result<Self> {
        let mut keys = Self::default();
        for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("model")) {
            attribute.parse_nested_meta(|meta| keys.key(&meta))?;
        }
        Ok(keys)
    }

    fn key(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let key = meta.path.get_ident().map(Ident::to_string).unwrap_or_default();
        match key.as_str() {
            "version" => self.version = Some(meta.value()?.parse()?),
            "deprecated" => self.deprecated = Some(meta.value()?.parse()?),
            "validate" => self.validators.extend(expressions(meta)?),
            "exactly_one_of" | "at_most_one_of" | "at_least_one_of" | "required_with" => {
                let content;
                parenthesized!(content in meta.input);
                let names = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?;
                if names.len() < 2 {
                    return Err(meta.error(format!("name two attributes: `{key}(\"a\", \"b\")`")));
                }
                let rule = Ident::new(&key, meta.path.span());
                self.together.push(Together { rule, names: names.into_iter().collect() });
            }
            _ => return Err(meta.error(format!("unknown key `{key}`: write {KEYS}"))),
        }
        Ok(())
    }
}

/// Conditions speak of attributes that exist. Those of a flattened model are
/// not visible here; `Schema::validate` checks them.
fn check_names(keys: &Keys, fields: &[Field], errors: &mut Errors) {
    let mut names = Vec::new();
    for field in fields {
        match field {
            Field::Attribute(attribute) => names.push(attribute.name.as_str()),
            Field::Flatten { .. } => return,
        }
    }
    for name in keys.together.iter().flat_map(|together| &together.names) {
        if !names.contains(&name.value().as_str()) {
            let message = format!(
                "there is no attribute {:?}: the attributes are {}",
                name.value(),
                names.join(", ")
            );
            errors.add(syn::Error::new(name.span(), message));
        }
    }
}

/// All errors of a model, so that one compilation shows them together.
struct Errors(Option<syn::Error>);

impl Errors {
    fn add(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            none => *none = Some(error),
        }
    }

    fn keep<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }

    fn finish<T>(self, value: T) -> syn::Result<T> {
        self.0.map_or(Ok(value), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the compiler says of a model; empty if it is right.
    fn said(source: &str) -> String {
        match Model::parse(&syn::parse_str(source).unwrap()) {
            Ok(_) => String::new(),
            Err(errors) => {
                let messages: Vec<String> = errors.into_iter().map(|e| e.to_string()).collect();
                messages.join("\n")
            }
        }
    }

    /// What the compiler says of one field of a model.
    fn said_of(field: &str) -> String {
        said(&format!("/// A model.\nstruct M {{ {field} }}"))
    }

    #[test]
    fn right_models_pass() {
        for field in [
            "/// A.\n#[attr(required)] a: Tf<String>",
            "/// A.\n#[attr(optional, default = 5, validate(x(), y(1..=2)))] a: tfsdk::value::Tf<i64>",
            "/// A.\n#[attr(optional, computed, stable, replace)] a: Tf<Vec<Rule>>,",
            "/// A.\n#[attr(optional, write_only, sensitive)] r#type: Tf<String>",
            "/// A.\n#[attr(optional, equivalent = crate::same, deprecated = \"b\", name = \"x_1\")] a: Tf<Value>",
            "#[attr(flatten)] scope: Scope",
            "",
        ] {
            assert_eq!(said_of(field), "", "{field}");
        }
    }

    #[test]
    fn fields_say_what_to_write() {
        for (field, message) in [
            ("#[attr(required)] a: Tf<String>", "write a doc comment (`/// …`)"),
            ("/// A.\na: Tf<String>", "write `#[attr(required)]`, `#[attr(optional)]`"),
            ("/// A.\n#[attr(requird)] a: Tf<String>", "unknown key `requird`: write required,"),
            ("/// A.\n#[attr(required)] a: String", "write the type as `Tf<…>`"),
            ("/// A.\n#[attr(required)] a: Option<String>", "write the type as `Tf<…>`"),
            ("/// A.\n#[attr(required, computed)] a: Tf<String>", "or write `optional, computed`"),
            ("/// A.\n#[attr(required, optional)] a: Tf<String>", "remove one of them"),
            ("/// A.\n#[attr(required, required)] a: Tf<String>", "`required` stands twice"),
            ("/// A.\n#[attr(required, default = 1)] a: Tf<i64>", "write `optional, default = …`"),
            (
                "/// A.\n#[attr(optional, computed, default = 1)] a: Tf<i64>",
                "remove `computed` or `default`",
            ),
            ("/// A.\n#[attr(computed, write_only)] a: Tf<String>", "never stored"),
            ("/// A.\n#[attr(optional, stable)] a: Tf<String>", "only a computed attribute"),
            ("/// A.\n#[attr(computed, equivalent = f)] a: Tf<String>", "`equivalent` compares"),
            ("/// A.\n#[attr(computed, validate(f()))] a: Tf<String>", "nothing to `validate`"),
            (
                "/// A.\n#[attr(optional, default = 1, default = 2)] a: Tf<i64>",
                "the key stands twice",
            ),
            ("/// A.\n#[attr(optional, name = \"A b\")] a: Tf<String>", "\"A b\" cannot be"),
            ("/// A.\n#[attr(optional)] camelCase: Tf<String>", "\"camelCase\" cannot be"),
            ("#[attr(flatten, optional)] a: Scope", "`flatten` stands alone"),
            ("#[attr(flatten)] a: Tf<Scope>", "write it without `Tf<…>`"),
        ] {
            let found = said_of(field);
            assert!(found.contains(message), "{field}: {found:?} lacks {message:?}");
        }
    }

    #[test]
    fn structs_say_what_to_write() {
        let field =
            "{ /// A.\n#[attr(optional)] a: Tf<String>, /// B.\n#[attr(optional)] b: Tf<i64> }";
        for (head, message) in [
            ("struct M", "the model has no documentation"),
            ("/// M.\nstruct M<T>", "a model has no parameters"),
            ("/// M.\n#[model(wrong)] struct M", "unknown key `wrong`: write version = N"),
            ("/// M.\n#[model(exactly_one_of(\"a\"))] struct M", "name two attributes"),
            (
                "/// M.\n#[model(required_with(\"a\", \"c\"))] struct M",
                "there is no attribute \"c\": the attributes are a, b",
            ),
        ] {
            let found = said(&format!("{head} {field}"));
            assert!(found.contains(message), "{head}: {found:?} lacks {message:?}");
        }
        assert!(said("/// M.\nenum M {}").contains("a struct with named fields"));
        assert!(said("/// M.\nstruct M(u8);").contains("a struct with named fields"));
        let right =
            "/// M.\n#[model(version = 2, deprecated = \"x\", at_most_one_of(\"a\", \"b\"))]";
        assert_eq!(said(&format!("{right} struct M {field}")), "");
    }

    #[test]
    fn conditions_may_speak_of_flattened_attributes() {
        let model =
            "/// M.\n#[model(at_most_one_of(\"a\", \"b\"))] struct M { #[attr(flatten)] s: S }";
        assert_eq!(said(model), "");
    }

    #[test]
    fn all_errors_come_at_once() {
        let found = said("struct M { a: Tf<String>, b: String }");
        assert_eq!(found.lines().count(), 3, "{found}");
    }

    #[test]
    fn documentation_keeps_its_lines() {
        let model: DeriveInput =
            syn::parse_str("/// First line.\n///\n/// * indented\n///   further\nstruct M {}")
                .unwrap();
        let text = Model::parse(&model).unwrap().description;
        assert_eq!(text, "First line.\n\n* indented\n  further");
    }
}
