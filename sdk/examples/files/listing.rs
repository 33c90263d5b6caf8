//! The data source `files_listing`.

use std::{collections::BTreeMap, io};

use tfsdk::{
    Diagnostics, Model,
    engine::{Cx, DataSource},
    schema::validators::not_empty,
    value::Tf,
};
use tokio::fs;

use crate::folder::{Folder, failure};

/// The files of a folder.
#[derive(Clone, Model)]
pub(crate) struct Listing {
    /// The folder, relative to the provider's.
    #[attr(required, validate(not_empty()))]
    path: Tf<String>,
    /// Only files whose name ends so.
    #[attr(optional)]
    suffix: Tf<String>,
    /// The files, by name.
    #[attr(computed)]
    files: Tf<BTreeMap<String, Entry>>,
}

/// One file.
#[derive(Clone, Model)]
pub(crate) struct Entry {
    /// Its size in bytes.
    #[attr(computed)]
    size: Tf<u64>,
}

pub(crate) struct ListingSource;

impl DataSource for ListingSource {
    type Model = Listing;
    type Client = Folder;

    const TYPE: &'static str = "files_listing";

    async fn read(&self, cx: &Cx<Folder>, config: Listing) -> Result<Listing, Diagnostics> {
        let path = config.path.text().to_owned();
        let folder = cx.client().file(&path)?;
        let files = entries(&folder, config.suffix.text()).await;
        let files = files.map_err(|error| failure("list", &path, &error))?;
        Ok(Listing { files: Tf::Known(files), ..config })
    }
}

async fn entries(folder: &std::path::Path, suffix: &str) -> io::Result<BTreeMap<String, Entry>> {
    let mut files = BTreeMap::new();
    let mut found = fs::read_dir(folder).await?;
    while let Some(entry) = found.next_entry().await? {
        let (name, metadata) = (entry.file_name(), entry.metadata().await?);
        let name = name.to_string_lossy().into_owned();
        if metadata.is_file() && name.ends_with(suffix) {
            files.insert(name, Entry { size: Tf::Known(metadata.len()) });
        }
    }
    Ok(files)
}
