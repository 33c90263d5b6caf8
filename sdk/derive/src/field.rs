//! Fields and what `#[attr(…)]` says of them.

use syn::{
    Expr, GenericArgument, Ident, LitStr, PathArguments, Token, Type, ext::IdentExt,
    meta::ParseNestedMeta, parenthesized, punctuated::Punctuated, spanned::Spanned,
};

use crate::docs;

/// A field of a model.
pub(crate) enum Field {
    /// An attribute.
    Attribute(Box<Attribute>),
    /// A model whose attributes stand among the others.
    Flatten { ident: Ident, ty: Box<Type> },
}

/// A field that is an attribute.
pub(crate) struct Attribute {
    pub(crate) ident: Ident,
    /// The attribute's name.
    pub(crate) name: String,
    /// The field's type, `Tf<T>`.
    pub(crate) field_ty: Type,
    /// `T`.
    pub(crate) ty: Type,
    pub(crate) description: String,
    pub(crate) keys: Keys,
}

/// What `#[attr(…)]` says.
#[derive(Default)]
pub(crate) struct Keys {
    pub(crate) required: bool,
    pub(crate) optional: bool,
    pub(crate) computed: bool,
    pub(crate) sensitive: bool,
    pub(crate) write_only: bool,
    pub(crate) replace: bool,
    pub(crate) stable: bool,
    flatten: bool,
    pub(crate) default: Option<Expr>,
    pub(crate) equivalent: Option<Expr>,
    pub(crate) deprecated: Option<LitStr>,
    name: Option<LitStr>,
    pub(crate) validators: Vec<Expr>,
}

const KEYS: &str = "required, optional, computed, default = …, validate(…), sensitive, \
                    write_only, replace, stable, equivalent = …, deprecated = \"…\", \
                    name = \"…\" or flatten";

impl Field {
    pub(crate) fn parse(field: &syn::Field) -> syn::Result<Self> {
        let Some(ident) = field.ident.clone() else {
            return Err(syn::Error::new(field.span(), "the fields of a model have names"));
        };
        let keys = Keys::parse(field)?;
        if keys.flatten {
            if keys.is_more_than_flatten() {
                return Err(syn::Error::new(
                    field.span(),
                    "`flatten` stands alone: its model says what the attributes are",
                ));
            }
            if wrapped(&field.ty).is_some() {
                return Err(syn::Error::new(
                    field.ty.span(),
                    "a flattened field is the model itself: write it without `Tf<…>`",
                ));
            }
            return Ok(Self::Flatten { ident, ty: Box::new(field.ty.clone()) });
        }
        let Some(ty) = wrapped(&field.ty) else {
            return Err(syn::Error::new(
                field.ty.span(),
                "an attribute may be null or unknown: write the type as `Tf<…>`, or put \
                 `#[attr(flatten)]` on a model whose attributes belong among these",
            ));
        };
        keys.check(&ident)?;
        let Some(description) = docs::text(&field.attrs) else {
            return Err(syn::Error::new(
                ident.span(),
                "the attribute has no documentation: write a doc comment (`/// …`) above it",
            ));
        };
        let name = name(&ident, keys.name.as_ref())?;
        let (field_ty, ty) = (field.ty.clone(), ty.clone());
        Ok(Self::Attribute(Box::new(Attribute { ident, name, field_ty, ty, description, keys })))
    }
}

