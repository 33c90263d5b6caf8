//! From a rule's text to its expression.

use super::values::Val;

/// A parsed expression.
#[derive(Debug, Clone)]
pub(super) enum Expression {
    Literal(Val),
    Name(String),
    Field(Box<Self>, String),
    Has(Box<Self>, String),
    Index(Box<Self>, Box<Self>),
    /// A function, on a target or alone.
    Call(Option<Box<Self>>, String, Vec<Self>),
    /// A macro over a list or a map's keys: name, range, variable, bodies.
    Macro(Macro, Box<Self>, String, Vec<Self>),
    Not(Box<Self>),
    Minus(Box<Self>),
    Binary(&'static str, Box<Self>, Box<Self>),
    Choice(Box<Self>, Box<Self>, Box<Self>),
    List(Vec<Self>),
    Map(Vec<(Self, Self)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Macro {
    All,
    Exists,
    ExistsOne,
    Map,
    Filter,
}

/// Parses an expression. The error says where it breaks.
pub(super) fn parse(text: &str) -> Result<Expression, String> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens, at: 0 };
    let expression = parser.choice()?;
    match parser.peek() {
        None => Ok(expression),
        Some(token) => Err(format!("unexpected {token:?}")),
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Number(String),
    Sign(&'static str),
}

const SIGNS: [&str; 24] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", "(", ")",
    "[", "]", "{", "}", ".", ",",
];

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let taken = if first == '"' || first == '\'' {
            let (value, length) = quoted(rest, first)?;
            tokens.push(Token::Text(value));
            length
        } else if first.is_ascii_digit() {
            let length =
                rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).unwrap_or(rest.len());
            tokens.push(Token::Number(rest[..length].to_owned()));
            length
        } else if first.is_ascii_alphabetic() || first == '_' {
            let length =
                rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..length].to_owned()));
            length
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            let sign = sign.ok_or_else(|| format!("unexpected {first:?}"))?;
            tokens.push(Token::Sign(sign));
            sign.len()
        };
        rest = rest[taken..].trim_start();
    }
    Ok(tokens)
}

/// A quoted string's value and its length in the text.
fn quoted(text: &str, quote: char) -> Result<(String, usize), String> {
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                Some((_, escaped)) => value.push(escaped),
                None => break,
            },
            c if c == quote => return Ok((value, at + 1)),
            c => value.push(c),
        }
    }
    Err(format!("unterminated string {text}"))
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

