//! Sets of typed elements.

use std::ops::Deref;

/// The elements of a Terraform set.
///
/// Unlike `BTreeSet` it asks nothing of its elements, keeps their order, and
/// merges none: several elements that are not known yet stay several. Equality
/// disregards the order.
#[derive(Clone, Debug)]
pub struct Set<T>(Vec<T>);

impl<T> Set<T> {
    /// No element.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The elements in the order in which they came.
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T: PartialEq> Set<T> {
    /// Adds an element unless it is there already; says whether it was added.
    pub fn insert(&mut self, element: T) -> bool {
        let is_new = !self.0.contains(&element);
        if is_new {
            self.0.push(element);
        }
        is_new
    }
}

impl<T> Default for Set<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Deref for Set<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: PartialEq> PartialEq for Set<T> {
    fn eq(&self, other: &Self) -> bool {
        if self.len() != other.len() {
            return false;
        }
        let mut rest: Vec<&T> = other.iter().collect();
        self.iter().all(|element| match rest.iter().position(|found| *found == element) {
            Some(i) => {
                rest.swap_remove(i);
                true
            }
            None => false,
        })
    }
}

impl<T: Eq> Eq for Set<T> {}

impl<T> From<Vec<T>> for Set<T> {
    fn from(elements: Vec<T>) -> Self {
        Self(elements)
    }
}

impl<T> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        Self(elements.into_iter().collect())
    }
}

impl<T> IntoIterator for Set<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Set<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Tf;

    #[test]
    fn order_means_nothing_and_count_does() {
        assert_eq!(Set::from(vec![1, 2, 2]), Set::from(vec![2, 1, 2]));
        assert_ne!(Set::from(vec![1, 2, 2]), Set::from(vec![1, 1, 2]));
        assert_ne!(Set::from(vec![1]), Set::from(vec![1, 1]));
    }

    #[test]
    fn elements_that_are_unknown_stay_several() {
        let set: Set<Tf<String>> = [Tf::Unknown, Tf::Unknown].into_iter().collect();
        assert_eq!(set.len(), 2);
    }

    #[test]
    fn insert_adds_once() {
        let mut set = Set::new();
        assert!(set.insert("a"));
        assert!(!set.insert("a"));
        assert_eq!(set.into_vec(), ["a"]);
    }
}
