//! Credential plugins: a command that prints an `ExecCredential`
//! (Kubernetes documentation, "client-go credential plugins").

use std::{process::Stdio, time::Duration};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;

use super::{access::Exec, kubeconfig::Identity};
use crate::secret::Secret;

/// How long a plugin may take.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// How much of a failed plugin's standard error is shown, in characters.
const SHOWN: usize = 500;

/// What a plugin gave.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) token: Option<Secret>,
    pub(super) identity: Option<Identity>,
    pub(super) expires: Option<Timestamp>,
}

#[derive(Deserialize)]
struct ExecCredential {
    kind: Option<String>,
    status: Option<ExecStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExecStatus {
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
    expiration_timestamp: Option<String>,
}

/// Runs the plugin without a terminal and reads what it printed.
///
/// The error is a sentence with the plugin's standard error, never with its
/// standard output, which holds the credentials.
pub(super) async fn credentials(exec: &Exec, cluster_info: &Value) -> Result<Given, String> {
    let command = &exec.command;
    let mut info = json!({
        "apiVersion": exec.api_version,
        "kind": "ExecCredential",
        "spec": {"interactive": false},
    });
    if exec.provide_cluster_info {
        info["spec"]["cluster"] = cluster_info.clone();
    }
    let child = Command::new(command)
        .args(&exec.args)
        .envs(exec.env.iter().map(|(name, value)| (name, value.expose())))
        .env("KUBERNETES_EXEC_INFO", info.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| not_started(exec, &error))?;
    let output = tokio::time::timeout(TIME_LIMIT, child.wait_with_output())
        .await
        .map_err(|_| {
            format!("the credential command {command:?} took more than {} s", TIME_LIMIT.as_secs())
        })?
        .map_err(|error| format!("the credential command {command:?} failed: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!(
            "the credential command {command:?} failed ({}): {}",
            output.status,
            tail(said.trim())
        ));
    }
    given(&output.stdout).map_err(|problem| format!("the credential command {command:?} {problem}"))
}

fn not_started(exec: &Exec, error: &std::io::Error) -> String {
    let hint = exec.install_hint.as_deref().map(str::trim).filter(|it| !it.is_empty());
    let hint = hint.map(|it| format!("; {it}")).unwrap_or_default();
    format!("the credential command {:?} cannot be started: {error}{hint}", exec.command)
}

fn given(printed: &[u8]) -> Result<Given, String> {
    // The parser's own message may quote a token.
    let parsed: ExecCredential =
        serde_json::from_slice(printed).map_err(|_| "printed no ExecCredential in JSON")?;
    if parsed.kind.as_deref() != Some("ExecCredential") {
        return Err("printed an object that is no ExecCredential".to_owned());
    }
    let status = parsed.status.ok_or("printed an ExecCredential without status")?;
    let expires = status.expiration_timestamp.map(|text| text.parse::<Timestamp>()).transpose();
    let expires = expires.map_err(|_| "printed an expirationTimestamp that is no RFC 3339 time")?;
    let identity = match (status.client_certificate_data, status.client_key_data) {
        (Some(certificate), Some(key)) => Some(Identity { certificate, key: Secret::new(key) }),
        (None, None) => None,
        _ => return Err("printed a certificate without its key, or the reverse".to_owned()),
    };
    let token = status.token.filter(|it| !it.is_empty()).map(|it| Secret::new(it.trim()));
    if token.is_none() && identity.is_none() {
        return Err("printed neither a token nor a certificate".to_owned());
    }
    Ok(Given { token, identity, expires })
}

fn tail(text: &str) -> &str {
    match text.char_indices().rev().nth(SHOWN) {
        Some((at, letter)) => &text[at + letter.len_utf8()..],
        None => text,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Exec {
        Exec {
            api_version: "client.authentication.k8s.io/v1".to_owned(),
            command: "sh".to_owned(),
            args: vec!["-c".to_owned(), script.to_owned()],
            ..Exec::default()
        }
    }

    #[tokio::test]
    async fn token_and_expiry_are_read() {
        let mut exec = shell(
            r#"printf '{"kind":"ExecCredential","status":{"token":"%s","expirationTimestamp":"2030-01-02T03:04:05Z"}}' "$TOKEN""#,
        );
        exec.env.insert("TOKEN".to_owned(), Secret::new("abc"));
        let given = credentials(&exec, &Value::Null).await.unwrap();
        assert_eq!(given.token.unwrap().expose(), "abc");
        assert_eq!(given.expires.unwrap().to_string(), "2030-01-02T03:04:05Z");
    }

    #[tokio::test]
    async fn the_plugin_learns_about_the_cluster_if_it_wants() {
        let script = r#"case "$KUBERNETES_EXEC_INFO" in
            *'"server":"https://a"'*) t=told;; *) t=untold;; esac
            printf '{"kind":"ExecCredential","status":{"token":"%s"}}' $t"#;
        let info = json!({"server": "https://a"});
        let mut exec = shell(script);
        assert_eq!(credentials(&exec, &info).await.unwrap().token.unwrap().expose(), "untold");
        exec.provide_cluster_info = true;
        assert_eq!(credentials(&exec, &info).await.unwrap().token.unwrap().expose(), "told");
    }

    #[tokio::test]
    async fn failures_show_what_was_said_but_not_what_was_printed() {
        let problem =
            credentials(&shell("echo hunter2; echo 'log in first' >&2; exit 3"), &Value::Null)
                .await
                .unwrap_err();
        assert!(problem.contains("log in first") && problem.contains('3'), "{problem}");
        assert!(!problem.contains("hunter2"), "{problem}");
        let problem = credentials(&shell("echo hunter2"), &Value::Null).await.unwrap_err();
        assert!(!problem.contains("hunter2") && problem.contains("ExecCredential"), "{problem}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_command_that_hangs_is_given_up() {
        let problem = credentials(&shell("exec sleep 600"), &Value::Null).await.unwrap_err();
        assert!(problem.contains("60 s"), "{problem}");
    }

    #[tokio::test]
    async fn an_absent_command_comes_with_its_hint() {
        let exec = Exec {
            command: "crossmesh-no-such-command".to_owned(),
            install_hint: Some("install it from your vendor".to_owned()),
            ..Exec::default()
        };
        let problem = credentials(&exec, &Value::Null).await.unwrap_err();
        assert!(problem.contains("install it from your vendor"), "{problem}");
    }

    #[test]
    fn incomplete_credentials_are_refused() {
        for (printed, part) in [
            (r#"{"kind":"Other"}"#, "no ExecCredential"),
            (r#"{"kind":"ExecCredential"}"#, "without status"),
            (r#"{"kind":"ExecCredential","status":{}}"#, "neither"),
            (r#"{"kind":"ExecCredential","status":{"clientKeyData":"x"}}"#, "without its key"),
            (
                r#"{"kind":"ExecCredential","status":{"token":"a","expirationTimestamp":"soon"}}"#,
                "RFC 3339",
            ),
        ] {
            let problem = given(printed.as_bytes()).unwrap_err();
            assert!(problem.contains(part), "{problem}");
        }
    }

    #[test]
    fn long_output_is_cut_at_the_front() {
        assert_eq!(tail("short"), "short");
        assert_eq!(tail(&"é".repeat(SHOWN + 9)).chars().count(), SHOWN);
    }
}
