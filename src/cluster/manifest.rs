//! Multi-document YAML of Kubernetes objects.

use std::{collections::HashMap, fmt};

use serde_json::{Map, Value};

use super::object::{ObjectRef, Scope, known_scope};

/// One object of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The object as written.
    pub object: Value,
    /// Its name.
    pub reference: ObjectRef,
    /// Number of the document in the text, from 1; empty ones count.
    pub number: usize,
    /// Line of the text on which the document begins, from 1.
    pub line: usize,
}

/// What is wrong with a text, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestError {
    /// Number of the document, from 1.
    pub number: usize,
    /// Line of the text, from 1.
    pub line: usize,
    /// A sentence.
    pub message: String,
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "document {}, line {}: {}", self.number, self.line, self.message)
    }
}

impl std::error::Error for ManifestError {}

/// Reads a multi-document YAML (or JSON) text.
///
/// * Empty documents are skipped; `List` objects give their items.
/// * An object that leaves its namespace open gets `default_namespace` if its
///   kind is known to live in one.
/// * An object that is there twice is refused.
/// * Scalars are read as `kubectl` reads them: `yes`, `on` and `0644` as in
///   YAML 1.1. Nothing is interpolated.
///
/// Objects come in the order of the text, see [`apply_order`]. All problems
/// are reported at once; none of them quotes the text, which may hold secrets.
pub fn parse(
    text: &str,
    default_namespace: Option<&str>,
) -> Result<Vec<Document>, Vec<ManifestError>> {
    let mut documents = Vec::new();
    let mut problems = Vec::new();
    for part in split(text) {
        match part.parse() {
            Ok(None) => {}
            Ok(Some(object)) => {
                part.collect(object, default_namespace, &mut documents, &mut problems);
            }
            Err(problem) => problems.push(problem),
        }
    }
    refuse_duplicates(&documents, &mut problems);
    if problems.is_empty() { Ok(documents) } else { Err(problems) }
}

/// Sorts into an order in which objects can be applied one after another:
/// namespaces and definitions, accounts and rights, configuration, services,
/// workloads, what refers to them, and objects of definitions last. Within one
/// step the order of the text stays. Deletion goes the other way round.
pub fn apply_order(documents: &mut [Document]) {
    documents.sort_by_key(|document| apply_step(&document.reference));
}

/// The step of [`apply_order`] that an object belongs to; objects of one step
/// do not depend on each other.
pub fn apply_step(object: &ObjectRef) -> u8 {
    match (object.group(), object.kind.as_str()) {
        ("", "Namespace") => 0,
        ("apiextensions.k8s.io", "CustomResourceDefinition") => 1,
        ("scheduling.k8s.io" | "storage.k8s.io" | "node.k8s.io", _) => 2,
        ("", "ServiceAccount") => 3,
        ("rbac.authorization.k8s.io", "ClusterRole" | "Role") => 4,
        ("rbac.authorization.k8s.io", _) => 5,
        ("", "Secret" | "ConfigMap" | "ResourceQuota" | "LimitRange" | "PersistentVolume") => 6,
        ("networking.k8s.io", "NetworkPolicy" | "IngressClass") => 6,
        ("", "PersistentVolumeClaim") => 7,
        ("", "Service" | "Endpoints") | ("discovery.k8s.io", _) => 8,
        ("" | "apps" | "batch", _) => 9,
        ("autoscaling" | "policy" | "networking.k8s.io", _) => 10,
        // After the workloads that serve them, which they could lock out.
        ("apiregistration.k8s.io" | "admissionregistration.k8s.io", _) => 11,
        _ => 12,
    }
}

/// One document's text with its place.
struct Part<'a> {
    text: &'a str,
    number: usize,
    line: usize,
}

/// Splits at `---` and `...` in the first column, which YAML reserves for
/// this: there they are no content, neither of a block nor of a quoted scalar.
fn split(text: &str) -> Vec<Part<'_>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut parts = Vec::new();
    let mut start = 0;
    let mut start_line = 1;
    let mut number = 1;
    let mut at = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let begins = is_marker(line, "---");
        if begins && has_content(&text[start..at]) {
            parts.push(Part { text: &text[start..at], number, line: start_line });
            number += 1;
            (start, start_line) = (at, index + 1);
        } else if begins {
            // Nothing but comments and directives so far: it is one document.
            number += usize::from(text[start..at].contains("---"));
            (start, start_line) = (at, index + 1);
        }
        at += line.len();
        if is_marker(line, "...") {
            parts.push(Part { text: &text[start..at], number, line: start_line });
            number += 1;
            (start, start_line) = (at, index + 2);
        }
    }
    parts.push(Part { text: &text[start..], number, line: start_line });
    parts.retain(|part| has_content(part.text));
    parts
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']))
}

