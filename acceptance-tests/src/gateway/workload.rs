//! What a pod's workload answers, read from the pod itself.

use serde_json::{Value, json};

use super::ingress::{Request, target};

/// The annotation, or environment variable, that holds a pod's whole answer.
const RESPONSE: &str = "crossmesh.test/response";

/// A workload's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) body: String,
}

/// What the pod says to a request: the text of its annotation or environment
/// variable, the text of `hashicorp/http-echo` (`-text=…`, `-status-code=…`),
/// or else, as JSON, who it is and what it was asked.
pub(super) fn answer(cluster: &str, service: &str, pod: &Value, request: &Request) -> Said {
    let text = |body: String| Said { status: 200, content_type: "text/plain; charset=utf-8", body };
    if let Some(said) = pod["metadata"]["annotations"][RESPONSE].as_str() {
        return text(said.to_owned());
    }
    for container in pod["spec"]["containers"].as_array().into_iter().flatten() {
        let variables = container["env"].as_array().into_iter().flatten();
        if let Some(said) = variables
            .filter(|variable| variable["name"] == RESPONSE)
            .find_map(|variable| variable["value"].as_str())
        {
            return text(said.to_owned());
        }
        let image = container["image"].as_str().unwrap_or_default();
        if image.contains("http-echo") {
            let status = argument(container, "status-code").and_then(|code| code.parse().ok());
            let said = argument(container, "text").unwrap_or_else(|| "hello-world".to_owned());
            return Said { status: status.unwrap_or(200), ..text(format!("{said}\n")) };
        }
    }
    let body = json!({
        "cluster": cluster,
        "namespace": pod["metadata"]["namespace"],
        "service": service,
        "pod": pod["metadata"]["name"],
        "method": request.method,
        "host": request.authority,
        "path": target(&request.path, &request.query),
    });
    Said { status: 200, content_type: "application/json", body: format!("{body}\n") }
}

/// A Go flag's value from a container's command and arguments: `-text=a`,
/// `--text=a` or `-text a`.
fn argument(container: &Value, name: &str) -> Option<String> {
    let words = ["command", "args"].into_iter().flat_map(|field| {
        container[field].as_array().into_iter().flatten().filter_map(Value::as_str)
    });
    let mut words = words.peekable();
    while let Some(word) = words.next() {
        let Some(flag) = word.strip_prefix('-') else { continue };
        let flag = flag.strip_prefix('-').unwrap_or(flag);
        match flag.split_once('=') {
            Some((found, value)) if found == name => return Some(value.to_owned()),
            None if flag == name => return words.peek().map(|value| (*value).to_owned()),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pod: Value) -> Said {
        let request = Request {
            port: 80,
            method: "GET".to_owned(),
            authority: "a".to_owned(),
            path: "/x".to_owned(),
            query: String::new(),
            headers: Vec::new(),
        };
        answer("cls-1", "web", &pod, &request)
    }

    #[test]
    fn an_echo_says_its_text() {
        for args in [json!(["-listen=:8080", "-text=hello"]), json!(["--text", "hello"])] {
            let pod = json!({"spec": {"containers": [
                {"image": "hashicorp/http-echo:1.0", "args": args}]}});
            assert_eq!((said(pod.clone()).body.as_str(), said(pod).status), ("hello\n", 200));
        }
    }

    #[test]
    fn an_annotation_counts_before_anything_else() {
        let pod = json!({
            "metadata": {"annotations": {RESPONSE: "from the annotation"}},
            "spec": {"containers": [{"image": "hashicorp/http-echo", "args": ["-text=x"]}]},
        });
        assert_eq!(said(pod).body, "from the annotation");
        let pod = json!({"spec": {"containers": [
            {"image": "x", "env": [{"name": RESPONSE, "value": "from env"}]}]}});
        assert_eq!(said(pod).body, "from env");
    }

    #[test]
    fn others_say_who_they_are() {
        let pod = json!({"metadata": {"name": "p", "namespace": "n"}, "spec": {"containers": [{"image": "nginx"}]}});
        let body: Value = serde_json::from_str(&said(pod).body).unwrap();
        let expected = json!({"cluster": "cls-1", "namespace": "n", "service": "web", "pod": "p",
            "method": "GET", "host": "a", "path": "/x"});
        assert_eq!(body, expected);
    }
}
