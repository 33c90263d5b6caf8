//! Names with `*` wildcards, as in permissions and fault rules.

/// Whether `text` is what `pattern` says, in which `*` stands for any
/// characters. Case counts.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        for (pattern, text) in [
            ("*", ""),
            ("*", "vpc:CreateCcn"),
            ("vpc:*", "vpc:CreateCcn"),
            ("vpc:*Ccn", "vpc:CreateCcn"),
            ("*:Describe*", "tke:DescribeClusters"),
            ("vpc:CreateCcn", "vpc:CreateCcn"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("", "x"),
            ("vpc:*", "tke:CreateCcn"),
            ("vpc:Create", "vpc:CreateCcn"),
            ("*Ccns", "vpc:CreateCcn"),
            ("a*ba", "aba-b"),
            ("ab*b", "ab"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }
}
