//! `derive(Model)`.

use proc_macro::TokenStream;

/// Makes a struct a `tfsdk::schema::Model`.
#[proc_macro_derive(Model, attributes(model, attr))]
pub fn derive_model(_input: TokenStream) -> TokenStream {
    TokenStream::new()
}
