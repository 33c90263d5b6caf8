//! The resource.

use futures::future::BoxFuture;

use crate::{
    Diagnostics,
    engine::{
        Change, Cx, MoveSource, PlanCx,
        erased::{AnyResource, Hooked},
        testing::THING,
        timeouts::Defaults,
        unknown::without_unknowns,
    },
    schema::Schema,
    value::Value,
};

type Outcome<'a, T> = BoxFuture<'a, Result<T, Diagnostics>>;
type Act<I, O> = Box<dyn Fn(&Cx<()>, I) -> Result<O, Diagnostics> + Send + Sync>;
type Plan = Box<dyn Fn(&PlanCx<()>, &mut Change<Value>) -> Result<(), Diagnostics> + Send + Sync>;
type Upgrade = Box<dyn Fn(i64, serde_json::Value) -> Result<Value, Diagnostics> + Send + Sync>;
type Move = Box<dyn Fn(&MoveSource) -> Result<Option<Value>, Diagnostics> + Send + Sync>;

/// A resource without a model. Unless told otherwise, it plans as its schema
/// says, finds what the state says, and makes what is planned, with null for
/// what is unknown.
pub(crate) struct Puppet {
    schema: Schema,
    timeouts: Defaults<'static>,
    identity: &'static [&'static str],
    validate: Box<dyn Fn(&Value) -> Diagnostics + Send + Sync>,
    plan: Plan,
    create: Act<Value, Value>,
    read: Act<Value, Option<Value>>,
    update: Act<(Value, Value), Value>,
    delete: Act<Value, ()>,
    import: Act<String, Value>,
    upgrade: Upgrade,
    moved_from: Move,
}

/// What [`Cx::save`] does with a model.
pub(crate) fn save(cx: &Cx<()>, state: Value) {
    cx.notes.lock().expect("no test panics here").saved = Some(state);
}

impl Puppet {
    pub(crate) fn new(schema: Schema) -> Self {
        Self {
            schema,
            timeouts: &[],
            identity: &[],
            validate: Box::new(|_| Diagnostics::new()),
            plan: Box::new(|_, _| Ok(())),
            create: Box::new(|_, plan| Ok(without_unknowns(plan, &Value::Null))),
            read: Box::new(|_, state| Ok(Some(state))),
            update: Box::new(|_, (_, plan)| Ok(without_unknowns(plan, &Value::Null))),
            delete: Box::new(|_, _| Ok(())),
            import: Box::new(|_, id| Ok(Value::from([("id", id)]))),
            upgrade: Box::new(|_, _| Ok(Value::Null)),
            moved_from: Box::new(|_| Ok(None)),
        }
    }

    pub(crate) fn timeouts(mut self, timeouts: Defaults<'static>) -> Self {
        self.timeouts = timeouts;
        self
    }

    pub(crate) fn identity(mut self, identity: &'static [&'static str]) -> Self {
        self.identity = identity;
        self
    }

    pub(crate) fn validate(
        mut self,
        act: impl Fn(&Value) -> Diagnostics + Send + Sync + 'static,
    ) -> Self {
        self.validate = Box::new(act);
        self
    }

    pub(crate) fn plan(
        mut self,
        act: impl Fn(&PlanCx<()>, &mut Change<Value>) -> Result<(), Diagnostics> + Send + Sync + 'static,
    ) -> Self {
        self.plan = Box::new(act);
        self
    }

    pub(crate) fn create(
        mut self,
        act: impl Fn(&Cx<()>, Value) -> Result<Value, Diagnostics> + Send + Sync + 'static,
    ) -> Self {
        self.create = Box::new(act);
        self
    }

    pub(crate) fn read(
        mut self,
        act: impl Fn(&Cx<()>, Value) -> Result<Option<Value>, Diagnostics> + Send + Sync + 'static,
    ) -> Self {
        self.read = Box::new(act);
        self
    }

    pub(crate) fn update(
        mut self,
        act: impl Fn(&Cx<()>, (Value, Value)) -> Result<Value, Diagnostics> + Send + Sync + 'static,
    ) -> Self {
        self.update = Box::new(act);
        self
    }

    pub(crate) fn delete(
        mut self,
        act: impl Fn(&Cx<()>, Value) -> Result<(), Diagnostics> + Send + Sync + 'static,
    ) -> Self {
        self.delete = Box::new(act);
        self
    }

    pub(crate) fn import(
        mut self,
        act: impl Fn(&Cx<()>, String) -> Result<Value, Diagnostics> + Send + Sync + 'static,
    ) -> Self {
        self.import = Box::new(act);
        self
    }

    pub(crate) fn upgrade(
        mut self,
        act: impl Fn(i64, serde_json::Value) -> Result<Value, Diagnostics> + Send + Sync + 'static,
    ) -> Self {
        self.upgrade = Box::new(act);
        self
    }

    pub(crate) fn moved_from(
        mut self,
        act: impl Fn(&MoveSource) -> Result<Option<Value>, Diagnostics> + Send + Sync + 'static,
    ) -> Self {
        self.moved_from = Box::new(act);
        self
    }
}

impl AnyResource<()> for Puppet {
    fn type_name(&self) -> &'static str {
        THING
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    fn timeouts(&self) -> Defaults<'static> {
        self.timeouts
    }

    fn identity(&self) -> &'static [&'static str] {
        self.identity
    }

    fn empty(&self) -> Value {
        Value::Map(Default::default())
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        (self.validate)(config)
    }

    fn plan<'a>(
        &'a self,
        cx: &'a PlanCx<()>,
        prior: &'a Value,
        config: &'a Value,
        planned: &'a Value,
    ) -> Outcome<'a, Hooked> {
        Box::pin(async move {
            let prior = (!prior.is_null()).then(|| prior.clone());
            let (config, before) = (config.clone(), planned.clone());
            let mut change = Change { prior, config, planned: before.clone(), replace: Vec::new() };
            (self.plan)(cx, &mut change)?;
            Ok(Hooked { before, after: change.planned, replace: change.replace })
        })
    }

    fn create<'a>(&'a self, cx: &'a Cx<()>, plan: &'a Value) -> Outcome<'a, Value> {
        Box::pin(async move { (self.create)(cx, plan.clone()) })
    }

    fn read<'a>(&'a self, cx: &'a Cx<()>, state: &'a Value) -> Outcome<'a, Option<Value>> {
        Box::pin(async move { (self.read)(cx, state.clone()) })
    }

    fn update<'a>(
        &'a self,
        cx: &'a Cx<()>,
        prior: &'a Value,
        plan: &'a Value,
    ) -> Outcome<'a, Value> {
        Box::pin(async move { (self.update)(cx, (prior.clone(), plan.clone())) })
    }

    fn delete<'a>(&'a self, cx: &'a Cx<()>, state: &'a Value) -> Outcome<'a, ()> {
        Box::pin(async move { (self.delete)(cx, state.clone()) })
    }

    fn import<'a>(&'a self, cx: &'a Cx<()>, id: &'a str) -> Outcome<'a, Value> {
        Box::pin(async move { (self.import)(cx, id.to_owned()) })
    }

    fn upgrade(&self, from_version: i64, state: serde_json::Value) -> Result<Value, Diagnostics> {
        (self.upgrade)(from_version, state)
    }

    fn moved_from(&self, source: &MoveSource) -> Result<Option<Value>, Diagnostics> {
        (self.moved_from)(source)
    }
}
