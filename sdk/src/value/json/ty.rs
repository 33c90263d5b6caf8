//! Type constraints in JSON.

use crate::value::{
    DecodeError, MAX_DEPTH, Type,
    json::{read::Json, write},
};

/// Writes the plugin protocol's form of a type.
pub(crate) fn write_type(ty: &Type, out: &mut String) {
    let collection = |out: &mut String, name: &str, element: &Type| {
        out.push_str("[\"");
        out.push_str(name);
        out.push_str("\",");
        write_type(element, out);
        out.push(']');
    };
    match ty {
        Type::Bool => out.push_str("\"bool\""),
        Type::Number => out.push_str("\"number\""),
        Type::String => out.push_str("\"string\""),
        Type::Dynamic => out.push_str("\"dynamic\""),
        Type::List(element) => collection(out, "list", element),
        Type::Set(element) => collection(out, "set", element),
        Type::Map(element) => collection(out, "map", element),
        Type::Object(attributes) => {
            out.push_str("[\"object\",{");
            for (i, (name, ty)) in attributes.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write::text(out, name);
                out.push(':');
                write_type(ty, out);
            }
            out.push_str("}]");
        }
        Type::Tuple(elements) => {
            out.push_str("[\"tuple\",[");
            for (i, ty) in elements.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_type(ty, out);
            }
            out.push_str("]]");
        }
    }
}

/// Reads the plugin protocol's form of a type that is `depth` levels down.
pub(crate) fn read_type(text: &str, depth: usize) -> Result<Type, DecodeError> {
    let unknown = || DecodeError::new("not a type");
    if depth > MAX_DEPTH {
        return Err(DecodeError::new("the type nests too deep"));
    }
    let parts = match Json::parse(text)? {
        Json::String(name) => {
            return match name.as_str() {
                "bool" => Ok(Type::Bool),
                "number" => Ok(Type::Number),
                "string" => Ok(Type::String),
                "dynamic" => Ok(Type::Dynamic),
                _ => Err(unknown()),
            };
        }
        Json::Array(parts) => parts,
        _ => return Err(unknown()),
    };
    let [name, argument] = parts.as_slice() else {
        return Err(unknown());
    };
    let Json::String(name) = Json::parse(name.get())? else {
        return Err(unknown());
    };
    let argument = argument.get();
    match name.as_str() {
        "list" => Ok(Type::list(read_type(argument, depth + 1)?)),
        "set" => Ok(Type::set(read_type(argument, depth + 1)?)),
        "map" => Ok(Type::map(read_type(argument, depth + 1)?)),
        "object" => match Json::parse(argument)? {
            Json::Object(attributes) => attributes
                .into_iter()
                .map(|(name, ty)| Ok((name, read_type(ty.get(), depth + 1)?)))
                .collect::<Result<_, _>>()
                .map(Type::Object),
            _ => Err(unknown()),
        },
        "tuple" => match Json::parse(argument)? {
            Json::Array(elements) => elements
                .into_iter()
                .map(|ty| read_type(ty.get(), depth + 1))
                .collect::<Result<_, _>>()
                .map(Type::Tuple),
            _ => Err(unknown()),
        },
        _ => Err(unknown()),
    }
}