fn has_content(text: &str) -> bool {
    text.lines().any(|line| {
        let line = if is_marker(line, "---") || is_marker(line, "...") { &line[3..] } else { line };
        let line = line.trim();
        !line.is_empty() && !line.starts_with(['#', '%'])
    })
}

impl Part<'_> {
    fn parse(&self) -> Result<Option<Value>, ManifestError> {
        let parsed: Value = serde_saphyr::from_str_with_options(self.text, options())
            .map_err(|error| self.unreadable(&error))?;
        match parsed {
            Value::Null => Ok(None),
            Value::Object(_) => Ok(Some(parsed)),
            _ => Err(self.problem("expected an object with apiVersion, kind and metadata")),
        }
    }

    fn collect(
        &self,
        object: Value,
        default_namespace: Option<&str>,
        documents: &mut Vec<Document>,
        problems: &mut Vec<ManifestError>,
    ) {
        if let Some(items) = list_items(&object) {
            for (index, item) in items.into_iter().enumerate() {
                self.collect_one(item, Some(index + 1), default_namespace, documents, problems);
            }
        } else {
            self.collect_one(object, None, default_namespace, documents, problems);
        }
    }

    fn collect_one(
        &self,
        mut object: Value,
        item: Option<usize>,
        default_namespace: Option<&str>,
        documents: &mut Vec<Document>,
        problems: &mut Vec<ManifestError>,
    ) {
        let which = item.map(|index| format!("item {index} of the list: ")).unwrap_or_default();
        if let Some(nested) = list_items(&object).filter(|_| item.is_some()) {
            let message = format!("{which}a list of {} objects within a list", nested.len());
            problems.push(self.problem(&message));
            return;
        }
        match ObjectRef::of(&object) {
            Ok(mut reference) => {
                let open = reference.namespace.is_none()
                    && known_scope(reference.group(), &reference.kind) == Some(Scope::Namespace);
                if open && let Some(namespace) = default_namespace {
                    reference = reference.in_namespace(Some(namespace));
                    set_namespace(&mut object, namespace);
                }
                let (number, line) = (self.number, self.first_line());
                documents.push(Document { object, reference, number, line });
            }
            Err(problem) => problems.push(self.problem(&format!("{which}{problem}"))),
        }
    }

    /// Line of the first content, after the marker and comments.
    fn first_line(&self) -> usize {
        let skipped = self.text.lines().take_while(|line| !has_content(line)).count();
        self.line + skipped
    }

    fn problem(&self, message: &str) -> ManifestError {
        let (number, line) = (self.number, self.first_line());
        ManifestError { number, line, message: message.to_owned() }
    }

    /// The parser's own message may quote the text around the problem.
    fn unreadable(&self, error: &serde_saphyr::Error) -> ManifestError {
        let line = error.location().map(|at| usize::try_from(at.line()).unwrap_or(1));
        let line = line.map_or_else(|| self.first_line(), |line| self.line + line.max(1) - 1);
        ManifestError { number: self.number, line, message: reason(error) }
    }
}

/// What kind of problem the parser found, without its quotation.
fn reason(error: &serde_saphyr::Error) -> String {
    use serde_saphyr::Error;
    match error.without_snippet() {
        Error::DuplicateMappingKey { key, .. } => match key {
            Some(key) => format!("the key {key:?} is there twice"),
            None => "a key is there twice".to_owned(),
        },
        Error::Eof { .. } => "the text ends too early".to_owned(),
        Error::Budget { .. } => "the document is too large or too deep".to_owned(),
        Error::UnknownAnchor { .. } => "an alias has no anchor".to_owned(),
        _ => "not valid YAML (check indentation, quotes and colons)".to_owned(),
    }
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 20_000_000,
            max_nodes: 10_000_000,
            max_depth: 100,
            max_total_scalar_bytes: 256 * 1024 * 1024,
        },
        legacy_octal_numbers: true,
        strict_booleans: false,
        with_snippet: false,
    }
}