impl Keys {
    fn parse(field: &syn::Field) -> syn::Result<Self> {
        let mut keys = Self::default();
        for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("attr")) {
            attribute.parse_nested_meta(|meta| keys.key(&meta))?;
        }
        Ok(keys)
    }

    fn key(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let key = meta.path.get_ident().map(Ident::to_string).unwrap_or_default();
        let flag = |flag: &mut bool| {
            if std::mem::replace(flag, true) {
                return Err(meta.error(format!("`{key}` stands twice")));
            }
            Ok(())
        };
        match key.as_str() {
            "required" => flag(&mut self.required),
            "optional" => flag(&mut self.optional),
            "computed" => flag(&mut self.computed),
            "sensitive" => flag(&mut self.sensitive),
            "write_only" => flag(&mut self.write_only),
            "replace" => flag(&mut self.replace),
            "stable" => flag(&mut self.stable),
            "flatten" => flag(&mut self.flatten),
            "default" => once(&mut self.default, meta),
            "equivalent" => once(&mut self.equivalent, meta),
            "deprecated" => once(&mut self.deprecated, meta),
            "name" => once(&mut self.name, meta),
            "validate" => {
                self.validators.extend(expressions(meta)?);
                Ok(())
            }
            _ => Err(meta.error(format!("unknown key `{key}`: write {KEYS}"))),
        }
    }

    fn is_more_than_flatten(&self) -> bool {
        self.required
            || self.optional
            || self.computed
            || self.sensitive
            || self.write_only
            || self.replace
            || self.stable
            || self.default.is_some()
            || self.equivalent.is_some()
            || self.deprecated.is_some()
            || self.name.is_some()
            || !self.validators.is_empty()
    }

    /// Refuses what contradicts itself or means nothing.
    fn check(&self, field: &Ident) -> syn::Result<()> {
        let settable = self.required || self.optional;
        let has_default = self.default.is_some();
        let faults = [
            (
                !settable && !self.computed,
                "say who sets the attribute: write `#[attr(required)]`, `#[attr(optional)]`, \
                 `#[attr(computed)]` or `#[attr(optional, computed)]`",
            ),
            (
                self.required && self.optional,
                "an attribute is either `required` or `optional`: remove one of them",
            ),
            (
                self.required && self.computed,
                "a `required` attribute is always set by the person: remove `computed`, or write \
                 `optional, computed`",
            ),
            (
                has_default && !self.optional,
                "an attribute with a default may be left out: write `optional, default = …`",
            ),
            (
                has_default && self.computed,
                "an attribute with a default is never computed by the provider: remove `computed` \
                 or `default`",
            ),
            (
                self.write_only && (self.computed || has_default),
                "a `write_only` attribute is never stored: remove `computed` and `default`",
            ),
            (
                self.stable && !self.computed,
                "only a computed attribute can be `stable`: remove it, or add `computed`",
            ),
            (
                self.equivalent.is_some() && !settable,
                "`equivalent` compares what the person wrote with what is stored, and nobody \
                 writes a computed attribute: remove it",
            ),
            (
                !self.validators.is_empty() && !settable,
                "nobody writes a computed attribute, so that there is nothing to `validate`: \
                 remove it",
            ),
        ];
        for (is_fault, message) in faults {
            if is_fault {
                return Err(syn::Error::new(field.span(), message));
            }
        }
        Ok(())
    }
}

/// `key = value`, at most once.
fn once<T: syn::parse::Parse>(slot: &mut Option<T>, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if slot.replace(meta.value()?.parse()?).is_some() {
        return Err(meta.error("the key stands twice"));
    }
    Ok(())
}

/// `key(EXPR, …)`.
pub(crate) fn expressions(meta: &ParseNestedMeta<'_>) -> syn::Result<Vec<Expr>> {
    let content;
    parenthesized!(content in meta.input);
    let list = Punctuated::<Expr, Token![,]>::parse_terminated(&content)?;
    Ok(list.into_iter().collect())
}

/// `T` of `Tf<T>`.
fn wrapped(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|segment| segment.ident == "Tf")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first() {
        Some(GenericArgument::Type(ty)) if arguments.args.len() == 1 => Some(ty),
        _ => None,
    }
}

fn name(ident: &Ident, explicit: Option<&LitStr>) -> syn::Result<String> {
    let (name, span) = match explicit {
        Some(name) => (name.value(), name.span()),
        None => (ident.unraw().to_string(), ident.span()),
    };
    let first = |c: char| c.is_ascii_lowercase() || c == '_';
    if name.starts_with(first) && name.chars().all(|c| first(c) || c.is_ascii_digit()) {
        Ok(name)
    } else {
        Err(syn::Error::new(
            span,
            format!("{name:?} cannot be an attribute's name: use letters a to z, digits and _"),
        ))
    }
}
