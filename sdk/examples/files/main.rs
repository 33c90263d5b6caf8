//! A small but complete provider: text files in a folder.
//!
//! `README.md` beside this file says how to run it with Terraform. To start a
//! provider of your own, copy this folder and replace one part after the other:
//!
//! * this file: the provider block, and the list of what there is;
//! * `folder.rs`: the client that resources talk to the remote side with;
//! * `text_file.rs`: a resource;
//! * `listing.rs`: a data source;
//! * `slug.rs`: a function.

mod folder;
mod listing;
mod slug;
mod text_file;

use std::process::ExitCode;

use tfsdk::{
    Diagnostics, Model,
    engine::{Provider, Registry, Stop},
    plugin::{ServeOptions, serve},
    value::Tf,
};

use crate::{folder::Folder, listing::ListingSource, slug::Slug, text_file::TextFileResource};

fn main() -> ExitCode {
    let address = "registry.terraform.io/example/files";
    serve(Files, ServeOptions::new(address, env!("CARGO_PKG_VERSION")))
}

/// The provider.
struct Files;

/// Keeps text files in a folder of this machine.
#[derive(Clone, Model)]
struct Config {
    /// The folder. Where it is not set, the one that Terraform runs in.
    #[attr(optional)]
    root: Tf<String>,
}

impl Provider for Files {
    type Config = Config;
    type Client = Folder;

    const NAME: &'static str = "files";

    fn registry(&self) -> Registry<Folder> {
        Registry::new().resource(TextFileResource).data_source(ListingSource).function(Slug)
    }

    /// Without a folder nothing can be read. While it is not known, as when it
    /// is an attribute of something that does not exist yet, resources wait.
    fn defers(&self, config: &Config) -> bool {
        config.root.is_unknown()
    }

    async fn configure(
        &self,
        config: Config,
        _terraform_version: &str,
        _stop: Stop,
    ) -> Result<Folder, Diagnostics> {
        Ok(Folder::new(config.root.or(".".into()).into_known()))
    }
}
