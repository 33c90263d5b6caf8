//! The provider's calls, held against the simulator's catalogue and against
//! the objects that wait for them.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenTree};

use crate::{
    Fault, check,
    source::{self, Source},
};

/// A product and the version of its API.
type Product = (String, String);

/// An action that the provider can call.
#[derive(Debug, Eq, PartialEq)]
struct Call {
    /// The name of the static that describes the product.
    product: String,
    action: String,
    line: usize,
}

#[test]
fn every_action_is_in_the_catalogue() {
    let catalogue = catalogue();
    let typed = || source::all().iter().filter(|source| source.path.starts_with("src/cloud/api/"));
    let products: BTreeMap<String, Product> = typed().flat_map(products).collect();
    let (mut faults, mut known) = (Vec::new(), 0);
    for source in typed() {
        for Call { product, action, line } in calls(source) {
            let product = products.get(&product).unwrap_or_else(|| panic!("{product} is unknown"));
            let (name, version) = product;
            if catalogue.get(product).is_some_and(|actions| actions.contains(&action)) {
                known += 1;
                continue;
            }
            let what = format!("{name} {version} {action}");
            faults.push(Fault { file: source.path.clone(), line, what });
        }
    }
    assert!(known > 20, "only {known} actions were found in src/cloud/api");
    check("Every action stands in acceptance-tests/catalogue, in the same version.", faults);
}

#[test]
fn what_waits_has_timeouts() {
    let waits = |source: &Source| source.text.contains("waiting::");
    let faults = source::rust()
        .filter(|source| source.path.starts_with("src/services/"))
        .flat_map(resources)
        .filter(|resource| !resource.timeouts && rooms(resource.file).any(waits));
    check(
        "A resource that waits declares TIMEOUTS, so that people can set them.",
        faults.map(|resource| Fault {
            file: resource.file.path.clone(),
            line: resource.line,
            what: "waits and has no `const TIMEOUTS`".to_owned(),
        }),
    );
}

/// The catalogue's actions by product.
fn catalogue() -> BTreeMap<Product, BTreeSet<String>> {
    let mut catalogue: BTreeMap<Product, BTreeSet<String>> = BTreeMap::new();
    let files = source::all().iter().filter(|source| {
        source.path.starts_with("acceptance-tests/catalogue/") && source.path.ends_with(".json")
    });
    for source in files {
        let file: serde_json::Value = serde_json::from_str(&source.text).expect(&source.path);
        let text = |name: &str| file[name].as_str().expect(&source.path).to_owned();
        let actions = file["actions"].as_object().expect(&source.path);
        let product = (text("service"), text("version"));
        catalogue.entry(product).or_default().extend(actions.keys().cloned());
    }
    catalogue
}

/// `static VPC: Service = Service { name: "vpc", version: "2017-03-12", … }`
fn products(source: &Source) -> Vec<(String, Product)> {
    let tokens = source.tokens();
    let mut products = Vec::new();
    for trees in tokens.windows(7) {
        if let [
            TokenTree::Ident(keyword),
            TokenTree::Ident(name),
            _,
            TokenTree::Ident(ty),
            _,
            TokenTree::Ident(_),
            TokenTree::Group(fields),
        ] = trees
            && keyword == "static"
            && ty == "Service"
        {
            let [product, version] = strings(fields.stream()).try_into().expect("two texts");
            products.push((name.to_string(), (product, version)));
        }
    }
    products
}

/// `Action::read(&VPC, "DescribeCcns")`, with any effect.
fn calls(source: &Source) -> Vec<Call> {
    let tokens = source.tokens();
    let mut calls = Vec::new();
    for trees in tokens.windows(5) {
        if let [
            TokenTree::Ident(ty),
            TokenTree::Punct(_),
            TokenTree::Punct(_),
            TokenTree::Ident(_),
            TokenTree::Group(arguments),
        ] = trees
            && ty == "Action"
            && arguments.delimiter() == Delimiter::Parenthesis
        {
            let mut arguments = arguments.stream().into_iter();
            let product = arguments.find_map(|tree| match tree {
                TokenTree::Ident(name) => Some(name.to_string()),
                _ => None,
            });
            let [action] = strings(arguments.collect()).try_into().expect("one text");
            let line = ty.span().start().line;
            calls.push(Call { product: product.expect("a product"), action, line });
        }
    }
    calls
}

/// The texts among the tokens.
fn strings(tokens: proc_macro2::TokenStream) -> Vec<String> {
    let literals = tokens.into_iter().filter_map(|tree| match tree {
        TokenTree::Literal(literal) => Some(literal.to_string()),
        _ => None,
    });
    let quoted =
        literals.filter_map(|text| Some(text.strip_prefix('"')?.strip_suffix('"')?.into()));
    quoted.collect()
}

/// An `impl Resource for …`.
struct Resource<'a> {
    file: &'a Source,
    line: usize,
    timeouts: bool,
}

fn resources(file: &Source) -> Vec<Resource<'_>> {
    let tokens = file.tokens();
    let starts = tokens.windows(3).enumerate().filter(|(_, trees)| {
        matches!(trees, [TokenTree::Ident(a), TokenTree::Ident(b), TokenTree::Ident(c)]
            if a == "impl" && b == "Resource" && c == "for")
    });
    let resources = starts.map(|(at, trees)| {
        let body = tokens[at..].iter().find_map(|tree| match tree {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group),
            _ => None,
        });
        let timeouts = body.is_some_and(|body| body.stream().to_string().contains("TIMEOUTS"));
        Resource { file, line: trees[0].span().start().line, timeouts }
    });
    resources.collect()
}

/// A file with those of its folder, if it has one of its own: `mesh.rs` with
/// `mesh/…`, `mesh/mod.rs` with `mesh/…`.
fn rooms(file: &Source) -> impl Iterator<Item = &'static Source> {
    let stem = file.path.trim_end_matches(".rs").trim_end_matches("/mod");
    let (file, folder) = (file.path.clone(), format!("{stem}/"));
    source::rust().filter(move |source| {
        // A service's own mod.rs lists its objects, each of which is looked at by itself.
        source.path == file || (source.path.starts_with(&folder) && folder.matches('/').count() > 3)
    })
}

#[test]
fn calls_and_products_are_read() {
    let code = "pub(super) static VPC: Service =\n    Service { name: \"vpc\", version: \"2017\", \
                region: RegionUse::Needed };\nconst A: Action = Action::read(&VPC, \"Describe\");";
    let source = Source::new("src/cloud/api/x.rs", code);
    let product = ("vpc".to_owned(), "2017".to_owned());
    assert_eq!(products(&source), [("VPC".to_owned(), product)]);
    let call = Call { product: "VPC".to_owned(), action: "Describe".to_owned(), line: 3 };
    assert_eq!(calls(&source), [call]);

    let code = "impl Resource for A { const TIMEOUTS: T = X; }\nimpl Resource for B { fn f() {} }";
    let source = Source::new("src/services/x/y.rs", code);
    let found: Vec<_> = resources(&source).iter().map(|one| (one.line, one.timeouts)).collect();
    assert_eq!(found, [(1, true), (2, false)]);
}
