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

impl<T: Copy + Default> Tf<T> {
    /// The value, or the type's default where there is none.
    pub fn or_default(&self) -> T {
        self.known().copied().unwrap_or_default()
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
