//! Secrets that must not be seen.

use std::{
    borrow::Cow,
    sync::{PoisonError, RwLock},
};

/// What stands for a secret.
const MASK: &str = "***";
/// Shorter texts occur by chance in everything.
const SHORTEST: usize = 4;
/// A value of a `name: value` line that is longer than this is no name or
/// address, but a key or a certificate.
const LONG_VALUE: usize = 64;

/// The secrets of this process, longest first, so that one that contains
/// another goes as a whole.
static SECRETS: RwLock<Vec<String>> = RwLock::new(Vec::new());

/// Hides a text from now on: wherever it occurs in a log line or a diagnostic,
/// `***` stands in its place.
///
/// Texts of fewer than four bytes are not hidden. Of a text of several lines the
/// parts that are secrets by themselves are hidden, too.
pub fn mask(secret: &str) {
    let secret = secret.trim();
    // As `{:?}` and JSON show it.
    let quoted = secret.escape_debug().to_string();
    let mut secrets = SECRETS.write().unwrap_or_else(PoisonError::into_inner);
    for text in [secret, &quoted].into_iter().chain(parts(secret)) {
        insert(&mut secrets, text);
    }
}

/// Lines that are one word, as in a PEM block, and long values. A kubeconfig or
/// a manifest has lines besides that occur in many a message, such as `spec:`.
fn parts(secret: &str) -> impl Iterator<Item = &str> {
    let lines = secret.lines().map(str::trim).filter(|_| secret.contains('\n'));
    lines.filter_map(|line| match line.rsplit_once(char::is_whitespace) {
        None => Some(line).filter(|line| !line.ends_with(':')),
        Some((_, value)) => Some(value).filter(|value| value.len() > LONG_VALUE),
    })
}

fn insert(secrets: &mut Vec<String>, text: &str) {
    if text.len() < SHORTEST || secrets.iter().any(|known| known == text) {
        return;
    }
    let at = secrets.partition_point(|known| known.len() >= text.len());
    secrets.insert(at, text.to_owned());
}

/// `text` without the secrets in it.
pub(crate) fn masked(text: &str) -> Cow<'_, str> {
    let secrets = SECRETS.read().unwrap_or_else(PoisonError::into_inner);
    let mut text = Cow::Borrowed(text);
    for secret in secrets.iter() {
        if text.contains(secret.as_str()) {
            text = Cow::Owned(text.replace(secret.as_str(), MASK));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_wherever_they_occur() {
        mask("mask-test-hunter2");
        assert_eq!(masked("a mask-test-hunter2, b=\"mask-test-hunter2\""), "a ***, b=\"***\"");
        assert_eq!(masked("nothing here"), "nothing here");
    }

    #[test]
    fn a_secret_within_a_secret_leaves_no_rest() {
        mask("mask-test-inner");
        mask("mask-test-inner-and-outer");
        assert_eq!(masked("mask-test-inner-and-outer"), "***");
        assert_eq!(masked("mask-test-inner"), "***");
    }

    #[test]
    fn escaped_and_single_lines_of_a_secret_are_hidden() {
        mask("-----BEGIN MASK TEST-----\nMASKTESTBODY\n-----END MASK TEST-----\n");
        assert_eq!(masked("key: MASKTESTBODY"), "key: ***");
        assert_eq!(
            masked(r"-----BEGIN MASK TEST-----\nMASKTESTBODY\n-----END MASK TEST-----"),
            "***"
        );
    }

    #[test]
    fn what_a_secret_text_has_in_common_with_others_is_not_hidden() {
        let key = "TWFza1Rlc3RLZXk".repeat(5);
        mask(&format!("kind: Maskconfig\nusers:\n- name: mask-user\n  data: {key}\n"));
        for text in ["kind: Maskconfig", "users: none", "no user mask-user"] {
            assert_eq!(masked(text), text);
        }
        assert_eq!(masked(&format!("sent {key}")), "sent ***");
    }

    #[test]
    fn short_texts_are_left_alone() {
        mask("q");
        mask("");
        assert_eq!(masked("quiet"), "quiet");
    }
}
