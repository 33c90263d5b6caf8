//! Computing an expression's value.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use regex::Regex;

use super::syntax::{Expression, Macro};
use super::values::{Val, duration, url};

/// Why an expression has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// The rule's own fault: no such key, no such conversion.
    Error(String),
    /// A function that is not known here.
    Unsupported,
}

type Outcome = Result<Val, Failure>;
type Scope = Vec<(String, Val)>;

fn error<T>(text: impl Into<String>) -> Result<T, Failure> {
    Err(Failure::Error(text.into()))
}

/// The value of an expression with these names bound.
pub(super) fn evaluate(expression: &Expression, scope: &mut Scope) -> Outcome {
    match expression {
        Expression::Literal(value) => Ok(value.clone()),
        Expression::Name(name) => match scope.iter().rev().find(|(found, _)| found == name) {
            Some((_, value)) => Ok(value.clone()),
            None => error(format!("undeclared reference to '{name}'")),
        },
        Expression::Field(target, name) => field(evaluate(target, scope)?, name),
        Expression::Has(target, name) => match evaluate(target, scope)? {
            Val::Map(map) => Ok(Val::Bool(map.contains_key(name))),
            _ => error("has() on something that has no fields"),
        },
        Expression::Index(target, index) => {
            let (target, index) = (evaluate(target, scope)?, evaluate(index, scope)?);
            element(target, &index)
        }
        Expression::Call(target, name, arguments) => {
            let all = target.iter().map(AsRef::as_ref).chain(arguments);
            let values: Result<Vec<Val>, _> = all.map(|one| evaluate(one, scope)).collect();
            call(name, &values?)
        }
        Expression::Macro(kind, range, variable, bodies) => {
            let items = match evaluate(range, scope)? {
                Val::List(items) => items,
                Val::Map(map) => map.into_keys().map(Val::Text).collect(),
                _ => return error("no list or map to go through"),
            };
            iterate(*kind, items, variable, bodies, scope)
        }
        Expression::Not(inner) => negated("!", evaluate(inner, scope)?),
        Expression::Minus(inner) => negated("-", evaluate(inner, scope)?),
        Expression::Binary(operator @ ("&&" | "||"), left, right) => {
            logical(*operator == "||", left, right, scope)
        }
        Expression::Binary(operator, left, right) => {
            let (left, right) = (evaluate(left, scope)?, evaluate(right, scope)?);
            binary(operator, &left, &right)
        }
        Expression::Choice(condition, then, other) => match evaluate(condition, scope)? {
            Val::Bool(true) => evaluate(then, scope),
            Val::Bool(false) => evaluate(other, scope),
            _ => error("the condition is no boolean"),
        },
        Expression::List(items) => {
            let values: Result<_, _> = items.iter().map(|item| evaluate(item, scope)).collect();
            values.map(Val::List)
        }
        Expression::Map(entries) => {
            let mut map = BTreeMap::new();
            for (key, value) in entries {
                let Val::Text(key) = evaluate(key, scope)? else {
                    return error("keys must be strings");
                };
                map.insert(key, evaluate(value, scope)?);
            }
            Ok(Val::Map(map))
        }
    }
}

fn negated(operator: &str, value: Val) -> Outcome {
    match (operator, value) {
        ("!", Val::Bool(flag)) => Ok(Val::Bool(!flag)),
        ("-", Val::Int(int)) => Ok(Val::Int(int.wrapping_neg())),
        ("-", Val::Float(float)) => Ok(Val::Float(-float)),
        _ => error(format!("no such overload: {operator}")),
    }
}

fn field(target: Val, name: &str) -> Outcome {
    match target {
        Val::Map(mut map) => {
            map.remove(name).map_or_else(|| error(format!("no such key: {name}")), Ok)
        }
        _ => error(format!("no such field: {name}")),
    }
}

