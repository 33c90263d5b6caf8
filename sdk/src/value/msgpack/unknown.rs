//! Unknown values and what is promised about them.

use rmp::encode;

use crate::value::{
    Bound, DecodeError, Number, Refinement, Type, Value,
    msgpack::{
        read,
        token::{Token, Tokens},
        write,
    },
    normalized,
};

/// The extension type of an unknown value with promises.
const REFINED: i8 = 12;

/// The longest promise that Terraform reads, in bytes.
const MAX_PAYLOAD: usize = 1024;

/// The longest promised prefix that is written, in bytes.
const MAX_PREFIX: usize = 256;

/// The longest promised number that is written, in bytes.
const MAX_BOUND: usize = 200;

/// The payload's keys.
mod key {
    pub(super) const NULLNESS: u64 = 1;
    pub(super) const PREFIX: u64 = 2;
    pub(super) const LOWER: u64 = 3;
    pub(super) const UPPER: u64 = 4;
    pub(super) const MIN_LENGTH: u64 = 5;
    pub(super) const MAX_LENGTH: u64 = 6;
}

/// Reads an extension: an unknown value of type `ty`.
pub(super) fn read(code: i8, payload: &[u8], ty: &Type) -> Result<Value, DecodeError> {
    if payload.len() <= 1 {
        return Ok(Value::unknown());
    }
    if code != REFINED {
        return Err(DecodeError::new(format!("the extension type {code} means nothing")));
    }
    if payload.len() > MAX_PAYLOAD {
        return Err(DecodeError::new("an unknown value promises too much"));
    }
    let mut tokens = Tokens::new(payload);
    let Token::Map(count) = tokens.next()? else {
        return Err(malformed());
    };
    let mut refinement = Refinement::default();
    for _ in 0..count {
        let Token::Uint(key) = tokens.next()? else {
            return Err(malformed());
        };
        match (key, tokens.next()?) {
            // What is known to be null is not unknown.
            (key::NULLNESS, Token::Bool(true)) => return Ok(Value::Null),
            (key::NULLNESS, Token::Bool(false)) => refinement.not_null = true,
            (key::PREFIX, Token::Bytes(bytes)) => {
                refinement.prefix = Some(read::text(bytes)?.into_owned());
            }
            (key::LOWER, Token::Array(2)) => refinement.lower = bound(&mut tokens)?,
            (key::UPPER, Token::Array(2)) => refinement.upper = bound(&mut tokens)?,
            (key::MIN_LENGTH, Token::Uint(length)) => refinement.min_length = Some(length),
            (key::MAX_LENGTH, Token::Uint(length)) => refinement.max_length = Some(length),
            (key::NULLNESS..=key::MAX_LENGTH, _) => return Err(malformed()),
            // A promise that later versions of Terraform know.
            (_, token) => skip(&mut tokens, token)?,
        }
    }
    if tokens.rest() > 0 {
        return Err(malformed());
    }
    let refinement = fitting(&refinement, ty);
    Ok(Value::Unknown((refinement != Refinement::default()).then(|| Box::new(refinement))))
}

/// Writes an unknown value of type `ty` with those promises that the type can
/// have and that are short enough.
pub(super) fn write(out: &mut Vec<u8>, refinement: Option<&Refinement>, ty: &Type) {
    let refinement = refinement.map(|refinement| fitting(refinement, ty)).unwrap_or_default();
    if refinement == Refinement::default() {
        out.extend([0xd4, 0, 0]);
        return;
    }
    let mut count = 0;
    let mut body = Vec::new();
    let mut key = |body: &mut Vec<u8>, key| {
        count += 1;
        write::done(encode::write_uint(body, key));
    };
    if refinement.not_null {
        key(&mut body, key::NULLNESS);
        write::done(encode::write_bool(&mut body, false));
    }
    if let Some(prefix) = &refinement.prefix {
        key(&mut body, key::PREFIX);
        write::done(encode::write_str(&mut body, prefix));
    }
    for (name, bound) in [(key::LOWER, &refinement.lower), (key::UPPER, &refinement.upper)] {
        if let Some(bound) = bound {
            key(&mut body, name);
            write::done(encode::write_array_len(&mut body, 2));
            write::number(&mut body, &bound.value);
            write::done(encode::write_bool(&mut body, bound.inclusive));
        }
    }
    for (name, length) in
        [(key::MIN_LENGTH, refinement.min_length), (key::MAX_LENGTH, refinement.max_length)]
    {
        if let Some(length) = length {
            key(&mut body, name);
            write::done(encode::write_uint(&mut body, length));
        }
    }
    let mut payload = Vec::with_capacity(body.len() + 1);
    write::done(encode::write_map_len(&mut payload, count));
    payload.append(&mut body);
    // Bounded by the limits above to less than MAX_PAYLOAD.
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    write::done(encode::write_ext_meta(out, length, REFINED));
    out.append(&mut payload);
}

/// The promises that a value of type `ty` can have, in the size that Terraform
/// reads. It refuses others.
fn fitting(refinement: &Refinement, ty: &Type) -> Refinement {
    let is_string = *ty == Type::String;
    let is_number = *ty == Type::Number;
    let is_collection = matches!(ty, Type::List(_) | Type::Set(_) | Type::Map(_));
    let bound = |bound: &Option<Bound>| {
        bound.clone().filter(|bound| is_number && bound.value.to_string().len() <= MAX_BOUND)
    };
    Refinement {
        not_null: refinement.not_null && *ty != Type::Dynamic,
        prefix: refinement
            .prefix
            .as_deref()
            .filter(|prefix| is_string && !prefix.is_empty())
            .map(|prefix| cut(&normalized(prefix), MAX_PREFIX).to_owned()),
        lower: bound(&refinement.lower),
        upper: bound(&refinement.upper),
        min_length: refinement.min_length.filter(|_| is_collection),
        max_length: refinement.max_length.filter(|_| is_collection),
    }
}

/// The longest beginning of `text` of at most `length` bytes.
fn cut(text: &str, length: usize) -> &str {
    let end = (0..=length).rev().find(|end| text.is_char_boundary(*end));
    if text.len() <= length { text } else { &text[..end.unwrap_or(0)] }
}

/// `[number, inclusive]`; an infinite number is no bound.
fn bound(tokens: &mut Tokens<'_>) -> Result<Option<Bound>, DecodeError> {
    let value: Option<Number> = match tokens.next()? {
        Token::Float(value) => Number::from_f64(value),
        token => Some(read::number(token)?),
    };
    match tokens.next()? {
        Token::Bool(inclusive) => Ok(value.map(|value| Bound { value, inclusive })),
        _ => Err(malformed()),
    }
}

/// Passes over a value that begins with `token`.
fn skip(tokens: &mut Tokens<'_>, token: Token<'_>) -> Result<(), DecodeError> {
    let mut open = 1_usize;
    let mut token = token;
    loop {
        open = open - 1
            + match token {
                Token::Array(count) => count,
                Token::Map(count) => count * 2,
                _ => 0,
            };
        if open == 0 {
            return Ok(());
        }
        token = tokens.next()?;
    }
}

fn malformed() -> DecodeError {
    DecodeError::new("what is promised about an unknown value is malformed")
}
