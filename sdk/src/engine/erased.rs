//! Resources, data sources and ephemeral resources of any model, as the engine
//! calls them: on values.

use std::time::Duration;

use futures::future::BoxFuture;

use crate::{
    Diagnostics,
    engine::{
        Change, Cx, DataSource, EphemeralResource, MoveSource, Opened, Operation, PlanCx, Renewed,
        Resource, timeouts::Defaults,
    },
    schema::{Model, Schema},
    value::{Path, Value},
};

type Outcome<'a, T> = BoxFuture<'a, Result<T, Diagnostics>>;

/// A [`Resource`] of any model.
pub(crate) trait AnyResource<C>: Send + Sync {
    fn type_name(&self) -> &'static str;
    /// Without the attribute `timeouts`.
    fn schema(&self) -> Schema;
    fn timeouts(&self) -> Defaults<'static>;
    fn identity(&self) -> &'static [&'static str];
    /// An object of which nothing is set.
    fn empty(&self) -> Value;
    fn validate(&self, config: &Value) -> Diagnostics;
    fn plan<'a>(
        &'a self,
        cx: &'a PlanCx<C>,
        prior: &'a Value,
        config: &'a Value,
        planned: &'a Value,
    ) -> Outcome<'a, Hooked>;
    fn create<'a>(&'a self, cx: &'a Cx<C>, plan: &'a Value) -> Outcome<'a, Value>;
    fn read<'a>(&'a self, cx: &'a Cx<C>, state: &'a Value) -> Outcome<'a, Option<Value>>;
    fn update<'a>(&'a self, cx: &'a Cx<C>, prior: &'a Value, plan: &'a Value)
    -> Outcome<'a, Value>;
    fn delete<'a>(&'a self, cx: &'a Cx<C>, state: &'a Value) -> Outcome<'a, ()>;
    fn import<'a>(&'a self, cx: &'a Cx<C>, id: &'a str) -> Outcome<'a, Value>;
    fn upgrade(&self, from_version: i64, state: serde_json::Value) -> Result<Value, Diagnostics>;
    fn moved_from(&self, source: &MoveSource) -> Result<Option<Value>, Diagnostics>;
}

/// What a resource's own plan made of a planned object.
pub(crate) struct Hooked {
    /// The planned object as far as the model can hold it.
    pub(crate) before: Value,
    /// The same after the resource's own plan.
    pub(crate) after: Value,
    /// What the resource says needs a new object.
    pub(crate) replace: Vec<Path>,
}

/// A [`DataSource`] of any model.
pub(crate) trait AnyDataSource<C>: Send + Sync {
    fn type_name(&self) -> &'static str;
    /// Without the attribute `timeouts`.
    fn schema(&self) -> Schema;
    fn timeout(&self) -> Option<Duration>;
    fn validate(&self, config: &Value) -> Diagnostics;
    fn read<'a>(&'a self, cx: &'a Cx<C>, config: &'a Value) -> Outcome<'a, Value>;
}

/// An [`EphemeralResource`] of any model.
pub(crate) trait AnyEphemeral<C>: Send + Sync {
    fn type_name(&self) -> &'static str;
    fn schema(&self) -> Schema;
    fn validate(&self, config: &Value) -> Diagnostics;
    fn open<'a>(&'a self, cx: &'a Cx<C>, config: &'a Value) -> Outcome<'a, Opened<Value>>;
    fn renew<'a>(&'a self, cx: &'a Cx<C>, private: Vec<u8>) -> Outcome<'a, Renewed>;
    fn close<'a>(&'a self, cx: &'a Cx<C>, private: Vec<u8>) -> Outcome<'a, ()>;
}

/// Hides the model of what it holds.
pub(crate) struct Erased<T>(pub(crate) T);