fn element(target: Val, index: &Val) -> Outcome {
    match (target, index) {
        (Val::List(mut list), Val::Int(at)) => match usize::try_from(*at) {
            Ok(at) if at < list.len() => Ok(list.swap_remove(at)),
            _ => error(format!("index out of bounds: {at}")),
        },
        (target @ Val::Map(_), Val::Text(key)) => field(target, key),
        _ => error("no such overload: []"),
    }
}

/// One side that decides absorbs a failure of the other.
fn logical(decisive: bool, left: &Expression, right: &Expression, scope: &mut Scope) -> Outcome {
    let left = evaluate(left, scope);
    if left == Ok(Val::Bool(decisive)) {
        return left;
    }
    let right = evaluate(right, scope);
    if right == Ok(Val::Bool(decisive)) {
        return right;
    }
    left?;
    right
}

fn binary(operator: &str, left: &Val, right: &Val) -> Outcome {
    let wrong = || error(format!("no such overload: {operator}"));
    match operator {
        "==" => return Ok(Val::Bool(left.same(right))),
        "!=" => return Ok(Val::Bool(!left.same(right))),
        "in" => {
            return match (left, right) {
                (_, Val::List(list)) => Ok(Val::Bool(list.iter().any(|one| one.same(left)))),
                (Val::Text(key), Val::Map(map)) => Ok(Val::Bool(map.contains_key(key))),
                _ => wrong(),
            };
        }
        "<" | "<=" | ">" | ">=" => {
            let Some(order) = left.compare(right) else { return wrong() };
            return Ok(Val::Bool(match operator {
                "<" => order == Ordering::Less,
                "<=" => order != Ordering::Greater,
                ">" => order == Ordering::Greater,
                _ => order != Ordering::Less,
            }));
        }
        _ => {}
    }
    match (left, right) {
        (Val::Int(a), Val::Int(b)) => {
            let result = match operator {
                "+" => a.checked_add(*b),
                "-" => a.checked_sub(*b),
                "*" => a.checked_mul(*b),
                "/" => a.checked_div(*b),
                _ => a.checked_rem(*b),
            };
            result
                .map_or_else(|| error("integer overflow or division by zero"), |n| Ok(Val::Int(n)))
        }
        (Val::Text(a), Val::Text(b)) if operator == "+" => Ok(Val::Text(format!("{a}{b}"))),
        (Val::List(a), Val::List(b)) if operator == "+" => Ok(Val::List([&a[..], &b[..]].concat())),
        (Val::Duration(a), Val::Duration(b)) => match operator {
            "+" => Ok(Val::Duration(a + b)),
            "-" => Ok(Val::Duration(a - b)),
            _ => wrong(),
        },
        _ => match (left.float(), right.float()) {
            (Some(a), Some(b)) => Ok(Val::Float(match operator {
                "+" => a + b,
                "-" => a - b,
                "*" => a * b,
                "/" => a / b,
                _ => return wrong(),
            })),
            _ => wrong(),
        },
    }
}

fn iterate(
    kind: Macro,
    items: Vec<Val>,
    variable: &str,
    bodies: &[Expression],
    scope: &mut Scope,
) -> Outcome {
    let mut kept = Vec::new();
    let mut failure = None;
    let mut hits = 0;
    for item in items {
        scope.push((variable.to_owned(), item.clone()));
        let first = evaluate(&bodies[0], scope);
        let mapped = bodies.get(1).map(|body| evaluate(body, scope));
        scope.pop();
        match (kind, first) {
            (Macro::Map, Ok(value)) => match mapped {
                None => kept.push(value),
                Some(mapped) if value == Val::Bool(true) => kept.push(mapped?),
                Some(_) => {}
            },
            (Macro::All, Ok(Val::Bool(false))) => return Ok(Val::Bool(false)),
            (Macro::Exists, Ok(Val::Bool(true))) => return Ok(Val::Bool(true)),
            (_, Ok(Val::Bool(true))) => {
                hits += 1;
                kept.push(item);
            }
            (_, Ok(_)) => {}
            (_, Err(error)) => failure = Some(error),
        }
    }
    if let Some(failure) = failure {
        return Err(failure);
    }
    Ok(match kind {
        Macro::All => Val::Bool(true),
        Macro::Exists => Val::Bool(false),
        Macro::ExistsOne => Val::Bool(hits == 1),
        Macro::Map | Macro::Filter => Val::List(kept),
    })
}

