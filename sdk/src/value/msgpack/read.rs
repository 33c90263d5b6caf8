//! Values from msgpack.

use std::{borrow::Cow, collections::BTreeMap};

use crate::value::{
    DecodeError, MAX_DEPTH, Number, Step, Type, Value, article,
    mismatch::kind_of_type,
    msgpack::{
        token::{Token, Tokens},
        unknown,
    },
    normalized,
};

/// Reads one value of type `ty`, which is itself `depth` levels down.
pub(super) fn value(
    tokens: &mut Tokens<'_>,
    ty: &Type,
    depth: usize,
) -> Result<Value, DecodeError> {
    if depth > MAX_DEPTH {
        return Err(DecodeError::new("the value nests too deep"));
    }
    let token = tokens.next()?;
    Ok(match (ty, token) {
        (_, Token::Nil) => Value::Null,
        (_, Token::Ext(code, payload)) => unknown::read(code, payload, ty)?,
        (Type::Bool, Token::Bool(value)) => Value::Bool(value),
        (Type::Number, _) => number(token)?.into(),
        (Type::String, Token::Bytes(bytes)) => Value::String(text(bytes)?.into_owned()),
        (Type::List(element), Token::Array(count)) => {
            Value::List(elements(tokens, count, depth, |_| element)?)
        }
        (Type::Set(element), Token::Array(count)) => Value::Set(
            (0..count)
                .map(|i| value(tokens, element, depth + 1).map_err(|error| error.within_set(i)))
                .collect::<Result<_, _>>()?,
        ),
        (Type::Tuple(types), Token::Array(count)) if types.len() == count => {
            Value::List(elements(tokens, count, depth, |i| &types[i])?)
        }
        (Type::Tuple(types), Token::Array(count)) => {
            let wanted = types.len();
            return Err(DecodeError::new(format!("{count} elements in a tuple of {wanted}")));
        }
        (Type::Map(element), Token::Map(count)) => {
            entries(tokens, count, depth, Step::Key, |_| Some(element))?
        }
        (Type::Object(types), Token::Map(count)) => {
            let object = entries(tokens, count, depth, Step::Attribute, |name| types.get(name))?;
            // The names are distinct and all known, so the count tells.
            if count != types.len() {
                return Err(missing(&object, types));
            }
            object
        }
        (Type::Dynamic, Token::Array(2)) => dynamic(tokens, depth)?,
        _ => {
            let (wanted, found) = (article(kind_of_type(ty)), article(kind_of_token(token)));
            return Err(DecodeError::new(format!("{wanted} is needed, not {found}")));
        }
    })
}

/// Reads a number in any of the forms that Terraform writes.
pub(super) fn number(token: Token<'_>) -> Result<Number, DecodeError> {
    match token {
        Token::Int(value) => Ok(value.into()),
        Token::Uint(value) => Ok(value.into()),
        Token::Float(value) => {
            Number::try_from(value).map_err(|error| DecodeError::new(error.to_string()))
        }
        Token::Bytes(bytes) => {
            text(bytes)?.parse().map_err(|error| DecodeError::new(format!("{error}")))
        }
        _ => {
            let found = article(kind_of_token(token));
            Err(DecodeError::new(format!("a number is needed, not {found}")))
        }
    }
}

/// Text in form C.
pub(super) fn text(bytes: &[u8]) -> Result<Cow<'_, str>, DecodeError> {
    std::str::from_utf8(bytes).map(normalized).map_err(|_| DecodeError::new("text is not UTF-8"))
}

fn elements<'t>(
    tokens: &mut Tokens<'_>,
    count: usize,
    depth: usize,
    ty: impl Fn(usize) -> &'t Type,
) -> Result<Vec<Value>, DecodeError> {
    (0..count)
        .map(|i| value(tokens, ty(i), depth + 1).map_err(|error| error.within(Step::Index(i))))
        .collect()
}

fn entries<'t>(
    tokens: &mut Tokens<'_>,
    count: usize,
    depth: usize,
    step: fn(String) -> Step,
    ty: impl Fn(&str) -> Option<&'t Type>,
) -> Result<Value, DecodeError> {
    let mut entries = BTreeMap::new();
    for _ in 0..count {
        let key = match tokens.next()? {
            Token::Bytes(bytes) => text(bytes)?.into_owned(),
            _ => return Err(DecodeError::new("a key is not text")),
        };
        let ty =
            ty(&key).ok_or_else(|| DecodeError::new(format!("there is no attribute {key:?}")))?;
        let item = value(tokens, ty, depth + 1).map_err(|error| error.within(step(key.clone())))?;
        if entries.contains_key(&key) {
            return Err(DecodeError::new(format!("the key {key:?} stands twice")));
        }
        entries.insert(key, item);
    }
    Ok(Value::Map(entries))
}

fn missing(object: &Value, types: &BTreeMap<String, Type>) -> DecodeError {
    let name = types.keys().find(|name| object.entry(name).is_none());
    DecodeError::new(format!("the attribute {:?} is missing", name.map_or("", String::as_str)))
}

fn dynamic(tokens: &mut Tokens<'_>, depth: usize) -> Result<Value, DecodeError> {
    let Token::Bytes(bytes) = tokens.next()? else {
        return Err(DecodeError::new("a dynamic value does not begin with its type"));
    };
    let ty = Type::from_json(&text(bytes)?)?;
    let inner = value(tokens, &ty, depth + 1)?;
    Ok(match ty {
        // Says no more than the bare value.
        Type::Dynamic => inner,
        ty => Value::Dynamic(Box::new((ty, inner))),
    })
}

fn kind_of_token(token: Token<'_>) -> &'static str {
    match token {
        Token::Nil => "null",
        Token::Bool(_) => "bool",
        Token::Int(_) | Token::Uint(_) | Token::Float(_) => "number",
        Token::Bytes(_) => "string",
        Token::Array(_) => "sequence",
        Token::Map(_) => "mapping",
        Token::Ext(..) => "extension",
    }
}
