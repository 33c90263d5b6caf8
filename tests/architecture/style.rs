//! What holds for every file.

use proc_macro2::{Delimiter, TokenTree};

use crate::{
    Fault, check,
    source::{self, Source},
};

/// Files are as long as one reads in one go.
const LINES: usize = 400;
/// No file is longer.
const MOST_LINES: usize = 800;
/// A test that polls a real process may pause for so many milliseconds.
const LONGEST_PAUSE: u64 = 100;

/// Names of rooms in which anything could live.
const NOBODYS_ROOMS: [&str; 8] =
    ["common", "helper", "helpers", "misc", "shared", "stuff", "util", "utils"];

/// Macros that print to stdout, where only the handshake line may be, or that
/// stand for code that is missing.
const STDOUT: [&str; 2] = ["print", "println"];
const UNFINISHED: [&str; 3] = ["dbg", "todo", "unimplemented"];

#[test]
fn files_are_short() {
    let long = source::rust().map(|source| (source.lines().count(), source));
    let (mut faults, mut longer) = (Vec::new(), Vec::new());
    for (lines, source) in long.filter(|(lines, _)| *lines > LINES) {
        if lines > MOST_LINES {
            let what = format!("{lines} lines, at most {MOST_LINES}");
            faults.push(Fault { file: source.path.clone(), line: 0, what });
        } else {
            longer.push(format!("{lines} {}", source.path));
        }
    }
    longer.sort_by(|a, b| b.cmp(a));
    // Seen with `cargo test --test architecture -- --nocapture`.
    eprintln!("Files of more than {LINES} lines:\n  {}", longer.join("\n  "));
    check("A file is a room, not a warehouse.", faults);
}

#[test]
fn rooms_are_named_by_what_lives_there() {
    let faults = source::rust().filter_map(|source| {
        let parts = source.path.split('/').map(|part| part.trim_end_matches(".rs"));
        let name = parts.into_iter().find(|part| NOBODYS_ROOMS.contains(part))?;
        let what = format!("{name:?} says nothing about what lives there");
        Some(Fault { file: source.path.clone(), line: 0, what })
    });
    check("Folders and files are named by what lives there.", faults);
}

#[test]
fn nothing_is_printed_or_left_unfinished() {
    let faults = source::rust().flat_map(|source| {
        let prints = !source.is_test() && !source.is_program();
        let macros = STDOUT.iter().filter(|_| prints).chain(&UNFINISHED);
        calls(source, &macros.copied().collect::<Vec<_>>())
    });
    check("Only programs print, and nothing is left to do.", faults);
}

