//! A `tracing` layer that writes hclog's JSON.

use std::{
    error::Error,
    fmt::{self, Write as _},
    io::Write,
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span,
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use super::{Filter, masked};

/// Terraform cuts a line that is longer, and then understands none of it.
const LONGEST_LINE: usize = 64 << 10;
/// What a single text may have.
const LONGEST_TEXT: usize = 16 << 10;
/// What a single text may have in a line that is too long all the same.
const SHORT_TEXT: usize = 256;
/// How many fields such a line may have.
const FEW_FIELDS: usize = 32;
/// Microseconds with all six digits; Terraform accepts no other form.
const TIMESTAMP: &str = "%Y-%m-%dT%H:%M:%S%.6fZ";

/// Writes each event as one line to what `W` makes.
pub(super) struct Hclog<W> {
    filter: Filter,
    writer: W,
    /// Keeps lines whole.
    turn: Mutex<()>,
}

impl<W> Hclog<W> {
    pub(super) fn new(filter: Filter, writer: W) -> Self {
        Self { filter, writer, turn: Mutex::new(()) }
    }
}

impl<S, W, O> Layer<S> for Hclog<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn() -> O + 'static,
    O: Write,
{
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _context: Context<'_, S>) -> bool {
        self.filter.lets(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.filter.level())
    }

    fn on_new_span(
        &self,
        attributes: &span::Attributes<'_>,
        id: &span::Id,
        context: Context<'_, S>,
    ) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(outer) = span.extensions().get::<Fields>() {
                fields.0.extend(outer.0.clone());
            }
        }
        event.record(&mut fields);
        let line = line(event.metadata(), fields.0, Timestamp::now());
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        // There is nowhere else to complain.
        let _ = (self.writer)().write_all(line.as_bytes());
    }
}

/// One line, with its end.
fn line(metadata: &tracing::Metadata<'_>, mut fields: Map<String, Json>, now: Timestamp) -> String {
    let message = match fields.remove("message") {
        Some(Json::String(message)) => message,
        Some(other) => other.to_string(),
        None => String::new(),
    };
    // These three must be texts: Terraform does not check before it uses them.
    fields.insert("@level".to_owned(), level(*metadata.level()).into());
    fields.insert("@message".to_owned(), message.into());
    fields.insert("@timestamp".to_owned(), now.strftime(TIMESTAMP).to_string().into());
    fields.insert("@module".to_owned(), module(metadata.target()).into());
    if let (Some(file), Some(line)) = (metadata.file(), metadata.line()) {
        fields.insert("@caller".to_owned(), format!("{file}:{line}").into());
    }
    let mut line = Json::Object(fields.clone()).to_string();
    if line.len() >= LONGEST_LINE {
        line = Json::Object(shortened(fields)).to_string();
    }
    line.push('\n');
    line
}

/// Fields of which the most important parts make a line that is short enough.
fn shortened(fields: Map<String, Json>) -> Map<String, Json> {
    let (own, others): (Vec<_>, Vec<_>) =
        fields.into_iter().partition(|(name, _)| name.starts_with('@'));
    own.into_iter()
        .chain(others)
        .take(FEW_FIELDS)
        .map(|(name, value)| match value {
            Json::String(text) => (name, cut(&text, SHORT_TEXT).into()),
            other => (name, other),
        })
        .collect()
}

fn cut(text: &str, longest: usize) -> String {
    if text.len() <= longest {
        return text.to_owned();
    }
    let end = (0..=longest).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}… ({} bytes more)", &text[..end], text.len() - end)
}

