//! The paths that a file speaks of: what it imports and what it names in full.

use proc_macro2::{Delimiter, TokenTree};

use crate::source::Source;

/// A path in the code, from its crate's root.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Mention {
    pub(crate) path: Vec<String>,
    pub(crate) line: usize,
}

/// Every path of at least two parts, resolved for `module`, the module that the
/// file is: `crate::cloud::Error`, an import's branches, `super::x`.
pub(crate) fn mentions(source: &Source, module: &[&str]) -> Vec<Mention> {
    let module: Vec<String> = module.iter().map(ToString::to_string).collect();
    let mut mentions = Vec::new();
    walk(&source.tokens(), &module, &mut mentions);
    mentions
}

fn walk(trees: &[TokenTree], module: &[String], found: &mut Vec<Mention>) {
    let mut at = 0;
    while let Some(tree) = trees.get(at) {
        at += 1;
        match tree {
            TokenTree::Ident(word) if word == "mod" => {
                if let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) =
                    (trees.get(at), trees.get(at + 1))
                {
                    let inner = [module, &[name.to_string()]].concat();
                    walk(&body.stream().into_iter().collect::<Vec<_>>(), &inner, found);
                    at += 2;
                }
            }
            TokenTree::Ident(word) if word == "use" => {
                let end = trees[at..].iter().position(|tree| is(tree, ';'));
                let end = end.map_or(trees.len(), |length| at + length);
                import(&trees[at..end], &[], module, found);
                at = end;
            }
            // What is visible where is no import: pub(in crate::services).
            TokenTree::Ident(word) if word == "pub" => {
                at += usize::from(matches!(
                    trees.get(at),
                    Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis
                ));
            }
            TokenTree::Ident(first) => {
                let mut path = vec![first.to_string()];
                while let (Some(true), Some(true), Some(TokenTree::Ident(next))) = (
                    trees.get(at).map(|tree| is(tree, ':')),
                    trees.get(at + 1).map(|tree| is(tree, ':')),
                    trees.get(at + 2),
                ) {
                    path.push(next.to_string());
                    at += 3;
                }
                note(path, first.span().start().line, module, found);
            }
            TokenTree::Group(group) => {
                walk(&group.stream().into_iter().collect::<Vec<_>>(), module, found);
            }
            TokenTree::Literal(_) | TokenTree::Punct(_) => {}
        }
    }
}

/// One branch of an import, below `prefix`.
fn import(trees: &[TokenTree], prefix: &[String], module: &[String], found: &mut Vec<Mention>) {
    let mut path = prefix.to_vec();
    let mut line = 0;
    for tree in trees {
        line = tree.span().start().line;
        match tree {
            TokenTree::Ident(word) if word == "as" => break,
            TokenTree::Ident(word) if word == "self" && !path.is_empty() => {}
            TokenTree::Ident(word) => path.push(word.to_string()),
            TokenTree::Punct(punct) if punct.as_char() == '*' => path.push("*".to_owned()),
            TokenTree::Group(group) => {
                let branches: Vec<TokenTree> = group.stream().into_iter().collect();
                for branch in branches.split(|tree| is(tree, ',')).filter(|b| !b.is_empty()) {
                    import(branch, &path, module, found);
                }
                return;
            }
            TokenTree::Literal(_) | TokenTree::Punct(_) => {}
        }
    }
    note(path, line, module, found);
}

fn note(path: Vec<String>, line: usize, module: &[String], found: &mut Vec<Mention>) {
    let path = resolve(path, module);
    if path.len() > 1 {
        found.push(Mention { path, line });
    }
}

/// The path from its crate's root; the first part is the crate's name.
fn resolve(path: Vec<String>, module: &[String]) -> Vec<String> {
    let ups = path.iter().take_while(|part| *part == "super").count();
    match path[0].as_str() {
        "crate" => [&module[..1], &path[1..]].concat(),
        "self" => [module, &path[1..]].concat(),
        "super" => [&module[..module.len().saturating_sub(ups)], &path[ups..]].concat(),
        _ => path,
    }
}

fn is(tree: &TokenTree, punct: char) -> bool {
    matches!(tree, TokenTree::Punct(one) if one.as_char() == punct)
}

#[test]
fn paths_are_found_and_resolved() {
    #[track_caller]
    fn finds(code: &str, expected: &[&str]) {
        let source = Source::new("src/a/b.rs", code);
        let found = mentions(&source, &["own", "a", "b"]);
        let found: Vec<String> = found.iter().map(|mention| mention.path.join("::")).collect();
        assert_eq!(found, expected, "{code}");
    }
    finds("use crate::x::Y;", &["own::x::Y"]);
    finds("use crate::{x::{self, Y as Z}, w::*};", &["own::x", "own::x::Y", "own::w::*"]);
    finds("use super::c::D; use super::super::e;", &["own::a::c::D", "own::e"]);
    finds("mod tests { use super::*; fn f() { crate::x::g() } }", &["own::a::b::*", "own::x::g"]);
    finds("fn f(a: ::other::B) -> impl Fn(self::C) {}", &["other::B", "own::a::b::C"]);
    finds("pub(in crate::x) fn f() {} // crate::y::z", &[]);
    finds("m! { $crate::x::y, \"crate::z::w\" }", &["own::x::y"]);
    let source = Source::new("src/a.rs", "use crate::{\n    x,\n    y::Z,\n};\n");
    let lines: Vec<usize> = mentions(&source, &["own", "a"]).iter().map(|m| m.line).collect();
    assert_eq!(lines, [2, 3]);
}
