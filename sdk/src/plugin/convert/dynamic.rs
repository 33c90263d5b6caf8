//! Values.

use crate::{
    plugin::{rpc::Fault, wire::tfplugin6 as wire},
    value::{Type, Value, json as json_codec, msgpack},
};

/// A value that Terraform sent; absent stands for null. `what` names it in an
/// error.
pub(crate) fn decode(
    value: Option<wire::DynamicValue>,
    ty: &Type,
    what: &'static str,
) -> Result<Value, Fault> {
    let value = value.unwrap_or_default();
    let decoded = if !value.msgpack.is_empty() {
        msgpack::decode(&value.msgpack, ty)
    } else if !value.json.is_empty() {
        json_codec::decode(&value.json, ty)
    } else {
        return Ok(Value::Null);
    };
    decoded.map_err(|error| Fault::malformed(what, error))
}

/// The identity that Terraform sent, if any.
pub(crate) fn decode_some(
    identity: Option<wire::ResourceIdentityData>,
    ty: Option<&Type>,
) -> Result<Option<Value>, Fault> {
    match (identity.and_then(|identity| identity.identity_data), ty) {
        (Some(data), Some(ty)) => decode(Some(data), ty, "identity").map(Some),
        _ => Ok(None),
    }
}

/// A value for Terraform. `what` names it in an error.
pub(crate) fn encode(
    value: &Value,
    ty: &Type,
    what: &'static str,
) -> Result<wire::DynamicValue, Fault> {
    let msgpack = msgpack::encode(value, ty).map_err(|error| Fault::unencodable(what, error))?;
    Ok(wire::DynamicValue { msgpack: msgpack.into(), ..Default::default() })
}

/// An identity for Terraform, if there is one.
pub(crate) fn encode_some(
    identity: Option<&Value>,
    ty: Option<&Type>,
) -> Result<Option<wire::ResourceIdentityData>, Fault> {
    let (Some(identity), Some(ty)) = (identity, ty) else { return Ok(None) };
    let data = encode(identity, ty, "identity")?;
    Ok(Some(wire::ResourceIdentityData { identity_data: Some(data) }))
}

/// The JSON of a stored value; `None` for the form before Terraform 0.12.
pub(crate) fn json(state: Option<wire::RawState>) -> Option<Vec<u8>> {
    state.map(|state| state.json.to_vec()).filter(|json| !json.is_empty())
}
