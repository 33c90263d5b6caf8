//! Everything that can change, of all products: an object that two accounts
//! see is one object here.

use sha2::{Digest, Sha256};

use super::{
    services::{clb, dnspod, sts, tcm, tdcc, tke, vpc},
    tags::Tags,
};

/// The state of the whole cloud. Each product has one field with its own type,
/// defined beside the product; products read each other's fields freely.
///
/// Cloning takes a snapshot, which stale reads are answered from.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Source of new ids.
    pub ids: Ids,
    /// Tags of all products' resources.
    pub tags: Tags,
    /// Temporary keys.
    pub sts: sts::State,
    /// Networks and Cloud Connect Networks.
    pub vpc: vpc::State,
    /// Clusters' endpoints and states.
    pub tke: tke::State,
    /// Hub clusters and registered clusters.
    pub tdcc: tdcc::State,
    /// Load balancers.
    pub clb: clb::State,
    /// Meshes.
    pub tcm: tcm::State,
    /// Domains and records.
    pub dnspod: dnspod::State,
}

/// New ids, the same in every run with the same calls.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    count: u64,
}

impl Ids {
    /// `prefix-` and eight characters.
    pub fn next(&mut self, prefix: &str) -> String {
        self.count += 1;
        let digest = Sha256::digest(format!("{prefix} {}", self.count).as_bytes());
        let alphabet = b"abcdefghijklmnopqrstuvwxyz0123456789";
        let letters = digest.iter().take(8);
        let name: String =
            letters.map(|byte| char::from(alphabet[usize::from(*byte) % alphabet.len()])).collect();
        format!("{prefix}-{name}")
    }

    /// A number.
    pub fn next_number(&mut self) -> u64 {
        self.count += 1;
        1_500_000_000 + self.count
    }

    /// A string of `count` letters and digits, for keys and tokens.
    pub fn next_letters(&mut self, count: usize) -> String {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let mut letters = String::with_capacity(count);
        while letters.len() < count {
            self.count += 1;
            let digest = Sha256::digest(format!("letters {}", self.count).as_bytes());
            let wanted = count - letters.len();
            letters.extend(
                digest
                    .iter()
                    .take(wanted)
                    .map(|byte| char::from(alphabet[usize::from(*byte) % alphabet.len()])),
            );
        }
        letters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_distinct_and_the_same_in_every_run() {
        let run = || {
            let mut ids = Ids::default();
            (0..1_000).map(|_| ids.next("ccn")).collect::<Vec<_>>()
        };
        let first = run();
        let distinct: std::collections::BTreeSet<_> = first.iter().collect();
        assert_eq!(distinct.len(), 1_000);
        assert_eq!(first, run());
    }

    #[test]
    fn letters_have_the_wanted_length() {
        assert_eq!(Ids::default().next_letters(72).len(), 72);
    }
}
