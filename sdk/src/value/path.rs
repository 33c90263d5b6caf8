//! Where in a value something is.

use std::fmt;

use crate::value::Value;

/// One step into a value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    /// An attribute of an object or of a block.
    Attribute(String),
    /// An element of a list or a tuple, from 0.
    Index(usize),
    /// An element of a map.
    Key(String),
    /// An element of a set. The plugin protocol cannot express it: on the wire
    /// a path ends before its first such step.
    Element(Box<Value>),
}

/// A place in a configuration, plan or state value.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Path(Vec<Step>);

impl Path {
    /// The value as a whole.
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// The steps from the root.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The path one step shorter; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        self.0.split_last().map(|(_, parents)| Self(parents.to_vec()))
    }

    /// Puts a step before all others.
    pub(crate) fn prepend(&mut self, step: Step) {
        self.0.insert(0, step);
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// This path and one attribute further.
    #[must_use]
    pub fn attribute(&self, name: impl Into<String>) -> Self {
        self.with(Step::Attribute(name.into()))
    }

    /// This path and one list index further.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Step::Index(index))
    }

    /// This path and one map key further.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.with(Step::Key(key.into()))
    }

    /// This path and one set element further.
    #[must_use]
    pub fn element(&self, value: Value) -> Self {
        self.with(Step::Element(Box::new(value)))
    }

    /// This path and one step further.
    #[must_use]
    pub fn with(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }
}

impl From<Vec<Step>> for Path {
    fn from(steps: Vec<Step>) -> Self {
        Self(steps)
    }
}

impl From<&str> for Path {
    /// The attribute of that name at the root.
    fn from(name: &str) -> Self {
        Self::root().attribute(name)
    }
}

impl From<&Self> for Path {
    fn from(path: &Self) -> Self {
        path.clone()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            match step {
                Step::Attribute(name) if i == 0 => f.write_str(name)?,
                Step::Attribute(name) => write!(f, ".{name}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
                Step::Element(_) => f.write_str("[…]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_as_terraform_writes_references() {
        let path = Path::from("rules").index(2).attribute("labels").key("app");
        assert_eq!(path.to_string(), "rules[2].labels[\"app\"]");
        assert_eq!(Path::from("a").element(Value::Null).attribute("b").to_string(), "a[…].b");
        assert_eq!(Path::root().to_string(), "");
    }

    #[test]
    fn parent_is_one_step_shorter() {
        let path = Path::from("a").index(0);
        assert_eq!(path.parent(), Some(Path::from("a")));
        assert_eq!(Path::root().parent(), None);
    }
}