/// The items of a `List` or of a typed list such as `ConfigMapList`, whose
/// items may leave their kind to the list.
fn list_items(object: &Value) -> Option<Vec<Value>> {
    let kind = object.get("kind")?.as_str()?.strip_suffix("List")?;
    let items = object.get("items")?.as_array()?;
    let typed = |item: &Value| {
        let mut item = item.clone();
        if let (Value::Object(fields), false) = (&mut item, kind.is_empty()) {
            fields.entry("kind").or_insert_with(|| kind.into());
            if let Some(version) = object.get("apiVersion") {
                fields.entry("apiVersion").or_insert_with(|| version.clone());
            }
        }
        item
    };
    Some(items.iter().map(typed).collect())
}

fn set_namespace(object: &mut Value, namespace: &str) {
    let metadata = object.as_object_mut().map(|it| it.entry("metadata").or_insert(Value::Null));
    if let Some(metadata) = metadata {
        if !metadata.is_object() {
            *metadata = Value::Object(Map::new());
        }
        metadata["namespace"] = namespace.into();
    }
}

/// The same object in two API versions of its group is one object, too.
fn refuse_duplicates(documents: &[Document], problems: &mut Vec<ManifestError>) {
    let mut seen: HashMap<_, &Document> = HashMap::new();
    for document in documents {
        let it = &document.reference;
        let key = (it.group(), &it.kind, &it.namespace, &it.name);
        if let Some(first) = seen.insert(key, document) {
            let (number, line) = (document.number, document.line);
            let message =
                format!("{it} is already in document {}, line {}", first.number, first.line);
            problems.push(ManifestError { number, line, message });
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(text: &str) -> Vec<String> {
        let documents = parse(text, None).unwrap();
        documents.iter().map(|it| it.reference.to_string()).collect()
    }

    fn problems(text: &str) -> Vec<String> {
        parse(text, None).unwrap_err().iter().map(ToString::to_string).collect()
    }

    fn config_map(name: &str) -> String {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n")
    }

    #[test]
    fn documents_are_split_at_markers_only() {
        let text = format!(
            "# first\n---\n{}data:\n  script: |\n    ---\n    kubectl $HOME ${{X}} $$\n  --- : x\n---\n\n--- # empty\n{}...\n---\n",
            config_map("a"),
            config_map("b")
        );
        let documents = parse(&text, None).unwrap();
        assert_eq!(documents.len(), 2);
        assert_eq!(documents[0].object["data"]["script"], "---\nkubectl $HOME ${X} $$\n");
        assert_eq!((documents[0].line, documents[1].line), (3, 14));
    }

    #[test]
    fn a_marker_may_carry_the_document() {
        let json = r#"--- {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}"#;
        assert_eq!(names(json), ["v1/Namespace/a"]);
        let directive = format!("%YAML 1.2\n---\n{}", config_map("a"));
        assert_eq!(names(&directive), ["v1/ConfigMap/a"]);
        let windows = format!("---\r\n{}---\r\n", config_map("a").replace('\n', "\r\n"));
        assert_eq!(names(&windows), ["v1/ConfigMap/a"]);
        assert!(names("").is_empty() && names("---\n# only\n---\n").is_empty());
        assert!(names("---\nnull\n").is_empty());
    }

    #[test]
    fn lists_give_their_items() {
        let text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Namespace, metadata: {name: a}}\n\
            ---\napiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata: {name: b, namespace: c}\n";
        assert_eq!(names(text), ["v1/Namespace/a", "v1/ConfigMap/c/b"]);
        let whitelist = "apiVersion: example.com/v1\nkind: AllowList\nmetadata: {name: a}\n";
        assert_eq!(names(whitelist), ["example.com/v1/AllowList/a"]);
    }

    #[test]
    fn scalars_are_read_as_kubectl_reads_them() {
        let text = "apiVersion: v1\nkind: A\nmetadata: {name: a}\nmode: 0644\non: yes\nport: 80\nsize: 1.5\n\
            quoted: \"0644\"\nversion: 1.30.3\nlong: 9007199254740993\nnothing: ~\n1: x\n";
        let object = &parse(text, None).unwrap()[0].object;
        assert_eq!(object["mode"], json!(420));
        assert_eq!(object["port"], json!(80));
        assert_eq!(object["size"], json!(1.5));
        assert_eq!(object["quoted"], json!("0644"));
        assert_eq!(object["version"], json!("1.30.3"));
        assert_eq!(object["long"], json!(9_007_199_254_740_993_i64));
        assert_eq!(object["nothing"], Value::Null);
        assert_eq!(object["1"], json!("x"));
        assert_eq!(object["on"], json!(true));
    }

    #[test]
    fn every_problem_has_its_place() {
        let text = format!(
            "{}---\nkind: A\n---\napiVersion: v1\nkind: B\nmetadata:\n  name: b\n   bad: [\n---\n- 1\n---\n{}",
            config_map("a"),
            config_map("a")
        );
        let found = problems(&text);
        assert_eq!(found[0], "document 2, line 5: apiVersion is missing");
        assert!(found[1].starts_with("document 3, line "), "{found:?}");
        assert!(found[2].starts_with("document 4, line 13: expected an object"), "{found:?}");
        assert_eq!(
            found[3],
            "document 5, line 15: v1/ConfigMap/a is already in document 1, line 1"
        );
    }

    #[test]
    fn duplicate_keys_are_refused_and_nothing_is_quoted() {
        let found = problems(
            "apiVersion: v1\nkind: A\nmetadata: {name: a}\ndata: {a: hunter2, a: hunter3}\n",
        );
        assert!(found[0].contains("line 4") && found[0].contains("twice"), "{found:?}");
        let found = problems("apiVersion: v1\ndata: \"hunter2\n");
        assert!(!found[0].contains("hunter2"), "{found:?}");
    }

    #[test]
    fn the_same_object_in_two_versions_is_there_twice() {
        let text = "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a}\n---\n\
            apiVersion: networking.istio.io/v1beta1\nkind: Gateway\nmetadata: {name: a}\n";
        assert_eq!(problems(text).len(), 1);
    }

    #[test]
    fn the_default_namespace_is_for_known_namespaced_kinds() {
        let text = format!(
            "{}---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: ns}}\n---\n\
             apiVersion: example.com/v1\nkind: X\nmetadata: {{name: x}}\n",
            config_map("a")
        );
        let documents = parse(&text, Some("shop")).unwrap();
        let names: Vec<String> = documents.iter().map(|it| it.reference.to_string()).collect();
        assert_eq!(names, ["v1/ConfigMap/shop/a", "v1/Namespace/ns", "example.com/v1/X/x"]);
        assert_eq!(documents[0].object["metadata"]["namespace"], "shop");
    }

    #[test]
    fn objects_are_ordered_by_what_they_need() {
        let text = "{apiVersion: example.com/v1, kind: X, metadata: {name: x}}\n---\n\
            {apiVersion: apps/v1, kind: Deployment, metadata: {name: d}}\n---\n\
            {apiVersion: v1, kind: Service, metadata: {name: s}}\n---\n\
            {apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: b}}\n---\n\
            {apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: r}}\n---\n\
            {apiVersion: v1, kind: Secret, metadata: {name: t}}\n---\n\
            {apiVersion: v1, kind: Service, metadata: {name: a}}\n---\n\
            {apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: c}}\n---\n\
            {apiVersion: v1, kind: ServiceAccount, metadata: {name: u}}\n---\n\
            {apiVersion: v1, kind: Namespace, metadata: {name: m}}\n";
        let mut documents = parse(text, None).unwrap();
        apply_order(&mut documents);
        let order: String = documents.iter().map(|it| it.reference.name.as_str()).collect();
        assert_eq!(order, "mcurbtsadx");
    }

    #[test]
    fn four_thousand_lines_are_read() {
        let text: String =
            (0..1000).map(|it| format!("---\n{}", config_map(&format!("m{it}")))).collect();
        let documents = parse(&text, None).unwrap();
        assert_eq!((documents.len(), documents[999].line), (1000, 3998));
    }

    #[test]
    fn hostile_texts_end_in_an_error() {
        let deep = format!("a: {}", "[".repeat(5000));
        assert!(parse(&deep, None).is_err());
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..12 {
            let below = format!("*a{},", level - 1).repeat(10);
            bomb.push_str(&format!("a{level}: &a{level} [{below}]\n"));
        }
        assert!(parse(&bomb, None).is_err());
    }
}