impl<R: Resource> AnyResource<R::Client> for Erased<R> {
    fn type_name(&self) -> &'static str {
        R::TYPE
    }

    fn schema(&self) -> Schema {
        R::Model::schema()
    }

    fn timeouts(&self) -> Defaults<'static> {
        R::TIMEOUTS
    }

    fn identity(&self) -> &'static [&'static str] {
        R::IDENTITY
    }

    fn empty(&self) -> Value {
        R::Model::empty().encode()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        match decode(config) {
            Ok(config) => self.0.validate(&config, &mut diagnostics),
            Err(errors) => diagnostics.extend(errors),
        }
        diagnostics
    }

    fn plan<'a>(
        &'a self,
        cx: &'a PlanCx<R::Client>,
        prior: &'a Value,
        config: &'a Value,
        planned: &'a Value,
    ) -> Outcome<'a, Hooked> {
        Box::pin(async move {
            let config = decode(config)?;
            let planned: R::Model = decode(planned)?;
            let prior = if prior.is_null() { None } else { Some(decode(prior)?) };
            let before = planned.encode();
            let mut change = Change { prior, config, planned, replace: Vec::new() };
            self.0.plan(cx, &mut change).await?;
            Ok(Hooked { before, after: change.planned.encode(), replace: change.replace })
        })
    }

    fn create<'a>(&'a self, cx: &'a Cx<R::Client>, plan: &'a Value) -> Outcome<'a, Value> {
        Box::pin(async move { Ok(self.0.create(cx, decode(plan)?).await?.encode()) })
    }

    fn read<'a>(&'a self, cx: &'a Cx<R::Client>, state: &'a Value) -> Outcome<'a, Option<Value>> {
        Box::pin(async move {
            let found = self.0.read(cx, decode(state)?).await?;
            Ok(found.map(|model| model.encode()))
        })
    }

    fn update<'a>(
        &'a self,
        cx: &'a Cx<R::Client>,
        prior: &'a Value,
        plan: &'a Value,
    ) -> Outcome<'a, Value> {
        Box::pin(
            async move { Ok(self.0.update(cx, decode(prior)?, decode(plan)?).await?.encode()) },
        )
    }

    fn delete<'a>(&'a self, cx: &'a Cx<R::Client>, state: &'a Value) -> Outcome<'a, ()> {
        Box::pin(async move { self.0.delete(cx, decode(state)?).await })
    }

    fn import<'a>(&'a self, cx: &'a Cx<R::Client>, id: &'a str) -> Outcome<'a, Value> {
        Box::pin(async move { Ok(self.0.import(cx, id).await?.encode()) })
    }

    fn upgrade(&self, from_version: i64, state: serde_json::Value) -> Result<Value, Diagnostics> {
        self.0.upgrade(from_version, state)
    }

    fn moved_from(&self, source: &MoveSource) -> Result<Option<Value>, Diagnostics> {
        Ok(self.0.moved_from(source)?.map(|model| model.encode()))
    }
}

impl<D: DataSource> AnyDataSource<D::Client> for Erased<D> {
    fn type_name(&self) -> &'static str {
        D::TYPE
    }

    fn schema(&self) -> Schema {
        D::Model::schema()
    }

    fn timeout(&self) -> Option<Duration> {
        D::TIMEOUT
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        match decode(config) {
            Ok(config) => self.0.validate(&config, &mut diagnostics),
            Err(errors) => diagnostics.extend(errors),
        }
        diagnostics
    }

    fn read<'a>(&'a self, cx: &'a Cx<D::Client>, config: &'a Value) -> Outcome<'a, Value> {
        Box::pin(async move { Ok(self.0.read(cx, decode(config)?).await?.encode()) })
    }
}

impl<E: EphemeralResource> AnyEphemeral<E::Client> for Erased<E> {
    fn type_name(&self) -> &'static str {
        E::TYPE
    }

    fn schema(&self) -> Schema {
        E::Model::schema()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        match decode(config) {
            Ok(config) => self.0.validate(&config, &mut diagnostics),
            Err(errors) => diagnostics.extend(errors),
        }
        diagnostics
    }

    fn open<'a>(&'a self, cx: &'a Cx<E::Client>, config: &'a Value) -> Outcome<'a, Opened<Value>> {
        Box::pin(async move {
            let Opened { model, private, renew_at } = self.0.open(cx, decode(config)?).await?;
            Ok(Opened { model: model.encode(), private, renew_at })
        })
    }

    fn renew<'a>(&'a self, cx: &'a Cx<E::Client>, private: Vec<u8>) -> Outcome<'a, Renewed> {
        Box::pin(self.0.renew(cx, private))
    }

    fn close<'a>(&'a self, cx: &'a Cx<E::Client>, private: Vec<u8>) -> Outcome<'a, ()> {
        Box::pin(self.0.close(cx, private))
    }
}

fn decode<M: Model>(value: &Value) -> Result<M, Diagnostics> {
    M::decode(value, &Path::root())
}

/// [`Operation`]s that a data source's timeout stands for.
pub(crate) fn read_timeout(timeout: Option<Duration>) -> Vec<(Operation, Duration)> {
    timeout.map(|time| (Operation::Read, time)).into_iter().collect()
}