#[test]
fn no_work_is_put_off() {
    let marks =
        [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX"), concat!("HA", "CK")];
    let ignored = [concat!("#[ig", "nore"), concat!("```ig", "nore")];
    let faults = source::all().iter().flat_map(|source| {
        texts(source, &marks, is_word).chain(texts(source, &ignored, |_, _| true))
    });
    check("What is to be done is done, and every test runs.", faults);
}

#[test]
fn no_machine_is_named() {
    let here = source::root();
    let home = |name: &str| format!("/{name}/");
    let places = [here.to_string_lossy().into_owned(), home("root"), home("home"), home("Users")];
    let places: Vec<&str> = places.iter().map(String::as_str).collect();
    let faults = source::all().iter().flat_map(|source| texts(source, &places, |_, _| true));
    check("The repository knows nothing of the machine that it is on.", faults);
}

#[test]
fn tests_do_not_sleep() {
    // A fake is slow when it is told so.
    let sources = source::rust().filter(|source| !source.path.contains("/fake/"));
    let faults = sources.flat_map(|source| {
        let tokens = source.tokens();
        sleeps(source, &tokens, source.is_test(), paused(&source.text))
    });
    check(
        "Tests run on a paused clock (`start_paused = true`); one that watches a real process \
         polls with a short pause.",
        faults,
    );
}

#[test]
fn code_is_safe_and_linted() {
    let root = source::read("Cargo.toml");
    assert!(root.contains("unsafe_code = \"forbid\""), "Cargo.toml forbids no unsafe code");
    let manifests = source::all().iter().filter(|source| source.path.ends_with("Cargo.toml"));
    let faults = manifests.filter(|source| !source.text.contains("[lints]\nworkspace = true\n"));
    check(
        "Every package takes the workspace's lints, which forbid unsafe code.",
        faults.map(|source| Fault {
            file: source.path.clone(),
            line: 0,
            what: "has no `[lints]` with `workspace = true`".to_owned(),
        }),
    );
}

/// Calls of macros by these names.
fn calls(source: &Source, macros: &[&str]) -> Vec<Fault> {
    let mut faults = Vec::new();
    every(&source.tokens(), &mut |trees| {
        let [TokenTree::Ident(name), TokenTree::Punct(mark), TokenTree::Group(_), ..] = trees
        else {
            return;
        };
        if mark.as_char() == '!' && macros.iter().any(|one| name == one) {
            let line = name.span().start().line;
            faults.push(Fault { file: source.path.clone(), line, what: format!("{name}!") });
        }
    });
    faults
}

/// Lines that contain one of the texts, where it fits between its neighbours.
fn texts(
    source: &Source,
    texts: &[&str],
    fits: impl Fn(Option<char>, Option<char>) -> bool,
) -> impl Iterator<Item = Fault> {
    let mut faults = Vec::new();
    for (line, content) in source.lines() {
        for text in texts {
            let found = content.match_indices(text).any(|(at, _)| {
                let after = content[at + text.len()..].chars().next();
                fits(content[..at].chars().next_back(), after)
            });
            if found {
                let what = format!("{text:?}");
                faults.push(Fault { file: source.path.clone(), line, what });
            }
        }
    }
    faults.into_iter()
}

/// Whether a text between these stands for itself.
fn is_word(before: Option<char>, after: Option<char>) -> bool {
    let apart = |one: Option<char>| one.is_none_or(|one| !one.is_alphanumeric() && one != '_');
    apart(before) && apart(after)
}

/// Whether the file's tests run on a paused clock.
fn paused(text: &str) -> bool {
    text.contains("start_paused = true") || text.contains("time::pause()")
}

/// Calls of `sleep` in tests that stop real time for longer than a poll's
/// pause. `tests` says whether these tokens are tests.
fn sleeps(source: &Source, trees: &[TokenTree], tests: bool, paused: bool) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (at, tree) in trees.iter().enumerate() {
        match (tree, trees.get(at + 1)) {
            (TokenTree::Ident(name), Some(TokenTree::Group(arguments)))
                if name == "sleep" && arguments.delimiter() == Delimiter::Parenthesis =>
            {
                let blocks =
                    at >= 3 && matches!(&trees[at - 3], TokenTree::Ident(i) if i == "thread");
                let defined = at >= 1 && matches!(&trees[at - 1], TokenTree::Ident(i) if i == "fn");
                let short = is_pause(&arguments.to_string());
                if tests && !defined && !short && (blocks || !paused) {
                    let line = name.span().start().line;
                    let what = format!("sleeps{arguments}");
                    faults.push(Fault { file: source.path.clone(), line, what });
                }
            }
            (TokenTree::Group(group), _) => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                let named = at >= 2
                    && matches!(&trees[at - 2], TokenTree::Ident(word) if word == "mod")
                    && matches!(&trees[at - 1], TokenTree::Ident(name) if name == "tests");
                faults.extend(sleeps(source, &inner, tests || named, paused));
            }
            _ => {}
        }
    }
    faults
}

/// Whether a sleep's arguments are a poll's pause.
fn is_pause(arguments: &str) -> bool {
    let packed: String = arguments.split_whitespace().collect();
    let number = packed.split_once("from_millis(").and_then(|(_, rest)| rest.split(')').next());
    number.and_then(|number| number.parse::<u64>().ok()).is_some_and(|ms| ms <= LONGEST_PAUSE)
}

/// Hands every position of the tokens, at any depth, to `see`.
fn every(trees: &[TokenTree], see: &mut impl FnMut(&[TokenTree])) {
    for (at, tree) in trees.iter().enumerate() {
        see(&trees[at..]);
        if let TokenTree::Group(group) = tree {
            every(&group.stream().into_iter().collect::<Vec<_>>(), see);
        }
    }
}

#[test]
fn faults_of_style_are_found() {
    let printing = Source::new("src/x.rs", "fn f() {\n    println!(\"{x}\");\n}\n// println!()\n");
    assert_eq!(calls(&printing, &STDOUT)[0].line, 2);
    assert_eq!(calls(&printing, &STDOUT).len(), 1);
    assert!(calls(&printing, &UNFINISHED).is_empty());

    let note = Source::new("README.md", "a\n// LATER: b\nTRANSLATER\n");
    let found: Vec<usize> = texts(&note, &["LATER"], is_word).map(|fault| fault.line).collect();
    assert_eq!(found, [2]);

    let code = "async fn f() { sleep(a).await }\n\
        mod tests { fn sleep(a: B) {} fn g() { sleep(Duration::from_millis(500)).await;\n\
        sleep(Duration::from_millis(5)).await; std::thread::sleep(a); } }";
    let sleeping = Source::new("src/x.rs", code);
    let lines = |paused| {
        let found = sleeps(&sleeping, &sleeping.tokens(), false, paused);
        found.iter().map(|fault| fault.line).collect::<Vec<_>>()
    };
    assert_eq!(lines(false), [2, 3]);
    assert_eq!(lines(true), [3]);
}
