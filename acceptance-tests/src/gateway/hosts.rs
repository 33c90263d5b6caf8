//! Host names with wildcards.

/// How well a pattern (`a.example.com`, `*.example.com`, `*`) fits a host:
/// nothing if it does not, more the more specific it is.
pub(super) fn specificity(pattern: &str, host: &str) -> Option<usize> {
    if pattern == "*" {
        return Some(0);
    }
    match pattern.strip_prefix('*') {
        Some(suffix) => {
            let fits = host.len() > suffix.len()
                && host.is_char_boundary(host.len() - suffix.len())
                && host[host.len() - suffix.len()..].eq_ignore_ascii_case(suffix);
            fits.then_some(suffix.len())
        }
        None => pattern.eq_ignore_ascii_case(host).then_some(usize::MAX),
    }
}

/// Whether two patterns have a host in common: one covers the other.
pub(super) fn overlap(one: &str, other: &str) -> bool {
    covers(one, other) || covers(other, one)
}

fn covers(wide: &str, narrow: &str) -> bool {
    if wide == "*" {
        return true;
    }
    match (wide.strip_prefix('*'), narrow.strip_prefix('*')) {
        (Some(wide), Some(narrow)) => narrow.to_lowercase().ends_with(&wide.to_lowercase()),
        _ => specificity(wide, narrow).is_some(),
    }
}

/// The host of a `Host` header, without its port.
pub(super) fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.chars().all(|c| c.is_ascii_digit()) => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_pattern_wins() {
        let host = "a.b.example.com";
        let mut patterns = ["*", "*.example.com", "a.b.example.com", "*.b.example.com", "x"];
        patterns.sort_by_key(|pattern| specificity(pattern, host));
        assert_eq!(patterns, ["x", "*", "*.example.com", "*.b.example.com", "a.b.example.com"]);
        assert_eq!(specificity("*.example.com", "example.com"), None);
        assert_eq!(specificity("A.example.com", "a.EXAMPLE.com"), Some(usize::MAX));
    }

    #[test]
    fn patterns_overlap_if_one_covers_the_other() {
        assert!(overlap("*.example.com", "a.example.com"));
        assert!(overlap("*.example.com", "*.b.example.com"));
        assert!(overlap("*", "anything"));
        assert!(!overlap("*.example.com", "example.org"));
    }

    #[test]
    fn ports_are_no_part_of_a_host() {
        assert_eq!(without_port("a.example.com:8080"), "a.example.com");
        assert_eq!(without_port("a.example.com"), "a.example.com");
    }
}
