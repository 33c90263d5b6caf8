//! The committed Rust code of the protocol is what `proto/` says.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

const PROTOS: [&str; 3] = ["tfplugin6.proto", "go_plugin.proto", "health.proto"];
const COMMAND: &str = "UPDATE_GENERATED=1 cargo test -p tfsdk --test generated";

#[test]
fn generated_code_is_fresh() {
    let fresh = generate();
    let folder = crate_folder().join("src/plugin/generated");
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        write(&folder, &fresh);
        return;
    }
    let committed = read(&folder);
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&committed), names(&fresh), "wrong files in {folder:?}; run: {COMMAND}");
    for (name, text) in &fresh {
        assert!(committed[name] == *text, "{name} is stale; run: {COMMAND}");
    }
}

/// The code by file name.
fn generate() -> BTreeMap<String, String> {
    let mut compiler =
        protox::Compiler::new([crate_folder().join("../proto")]).expect("proto folder");
    compiler.include_source_info(true).include_imports(true);
    compiler.open_files(PROTOS).expect("the protocol compiles");
    let out = tempfile::tempdir().expect("temporary folder");
    tonic_prost_build::configure()
        .build_transport(false)
        .emit_rerun_if_changed(false)
        .generate_default_stubs(true)
        .btree_map(".")
        .bytes(".")
        .out_dir(out.path())
        .compile_fds(compiler.file_descriptor_set())
        .expect("the protocol generates");
    read(out.path())
}

fn crate_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{folder:?}: {e}"));
    entries
        .map(|entry| {
            let path = entry.expect("folder entry").path();
            let name = path.file_name().expect("file name").to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("generated file is text"))
        })
        .collect()
}

fn write(folder: &Path, files: &BTreeMap<String, String>) {
    for name in read(folder).keys().filter(|name| !files.contains_key(*name)) {
        fs::remove_file(folder.join(name)).expect("stale file can be removed");
    }
    for (name, text) in files {
        fs::write(folder.join(name), text).expect("generated file can be written");
    }
}