fn level(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

/// `provider.cloud.client` for `crossmesh::cloud::client`; the SDK's own lines
/// are `sdk.…`.
fn module(target: &str) -> String {
    let (krate, rest) = target.split_once("::").unwrap_or((target, ""));
    let first = if krate == env!("CARGO_CRATE_NAME") { "sdk" } else { "provider" };
    let mut module = first.to_owned();
    for part in rest.split("::").filter(|part| !part.is_empty()) {
        module.push('.');
        module.push_str(part);
    }
    module
}

/// The fields of a span or an event, without secrets.
#[derive(Default)]
struct Fields(Map<String, Json>);

impl Fields {
    fn text(&mut self, field: &Field, text: &str) {
        // A name that begins with `@` would stand for something else.
        let name = field.name().trim_start_matches('@');
        self.0.insert(name.to_owned(), cut(&masked(text), LONGEST_TEXT).into());
    }

    fn plain(&mut self, field: &Field, value: Json) {
        self.0.insert(field.name().to_owned(), value);
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = String::new();
        // Writing to a text cannot fail; a broken `Debug` leaves what it wrote.
        let _ = write!(text, "{value:?}");
        self.text(field, &text);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let mut text = value.to_string();
        let mut source = value.source();
        while let Some(cause) = source {
            let _ = write!(text, ": {cause}");
            source = cause.source();
        }
        self.text(field, &text);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.plain(field, value.into());
    }
}

#[cfg(test)]
mod tests {
    use std::{io, sync::Arc};

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::plugin::mask;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines that `log` makes at level TRACE.
    fn lines(log: impl FnOnce()) -> Vec<Json> {
        let buffer = Buffer::default();
        let filter = Filter::read(|_| Some("trace".to_owned()), "X", []).unwrap();
        let copy = buffer.clone();
        let layer = Hclog::new(filter, move || copy.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), log);
        let bytes = buffer.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.lines().all(|line| line.len() < LONGEST_LINE));
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_line_has_what_hclog_expects() {
        let lines = lines(|| tracing::warn!(target: "tfsdk::wait", polls = 3, "still waiting"));
        let line = &lines[0];
        assert_eq!(line["@level"], "warn");
        assert_eq!(line["@message"], "still waiting");
        assert_eq!(line["@module"], "sdk.wait");
        assert_eq!(line["polls"], 3);
        assert!(line["@caller"].as_str().unwrap().contains("hclog.rs:"));
        let timestamp = line["@timestamp"].as_str().unwrap();
        assert_eq!(timestamp.len(), "2006-01-02T15:04:05.000000Z".len(), "{timestamp}");
        assert!(timestamp.ends_with('Z'));
    }

    #[test]
    fn timestamps_always_have_six_digits() {
        let text =
            |nanos| Timestamp::from_nanosecond(nanos).unwrap().strftime(TIMESTAMP).to_string();
        assert_eq!(text(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(text(1_700_000_000_120_000_999), "2023-11-14T22:13:20.120000Z");
    }

    #[test]
    fn spans_give_their_fields() {
        let lines = lines(|| {
            let outer =
                tracing::error_span!("rpc", tf_rpc = "ReadResource", late = tracing::field::Empty);
            let _outer = outer.enter();
            outer.record("late", "bound");
            tracing::info_span!("call", tf_rpc = "inner", ok = true)
                .in_scope(|| tracing::debug!(ms = 1.5, "called"));
            tracing::info!("after");
        });
        assert_eq!(lines[0]["tf_rpc"], "inner");
        assert_eq!(lines[0]["late"], "bound");
        assert_eq!(lines[0]["ok"], true);
        assert_eq!(lines[0]["ms"], 1.5);
        assert_eq!(lines[1]["tf_rpc"], "ReadResource");
        assert_eq!(lines[1].get("ok"), None);
    }

    #[test]
    fn secrets_are_hidden_in_messages_and_fields() {
        mask("hclog-test-secret");
        let lines = lines(|| {
            let token = "hclog-test-secret";
            tracing::info!(token, list = ?[token], "the token is {token}");
        });
        assert!(!lines[0].to_string().contains("hclog-test-secret"), "{}", lines[0]);
        assert_eq!(lines[0]["@message"], "the token is ***");
    }

    #[test]
    fn lines_are_never_too_long_to_be_read() {
        let text = "é".repeat(100_000);
        let lines = lines(|| {
            tracing::info!(a = text, b = text, c = text, d = text, e = text, "much: {text}");
            tracing::info!(a = "\u{1}".repeat(LONGEST_TEXT), "escapes count");
        });
        assert_eq!(lines.len(), 2);
        assert!(lines[0]["@message"].as_str().unwrap().starts_with("much: é"));
        assert!(lines[0]["a"].as_str().unwrap().ends_with("bytes more)"));
    }

    #[test]
    fn fields_cannot_stand_for_hclogs_own() {
        let lines = lines(|| tracing::info!("@level" = "none", "text"));
        assert_eq!(lines[0]["@level"], "info");
        assert_eq!(lines[0]["level"], "none");
    }

    #[test]
    fn modules_are_named_by_their_path() {
        assert_eq!(module("crossmesh::cloud::client"), "provider.cloud.client");
        assert_eq!(module("tfsdk::plugin::rpc"), "sdk.plugin.rpc");
        assert_eq!(module("crossmesh"), "provider");
    }
}
