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
