//! A typed value that may be null or unknown.

/// What Terraform knows of one attribute: a value, nothing, or nothing yet.
///
/// The fields of a [`Model`](crate::schema::Model) are of this type.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Tf<T> {
    /// A value.
    Known(T),
    /// Absent.
    #[default]
    Null,
    /// Known only after apply.
    Unknown,
}

impl<T> Tf<T> {
    /// The value, if there is one.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Null | Self::Unknown => None,
        }
    }

    /// The value by itself, if there is one.
    pub fn into_known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Null | Self::Unknown => None,
        }
    }

    /// The value, to be changed, if there is one.
    pub fn known_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Null | Self::Unknown => None,
        }
    }

    /// The value, or `default` where there is none.
    pub fn unwrap_or(self, default: T) -> T {
        self.into_known().unwrap_or(default)
    }

    /// This, or `other` where this is null. Unknown stays unknown.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self.is_null() { other } else { self }
    }

    /// Whether there is a value.
    pub fn is_known(&self) -> bool {
        matches!(self, Self::Known(_))
    }

    /// Whether it is absent.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it will be known only after apply.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// The same state, borrowed.
    pub fn as_ref(&self) -> Tf<&T> {
        match self {
            Self::Known(value) => Tf::Known(value),
            Self::Null => Tf::Null,
            Self::Unknown => Tf::Unknown,
        }
    }

    /// The same state with the value changed.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Tf<U> {
        match self {
            Self::Known(value) => Tf::Known(f(value)),
            Self::Null => Tf::Null,
            Self::Unknown => Tf::Unknown,
        }
    }
}

impl<T: AsRef<str>> Tf<T> {
    /// The text, or `""` where there is none.
    pub fn text(&self) -> &str {
        self.known().map_or("", AsRef::as_ref)
    }
}

impl Tf<String> {
    /// The text, or null for an empty one, with which many APIs say that there
    /// is nothing.
    pub fn unless_empty(text: impl Into<String>) -> Self {
        Some(text.into()).filter(|text| !text.is_empty()).into()
    }
}

impl<T: Copy + Default> Tf<T> {
    /// The value, or the type's default where there is none.
    pub fn or_default(&self) -> T {
        self.known().copied().unwrap_or_default()
    }
}

impl<T> Tf<Vec<T>> {
    /// The elements; none where the list is null or unknown.
    pub fn items(&self) -> &[T] {
        self.known().map_or(&[], Vec::as_slice)
    }
}

impl<T> From<T> for Tf<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

impl From<&str> for Tf<String> {
    fn from(text: &str) -> Self {
        Self::Known(text.to_owned())
    }
}

impl<T> From<Option<T>> for Tf<T> {
    /// `None` is null.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_and_unknown_have_no_value() {
        let (null, unknown): (Tf<String>, Tf<String>) = (Tf::Null, Tf::Unknown);
        assert_eq!((null.text(), unknown.text()), ("", ""));
        assert_eq!(null.known(), None);
        assert_eq!(Tf::Known(3).or_default() + Tf::<i32>::Unknown.or_default(), 3);
        assert_eq!(Tf::<Vec<u8>>::Unknown.items(), [0_u8; 0]);
        assert_eq!(Tf::Known(vec![1, 2]).items(), [1, 2]);
    }

    #[test]
    fn only_null_gives_way() {
        assert_eq!(Tf::Null.or(Tf::Known(1)), Tf::Known(1));
        assert_eq!(Tf::Unknown.or(Tf::Known(1)), Tf::Unknown);
        assert_eq!(Tf::Known(2).or(Tf::Known(1)), Tf::Known(2));
        assert_eq!(Tf::Unknown.unwrap_or(7), 7);
    }

    #[test]
    fn values_and_options_convert() {
        assert_eq!(Tf::<String>::from("a"), Tf::Known("a".to_owned()));
        assert_eq!(Tf::from(Some(1)), Tf::Known(1));
        assert_eq!(Tf::<i32>::from(None), Tf::Null);
        assert_eq!(Tf::unless_empty("a"), Tf::from("a"));
        assert_eq!(Tf::unless_empty(""), Tf::Null);
        let mut list = Tf::Known(vec![1]);
        list.known_mut().unwrap().push(2);
        assert_eq!(list.map(|list| list.len()), Tf::Known(2));
    }
}
