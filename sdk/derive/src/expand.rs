//! The code that a model becomes.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::{
    field::{Attribute, Field},
    model::Model,
};

pub(crate) fn expand(model: &Model) -> TokenStream {
    let (implementation, debug) = (implementation(model), debug(model));
    quote! {
        #[automatically_derived]
        #implementation
        #[automatically_derived]
        #debug
    }
}

fn implementation(model: &Model) -> TokenStream {
    let (ident, description) = (&model.ident, &model.description);
    let attributes = model.fields.iter().map(|field| match field {
        Field::Attribute(attribute) => {
            let attribute = self::attribute(attribute);
            quote! { object.attributes.push(#attribute); }
        }
        Field::Flatten { ty, .. } => quote! {
            object = object.flatten(<#ty as ::tfsdk::schema::Model>::object());
        },
    });
    let together = model.keys.together.iter().map(|together| {
        let (rule, names) = (&together.rule, &together.names);
        quote! { object = object.validate(::tfsdk::schema::validators::#rule([#(#names),*])); }
    });
    let validators = model.keys.validators.iter().map(|validator| {
        quote_spanned! { validator.span() => object = object.validate(#validator); }
    });
    let schema = schema(model);
    let decode = model.fields.iter().map(|field| match field {
        Field::Attribute(attribute) => {
            let (ident, name) = (&attribute.ident, &attribute.name);
            quote! { #ident: reader.attribute(#name) }
        }
        Field::Flatten { ident, .. } => quote! { #ident: reader.flattened() },
    });
    let encode = model.fields.iter().map(|field| match field {
        Field::Attribute(attribute) => {
            let (ident, name) = (&attribute.ident, &attribute.name);
            quote! { .attribute(#name, &self.#ident) }
        }
        Field::Flatten { ident, .. } => quote! { .flattened(&self.#ident) },
    });
    let empty = model.fields.iter().map(|field| match field {
        Field::Attribute(attribute) => {
            let ident = &attribute.ident;
            quote! { #ident: ::tfsdk::value::Tf::Null }
        }
        Field::Flatten { ident, .. } => {
            quote! { #ident: ::tfsdk::schema::Model::empty() }
        }
    });
    quote! {
        impl ::tfsdk::schema::Model for #ident {
            fn object() -> ::tfsdk::schema::Object {
                let mut object = ::tfsdk::schema::Object::new(#description, []);
                #(#attributes)*
                #(#together)*
                #(#validators)*
                object
            }

            #schema

            fn decode(
                value: &::tfsdk::value::Value,
                path: &::tfsdk::value::Path,
            ) -> ::core::result::Result<Self, ::tfsdk::Diagnostics> {
                #[allow(unused_mut)]
                let mut reader = ::tfsdk::schema::ObjectReader::new(value, path);
                let model = Self { #(#decode),* };
                reader.finish(model)
            }

            fn encode(&self) -> ::tfsdk::value::Value {
                ::tfsdk::schema::ObjectWriter::new() #(#encode)* .finish()
            }

            fn empty() -> Self {
                Self { #(#empty),* }
            }
        }
    }
}

fn schema(model: &Model) -> TokenStream {
    let version = model.keys.version.iter().map(|version| quote! { .version(#version) });
    let deprecated = model.keys.deprecated.iter().map(|text| quote! { .deprecated(#text) });
    quote! {
        fn schema() -> ::tfsdk::schema::Schema {
            ::tfsdk::schema::Schema::from(<Self as ::tfsdk::schema::Model>::object())
                #(#version)* #(#deprecated)*
        }
    }
}

/// The attribute as the schema builder makes it.
fn attribute(attribute: &Attribute) -> TokenStream {
    let Attribute { name, field_ty, ty, description, keys, .. } = attribute;
    let flags = [
        (keys.required, quote! { .required() }),
        (keys.optional, quote! { .optional() }),
        (keys.computed, quote! { .computed() }),
        (keys.sensitive, quote! { .sensitive() }),
        (keys.write_only, quote! { .write_only() }),
        (keys.replace, quote! { .replace() }),
        (keys.stable, quote! { .stable() }),
    ];
    let flags = flags.into_iter().filter_map(|(is_set, call)| is_set.then_some(call));
    let default = keys.default.iter().map(|default| {
        quote_spanned! { default.span() =>
            .default(::tfsdk::schema::Field::to_value(
                &<#field_ty as ::core::convert::From<_>>::from(#default)
            ))
        }
    });
    let validators = keys.validators.iter().map(|validator| {
        quote_spanned! { validator.span() => .validate(#validator) }
    });
    let equivalent = keys.equivalent.iter().map(|path| {
        quote_spanned! { path.span() => .equivalent(#path) }
    });
    let deprecated = keys.deprecated.iter().map(|text| quote! { .deprecated(#text) });
    // The type's span, so that a type that is no field is pointed at.
    quote_spanned! { ty.span() =>
        ::tfsdk::schema::Attribute::of::<#ty>(#name)
            .doc(#description)
            #(#flags)* #(#default)* #(#validators)* #(#equivalent)* #(#deprecated)*
    }
}

/// `Debug` that shows of secrets only whether they are there.
fn debug(model: &Model) -> TokenStream {
    let ident = &model.ident;
    let name = ident.to_string();
    let fields = model.fields.iter().map(|field| match field {
        Field::Attribute(attribute) => {
            let (ident, name) = (&attribute.ident, &attribute.name);
            if attribute.keys.sensitive || attribute.keys.write_only {
                quote! { .field(#name, &self.#ident.as_ref().map(|_| "(sensitive)")) }
            } else {
                quote! { .field(#name, &self.#ident) }
            }
        }
        Field::Flatten { ident, .. } => {
            let name = ident.to_string();
            quote! { .field(#name, &self.#ident) }
        }
    });
    quote! {
        impl ::core::fmt::Debug for #ident {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#name) #(#fields)* .finish()
            }
        }
    }
}