/// A function; a target is the first value.
fn call(name: &str, values: &[Val]) -> Outcome {
    match (name, values) {
        ("size", [Val::Text(text)]) => Ok(length(text.chars().count())),
        ("size", [Val::List(list)]) => Ok(length(list.len())),
        ("size", [Val::Map(map)]) => Ok(length(map.len())),
        ("contains", [Val::Text(text), Val::Text(part)]) => {
            Ok(Val::Bool(text.contains(part.as_str())))
        }
        ("startsWith", [Val::Text(text), Val::Text(part)]) => {
            Ok(Val::Bool(text.starts_with(part.as_str())))
        }
        ("endsWith", [Val::Text(text), Val::Text(part)]) => {
            Ok(Val::Bool(text.ends_with(part.as_str())))
        }
        ("matches", [Val::Text(text), Val::Text(pattern)]) => match Regex::new(pattern) {
            Ok(regex) => Ok(Val::Bool(regex.is_match(text))),
            Err(_) => error(format!("error parsing regexp: {pattern}")),
        },
        ("substring", [Val::Text(text), Val::Int(from), Val::Int(to)]) => {
            substring(text, *from, *to)
        }
        ("substring", [Val::Text(text), Val::Int(from)]) => {
            substring(text, *from, i64::try_from(text.chars().count()).unwrap_or(i64::MAX))
        }
        ("lowerAscii", [Val::Text(text)]) => Ok(Val::Text(text.to_ascii_lowercase())),
        ("upperAscii", [Val::Text(text)]) => Ok(Val::Text(text.to_ascii_uppercase())),
        ("trim", [Val::Text(text)]) => Ok(Val::Text(text.trim().to_owned())),
        ("split", [Val::Text(text), Val::Text(by)]) => {
            Ok(Val::List(text.split(by.as_str()).map(|part| Val::Text(part.to_owned())).collect()))
        }
        ("duration", [Val::Text(text)]) => match duration(text) {
            Some(nanos) => Ok(Val::Duration(nanos)),
            None => error(format!("time: invalid duration {text:?}")),
        },
        ("isURL", [Val::Text(text)]) => Ok(Val::Bool(url(text).is_some())),
        ("url", [Val::Text(text)]) => match url(text) {
            Some(url) => Ok(Val::Url(url)),
            None => error(format!("URL parse error: {text:?}")),
        },
        ("getScheme", [Val::Url(url)]) => Ok(Val::Text(url.scheme.clone())),
        ("getHost", [Val::Url(url)]) => Ok(Val::Text(url.host.clone())),
        ("getEscapedPath", [Val::Url(url)]) => Ok(Val::Text(url.path.clone())),
        ("int", [Val::Int(int)]) => Ok(Val::Int(*int)),
        ("int", [Val::Text(text)]) => match text.parse() {
            Ok(int) => Ok(Val::Int(int)),
            Err(_) => error(format!("strconv.ParseInt: parsing {text:?}: invalid syntax")),
        },
        ("string", [Val::Text(text)]) => Ok(Val::Text(text.clone())),
        ("string", [Val::Int(int)]) => Ok(Val::Text(int.to_string())),
        ("string", [Val::Bool(flag)]) => Ok(Val::Text(flag.to_string())),
        _ => Err(Failure::Unsupported),
    }
}

fn length(count: usize) -> Val {
    Val::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

fn substring(text: &str, from: i64, to: i64) -> Outcome {
    let chars: Vec<char> = text.chars().collect();
    let range = usize::try_from(from).ok().zip(usize::try_from(to).ok());
    match range.filter(|(from, to)| from <= to && *to <= chars.len()) {
        Some((from, to)) => Ok(Val::Text(chars[from..to].iter().collect())),
        None => error(format!("index out of range: {to}")),
    }
}