/// Binary operators, weakest first.
const LEVELS: [&[&str]; 5] =
    [&["||"], &["&&"], &["==", "!=", "<", "<=", ">", ">=", "in"], &["+", "-"], &["*", "/", "%"]];

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Sign(one)) if *one == sign);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        if self.take(sign) {
            return Ok(());
        }
        Err(format!("expected {sign:?} instead of {:?}", self.peek()))
    }

    fn choice(&mut self) -> Result<Expression, String> {
        let condition = self.level(0)?;
        if !self.take("?") {
            return Ok(condition);
        }
        let then = self.choice()?;
        self.expect(":")?;
        let other = self.choice()?;
        Ok(Expression::Choice(Box::new(condition), Box::new(then), Box::new(other)))
    }

    fn level(&mut self, level: usize) -> Result<Expression, String> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.level(level + 1)?;
        loop {
            let found = operators.iter().find(|operator| match self.peek() {
                Some(Token::Sign(sign)) => sign == *operator,
                Some(Token::Word(word)) => word == *operator,
                _ => false,
            });
            let Some(operator) = found else { return Ok(left) };
            self.at += 1;
            let right = self.level(level + 1)?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
        }
    }

    fn unary(&mut self) -> Result<Expression, String> {
        if self.take("!") {
            return Ok(Expression::Not(Box::new(self.unary()?)));
        }
        if self.take("-") {
            return Ok(Expression::Minus(Box::new(self.unary()?)));
        }
        let mut value = self.primary()?;
        loop {
            if self.take(".") {
                let name = self.word()?;
                value = if self.take("(") {
                    self.method(value, name)?
                } else {
                    Expression::Field(Box::new(value), name)
                };
            } else if self.take("[") {
                let index = self.choice()?;
                self.expect("]")?;
                value = Expression::Index(Box::new(value), Box::new(index));
            } else {
                return Ok(value);
            }
        }
    }

    fn word(&mut self) -> Result<String, String> {
        match self.peek() {
            Some(Token::Word(word)) => {
                let word = word.clone();
                self.at += 1;
                Ok(word)
            }
            other => Err(format!("expected a name instead of {other:?}")),
        }
    }

    fn method(&mut self, target: Expression, name: String) -> Result<Expression, String> {
        let kind = match name.as_str() {
            "all" => Macro::All,
            "exists" => Macro::Exists,
            "exists_one" | "existsOne" => Macro::ExistsOne,
            "map" => Macro::Map,
            "filter" => Macro::Filter,
            _ => {
                let arguments = self.until(")")?;
                return Ok(Expression::Call(Some(Box::new(target)), name, arguments));
            }
        };
        let variable = self.word()?;
        self.expect(",")?;
        let bodies = self.until(")")?;
        if bodies.is_empty() || bodies.len() > 2 {
            return Err(format!("{name} takes a variable and an expression"));
        }
        Ok(Expression::Macro(kind, Box::new(target), variable, bodies))
    }

    /// Expressions divided by commas, up to a closing sign.
    fn until(&mut self, close: &str) -> Result<Vec<Expression>, String> {
        let mut list = Vec::new();
        while !self.take(close) {
            if !list.is_empty() {
                self.expect(",")?;
            }
            list.push(self.choice()?);
        }
        Ok(list)
    }

    fn primary(&mut self) -> Result<Expression, String> {
        let token = self.peek().cloned().ok_or("unexpected end")?;
        self.at += 1;
        match token {
            Token::Text(text) => Ok(Expression::Literal(Val::Text(text))),
            Token::Number(number) => literal(&number),
            Token::Word(word) => self.named(word),
            Token::Sign("(") => {
                let inner = self.choice()?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Sign("[") => Ok(Expression::List(self.until("]")?)),
            Token::Sign("{") => self.map(),
            other @ Token::Sign(_) => Err(format!("unexpected {other:?}")),
        }
    }

    fn map(&mut self) -> Result<Expression, String> {
        let mut entries = Vec::new();
        while !self.take("}") {
            if !entries.is_empty() {
                self.expect(",")?;
            }
            let key = self.choice()?;
            self.expect(":")?;
            entries.push((key, self.choice()?));
        }
        Ok(Expression::Map(entries))
    }

    fn named(&mut self, word: String) -> Result<Expression, String> {
        match word.as_str() {
            "true" => return Ok(Expression::Literal(Val::Bool(true))),
            "false" => return Ok(Expression::Literal(Val::Bool(false))),
            "null" => return Ok(Expression::Literal(Val::Null)),
            _ => {}
        }
        if !self.take("(") {
            return Ok(Expression::Name(word));
        }
        let mut arguments = self.until(")")?;
        if word == "has" {
            return match (arguments.pop(), arguments.is_empty()) {
                (Some(Expression::Field(target, name)), true) => Ok(Expression::Has(target, name)),
                _ => Err("has() takes a field".to_owned()),
            };
        }
        Ok(Expression::Call(None, word, arguments))
    }
}

fn literal(number: &str) -> Result<Expression, String> {
    let wrong = |_| format!("{number} is no number");
    let whole = number.trim_end_matches(['u', 'U']);
    if number.contains('.') {
        let float = number.parse::<f64>().map_err(|error| wrong(error.to_string()))?;
        return Ok(Expression::Literal(Val::Float(float)));
    }
    let int = whole.parse::<i64>().map_err(|error| wrong(error.to_string()))?;
    Ok(Expression::Literal(Val::Int(int)))
}
