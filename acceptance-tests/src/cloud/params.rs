//! Reading an action's parameters. The catalogue has checked names and types,
//! so a value of another type than asked for can only be absent.

use serde_json::{Map, Value};

use super::service::ApiError;

/// An action's parameters, or a structure within them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params(Map<String, Value>);

impl From<Map<String, Value>> for Params {
    fn from(map: Map<String, Value>) -> Self {
        Self(map)
    }
}

impl Params {
    /// The parameter as it was sent; JSON `null` counts as absent.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// Whether the parameter was sent.
    pub fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// A string.
    pub fn str(&self, name: &str) -> Option<&str> {
        self.value(name)?.as_str()
    }

    /// A string, empty if absent.
    pub fn text(&self, name: &str) -> String {
        self.str(name).unwrap_or_default().to_owned()
    }

    /// A string that must be there and not empty.
    ///
    /// # Errors
    /// `MissingParameter`.
    pub fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.str(name).filter(|text| !text.is_empty()).ok_or_else(|| ApiError::missing(name))
    }

    /// A boolean.
    pub fn bool(&self, name: &str) -> Option<bool> {
        self.value(name)?.as_bool()
    }

    /// A number that is not negative; digits in a string count too, for the
    /// actions whose `Offset` and `Limit` are strings.
    pub fn unsigned(&self, name: &str) -> Option<u64> {
        let value = self.value(name)?;
        value.as_u64().or_else(|| value.as_str()?.parse().ok())
    }

    /// A list; empty if absent.
    pub fn list(&self, name: &str) -> &[Value] {
        self.value(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// A list of strings; empty if absent.
    pub fn strings(&self, name: &str) -> Vec<&str> {
        self.list(name).iter().filter_map(Value::as_str).collect()
    }

    /// A structure.
    pub fn object(&self, name: &str) -> Option<Self> {
        self.value(name)?.as_object().cloned().map(Self)
    }

    /// A list of structures; empty if absent.
    pub fn objects(&self, name: &str) -> Vec<Self> {
        let list = self.list(name).iter();
        list.filter_map(Value::as_object).cloned().map(Self).collect()
    }

    /// `Filters` of a Describe action as (name, values). Both spellings of the
    /// cloud's products, `Name` and `Key`, are understood.
    pub fn filters(&self, name: &str) -> Vec<(String, Vec<String>)> {
        let pair = |filter: Self| {
            let key = filter.str("Name").or_else(|| filter.str("Key"))?.to_owned();
            let values = filter.strings("Values").into_iter().map(str::to_owned).collect();
            Some((key, values))
        };
        self.objects(name).into_iter().filter_map(pair).collect()
    }

    /// The page that `Offset` and `Limit` ask for out of `all`.
    ///
    /// # Errors
    /// `InvalidParameterValue` if `Limit` is zero or above `max`.
    pub fn page<T>(&self, all: Vec<T>, default: u64, max: u64) -> Result<Vec<T>, ApiError> {
        let limit = self.unsigned("Limit").unwrap_or(default);
        if limit == 0 || limit > max {
            let text = format!("The value of parameter `Limit` ({limit}) is not in 1..{max}.");
            return Err(ApiError::invalid_value(text));
        }
        let offset = usize::try_from(self.unsigned("Offset").unwrap_or(0)).unwrap_or(usize::MAX);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(all.into_iter().skip(offset).take(limit).collect())
    }

    /// All parameters.
    pub fn fields(&self) -> &Map<String, Value> {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn params(value: Value) -> Params {
        serde_json::from_value::<Map<_, _>>(value).unwrap().into()
    }

    #[test]
    fn pages_and_their_limits() {
        let page = |value| params(value).page((0..50).collect(), 20, 100);
        assert_eq!(page(json!({})).unwrap().len(), 20);
        assert_eq!(page(json!({"Offset": 45, "Limit": 100})).unwrap(), [45, 46, 47, 48, 49]);
        assert_eq!(page(json!({"Offset": "2", "Limit": "1"})).unwrap(), [2]);
        assert!(page(json!({"Limit": 101})).is_err());
        assert!(page(json!({"Limit": 0})).is_err());
    }

    #[test]
    fn filters_of_either_spelling() {
        let both = params(json!({"Filters": [
            {"Name": "ccn-id", "Values": ["a", "b"]},
            {"Key": "tag", "Values": []},
        ]}));
        let filters = both.filters("Filters");
        assert_eq!(filters[0], ("ccn-id".to_owned(), vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(filters[1], ("tag".to_owned(), vec![]));
    }

    #[test]
    fn null_and_empty_are_told_apart() {
        let some = params(json!({"A": null, "B": ""}));
        assert!(!some.has("A"));
        assert!(some.has("B"));
        assert_eq!(some.required("B").unwrap_err().code, "MissingParameter");
    }
}
