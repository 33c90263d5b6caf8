//! Random identifiers: UIDs, name suffixes, tokens.

use rustls::crypto::ring;

/// Letters and digits that no one mistakes for another, as Kubernetes uses
/// them in generated names.
const SAFE: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// A random (version 4) UUID.
pub(crate) fn uid() -> String {
    let mut bytes = random::<16>();
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// A suffix for a generated name, at most 32 characters.
pub(crate) fn suffix(length: usize) -> String {
    random::<32>()
        .iter()
        .take(length)
        .map(|byte| char::from(SAFE[usize::from(*byte) % SAFE.len()]))
        .collect()
}

/// A bearer token.
pub(crate) fn token() -> String {
    random::<32>().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // Fails only where the system has no randomness; zeros still are a value,
    // and the first two objects would collide visibly.
    let _ = ring::default_provider().secure_random.fill(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_differ_and_have_their_form() {
        assert_ne!(uid(), uid());
        assert_eq!(uid().as_bytes()[14], b'4');
        assert_eq!(suffix(5).len(), 5);
        assert_eq!(token().len(), 64);
    }
}
