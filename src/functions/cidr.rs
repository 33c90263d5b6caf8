//! Overlapping address ranges: the logic of `cidr_conflicts`.

use std::collections::BTreeMap;

use ipnet::IpNet;

/// Two ranges of different owners that share addresses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// The owner whose name sorts first.
    pub a: String,
    /// The other owner.
    pub b: String,
    /// The range of `a`, as it was given.
    pub a_cidr: String,
    /// The range of `b`, as it was given.
    pub b_cidr: String,
    /// The addresses that both have, in canonical form.
    pub overlap: String,
}

/// A text that is no address range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidCidr {
    /// The owner.
    pub name: String,
    /// Position in the owner's list, from 0.
    pub index: usize,
    /// A sentence that quotes the text.
    pub message: String,
}

/// Finds all pairs of ranges of different owners that overlap.
///
/// Takes IPv4 and IPv6 ranges in CIDR notation; bits behind the prefix are
/// ignored. Ranges of one owner may overlap each other. The result is sorted
/// by owners, then ranges. Reports every text that is no range at once.
pub fn conflicts(
    ranges: &BTreeMap<String, Vec<String>>,
) -> Result<Vec<Conflict>, Vec<InvalidCidr>> {
    let mut parsed = parse(ranges)?;
    // Two ranges overlap only if one holds the other. In this order whatever
    // holds a range comes before it, and the ranges that are still open when a
    // range comes are exactly those that hold it.
    parsed.sort_by_key(|range| (range.net.network(), range.net.prefix_len()));
    let mut open: Vec<&Range<'_>> = Vec::new();
    let mut found = Vec::new();
    for range in &parsed {
        while open.last().is_some_and(|outer| !outer.net.contains(&range.net)) {
            open.pop();
        }
        let others = open.iter().filter(|outer| outer.name != range.name);
        found.extend(others.map(|outer| conflict(outer, range)));
        open.push(range);
    }
    found.sort();
    Ok(found)
}

struct Range<'a> {
    name: &'a str,
    text: &'a str,
    net: IpNet,
}

fn parse(ranges: &BTreeMap<String, Vec<String>>) -> Result<Vec<Range<'_>>, Vec<InvalidCidr>> {
    let mut parsed = Vec::new();
    let mut invalid = Vec::new();
    for (name, texts) in ranges {
        for (index, text) in texts.iter().enumerate() {
            match text.trim().parse::<IpNet>() {
                Ok(net) => parsed.push(Range { name, text, net: net.trunc() }),
                Err(_) => invalid.push(InvalidCidr {
                    name: name.clone(),
                    index,
                    message: format!(
                        "{text:?} of {name:?} is no address range in CIDR notation, such as \
                         10.0.0.0/16 or fd00::/48"
                    ),
                }),
            }
        }
    }
    if invalid.is_empty() { Ok(parsed) } else { Err(invalid) }
}

fn conflict(outer: &Range<'_>, inner: &Range<'_>) -> Conflict {
    let (a, b) = if outer.name < inner.name { (outer, inner) } else { (inner, outer) };
    Conflict {
        a: a.name.to_owned(),
        b: b.name.to_owned(),
        a_cidr: a.text.to_owned(),
        b_cidr: b.text.to_owned(),
        overlap: inner.net.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(ranges: &[(&str, &[&str])]) -> Vec<String> {
        let list = conflicts(&map(ranges)).unwrap();
        list.into_iter()
            .map(|it| format!("{} {} {} {}: {}", it.a, it.a_cidr, it.b, it.b_cidr, it.overlap))
            .collect()
    }

    fn map(ranges: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
        let owned = |texts: &[&str]| texts.iter().map(|it| (*it).to_owned()).collect();
        ranges.iter().map(|(name, texts)| ((*name).to_owned(), owned(texts))).collect()
    }

    #[test]
    fn neighbours_do_not_overlap() {
        let apart: &[(&str, &[&str])] = &[
            ("a", &["10.0.0.0/16", "fd00::/64"]),
            ("b", &["10.1.0.0/16", "fd00:0:0:1::/64"]),
            ("c", &["0.0.0.0/8"]),
        ];
        assert!(found(apart).is_empty());
        assert!(found(&[]).is_empty());
    }

    #[test]
    fn nested_ranges_share_the_inner_one() {
        assert_eq!(
            found(&[("b", &["10.0.4.0/24"]), ("a", &["10.0.0.0/16", "172.16.0.0/12"])]),
            ["a 10.0.0.0/16 b 10.0.4.0/24: 10.0.4.0/24"]
        );
        assert_eq!(
            found(&[("a", &["fd00::1/64"]), ("b", &["fd00::/48"])]),
            ["a fd00::1/64 b fd00::/48: fd00::/64"]
        );
    }

    #[test]
    fn every_pair_is_found() {
        let all = found(&[
            ("a", &["10.0.0.0/8"]),
            ("b", &["10.1.0.0/16", "10.2.0.0/16"]),
            ("c", &["10.1.0.0/16"]),
            ("d", &["0.0.0.0/0"]),
        ]);
        assert_eq!(all.len(), 8, "{all:?}");
        assert!(all.contains(&"b 10.1.0.0/16 c 10.1.0.0/16: 10.1.0.0/16".to_owned()));
    }

    #[test]
    fn one_owner_may_repeat_itself() {
        assert!(found(&[("a", &["10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/8"])]).is_empty());
        let twice = found(&[("a", &["10.0.0.0/8", "10.0.0.0/16"]), ("b", &["10.0.0.0/24"])]);
        assert_eq!(twice.len(), 2);
    }

    #[test]
    fn agrees_with_comparing_every_pair() {
        let texts: Vec<String> = (0..48)
            .map(|it: u32| {
                let spread = it.wrapping_mul(2_654_435_761);
                format!("10.{}.{}.0/{}", spread >> 30, (spread >> 22) & 255, 10 + it % 15)
            })
            .collect();
        let owner = |index: usize| format!("o{}", index % 7);
        let mut ranges: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (index, text) in texts.iter().enumerate() {
            ranges.entry(owner(index)).or_default().push(text.clone());
        }
        let nets: Vec<IpNet> = texts.iter().map(|it| it.parse().unwrap()).collect();
        let mut pairs = 0;
        for one in 0..nets.len() {
            for other in 0..one {
                let (a, b) = (nets[one].trunc(), nets[other].trunc());
                let overlap = a.contains(&b) || b.contains(&a);
                pairs += usize::from(overlap && owner(one) != owner(other));
            }
        }
        assert!(pairs > 20);
        assert_eq!(conflicts(&ranges).unwrap().len(), pairs);
    }

    #[test]
    fn texts_that_are_no_ranges_are_all_named() {
        let wrong = map(&[("a", &["10.0.0.0", "10.0.0.0/8"]), ("b", &["10.0.0.0/33", ""])]);
        let invalid = conflicts(&wrong).unwrap_err();
        let places: Vec<_> = invalid.iter().map(|it| (it.name.as_str(), it.index)).collect();
        assert_eq!(places, [("a", 0), ("b", 0), ("b", 1)]);
        assert!(invalid[0].message.contains("\"10.0.0.0\" of \"a\""));
    }
}
