//! The resource `files_text_file`.

use std::io::ErrorKind;

use tfsdk::{
    Diagnostic, Diagnostics, Model,
    engine::{Change, Cx, PlanCx, Resource},
    schema::validators::matches,
    value::Tf,
};
use tokio::{fs, io::AsyncWriteExt};

use crate::folder::{Folder, failure};

/// A text file.
#[derive(Clone, Model)]
pub(crate) struct TextFile {
    /// Where it is, relative to the provider's folder. Another path is another
    /// file.
    #[attr(
        required,
        replace,
        validate(matches(
            "^[^/.][^/]*(/[^/.][^/]*)*$",
            "must be a relative path whose parts do not begin with a dot",
        ))
    )]
    path: Tf<String>,
    /// What it says.
    #[attr(required)]
    content: Tf<String>,
    /// Its size in bytes.
    #[attr(computed)]
    size: Tf<u64>,
    /// Where it is on this machine.
    #[attr(computed, stable)]
    absolute_path: Tf<String>,
}

pub(crate) struct TextFileResource;

impl Resource for TextFileResource {
    type Model = TextFile;
    type Client = Folder;

    const TYPE: &'static str = "files_text_file";
    const IDENTITY: &'static [&'static str] = &["path"];

    /// The size follows from the content: the plan can show it.
    async fn plan(
        &self,
        _cx: &PlanCx<Folder>,
        change: &mut Change<TextFile>,
    ) -> Result<(), Diagnostics> {
        change.planned.size = change.planned.content.as_ref().map(|content| size(content));
        Ok(())
    }

    async fn create(&self, cx: &Cx<Folder>, plan: TextFile) -> Result<TextFile, Diagnostics> {
        let path = plan.path.text().to_owned();
        let file = cx.client().file(&path)?;
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent).await.map_err(|error| failure("create", &path, &error))?;
        }
        let opened = fs::OpenOptions::new().write(true).create_new(true).open(&file).await;
        let mut opened = match opened {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                return Err(exists_already(&path).into());
            }
            other => other.map_err(|error| failure("create", &path, &error))?,
        };
        let created = TextFile {
            size: Tf::Known(size(plan.content.text())),
            absolute_path: Tf::Known(file.to_string_lossy().into_owned()),
            ..plan
        };
        // From here on the file exists: whatever happens, it is not forgotten.
        cx.save(&created);
        let written = opened.write_all(created.content.text().as_bytes()).await;
        written.map_err(|error| failure("write", &path, &error))?;
        opened.flush().await.map_err(|error| failure("write", &path, &error))?;
        Ok(created)
    }

    async fn read(
        &self,
        cx: &Cx<Folder>,
        state: TextFile,
    ) -> Result<Option<TextFile>, Diagnostics> {
        let path = state.path.text().to_owned();
        let file = cx.client().file(&path)?;
        let content = match fs::read_to_string(&file).await {
            Ok(content) => content,
            // Only absence means that it is gone; a refusal is an error.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failure("read", &path, &error).into()),
        };
        Ok(Some(TextFile {
            size: Tf::Known(size(&content)),
            content: Tf::Known(content),
            absolute_path: Tf::Known(file.to_string_lossy().into_owned()),
            ..state
        }))
    }

    async fn update(
        &self,
        cx: &Cx<Folder>,
        _prior: TextFile,
        plan: TextFile,
    ) -> Result<TextFile, Diagnostics> {
        let path = plan.path.text().to_owned();
        let written = fs::write(cx.client().file(&path)?, plan.content.text()).await;
        written.map_err(|error| failure("write", &path, &error))?;
        Ok(TextFile { size: Tf::Known(size(plan.content.text())), ..plan })
    }

    async fn delete(&self, cx: &Cx<Folder>, state: TextFile) -> Result<(), Diagnostics> {
        let path = state.path.text();
        match fs::remove_file(cx.client().file(path)?).await {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(failure("delete", path, &error).into())
            }
            _ => Ok(()),
        }
    }

    /// The id is the path; `read` finds the rest.
    async fn import(&self, _cx: &Cx<Folder>, id: &str) -> Result<TextFile, Diagnostics> {
        Ok(TextFile { path: id.into(), ..TextFile::empty() })
    }
}

fn size(content: &str) -> u64 {
    u64::try_from(content.len()).unwrap_or(u64::MAX)
}

fn exists_already(path: &str) -> Diagnostic {
    Diagnostic::error(
        "The file exists already",
        format!(
            "{path} was not made by this configuration and is left as it is. Import it with \
             `import {{ id = \"{path}\" }}`, or choose another path."
        ),
    )
    .at("path")
}
