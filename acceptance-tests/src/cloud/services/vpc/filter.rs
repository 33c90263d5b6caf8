//! `Filters` of Describe actions: one name's values are alternatives, several
//! names must all hold.

use crate::cloud::service::{ApiError, Params};

/// Filters as (name, values).
pub(super) type Filters = Vec<(String, Vec<String>)>;

/// Reads `Filters`; a name that the action does not know is refused.
pub(super) fn read(
    params: &Params,
    names: &[&str],
    prefixes: &[&str],
) -> Result<Filters, ApiError> {
    let filters = params.filters("Filters");
    let known = |name: &str| {
        names.contains(&name) || prefixes.iter().any(|prefix| name.starts_with(prefix))
    };
    match filters.iter().find(|(name, _)| !known(name)) {
        Some((name, _)) => Err(ApiError::new(
            "InvalidParameterValue.Malformed",
            format!("The filter `{name}` is not supported."),
        )),
        None => Ok(filters),
    }
}

/// Whether an object whose values `values_of` gives passes all filters.
pub(super) fn passes(filters: &Filters, values_of: impl Fn(&str) -> Vec<String>) -> bool {
    filters.iter().all(|(name, wanted)| {
        let values = values_of(name);
        wanted.iter().any(|one| values.iter().any(|value| value.eq_ignore_ascii_case(one)))
    })
}

/// Refuses two parameters that exclude each other.
pub(super) fn exclusive(params: &Params, first: &str, second: &str) -> Result<(), ApiError> {
    if params.list(first).is_empty() || params.list(second).is_empty() {
        return Ok(());
    }
    let text = format!("The parameters {first} and {second} cannot be used together.");
    Err(ApiError::new("InvalidParameter.Coexist", text))
}
