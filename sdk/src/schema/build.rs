//! Schemas made by hand.
//!
//! ```
//! use tfsdk::{
//!     schema::{Attribute, Kind, Nesting, Object, Schema, validators},
//!     value::Type,
//! };
//!
//! let schema = Schema::new("A volume.", [
//!     Attribute::new("name", Type::String).required().replace().doc("The name."),
//!     Attribute::new("size", Type::Number)
//!         .optional()
//!         .default(20)
//!         .validate(validators::range(10..=16_000))
//!         .doc("The size in GiB."),
//!     Attribute::new("mounts", Kind::Nested(Nesting::List, Object::new("A mount.", [
//!         Attribute::new("path", Type::String).required().doc("Where it stands."),
//!     ])))
//!     .optional()
//!     .doc("Where it is mounted."),
//! ]);
//! assert!(schema.validate().is_ok());
//! ```

use std::sync::Arc;

use crate::{
    schema::{
        Attribute, Block, Equivalence, Field, Kind, NestedBlock, Nesting, Object, PlanRule, Schema,
        Validator,
    },
    value::{Type, Value},
};

impl Schema {
    /// A schema of version 0 with these attributes.
    pub fn new(
        description: impl Into<String>,
        attributes: impl IntoIterator<Item = Attribute>,
    ) -> Self {
        Object::new(description, attributes).into()
    }

    /// Sets the version.
    #[must_use]
    pub fn version(mut self, version: i64) -> Self {
        self.version = version;
        self
    }

    /// Marks the whole object as deprecated: why, and what to use instead.
    #[must_use]
    pub fn deprecated(mut self, message: impl Into<String>) -> Self {
        self.block.deprecation = Some(message.into());
        self
    }

    /// Adds nested blocks.
    #[must_use]
    pub fn block(mut self, block: NestedBlock) -> Self {
        self.block.blocks.push(block);
        self
    }
}

impl From<Object> for Schema {
    fn from(object: Object) -> Self {
        Self { version: 0, block: object.into() }
    }
}

impl From<Object> for Block {
    fn from(object: Object) -> Self {
        Self {
            attributes: object.attributes,
            blocks: Vec::new(),
            description: object.description,
            deprecation: None,
            validators: object.validators,
        }
    }
}

impl Object {
    /// These attributes.
    pub fn new(
        description: impl Into<String>,
        attributes: impl IntoIterator<Item = Attribute>,
    ) -> Self {
        Self {
            attributes: attributes.into_iter().collect(),
            description: description.into(),
            validators: Vec::new(),
        }
    }

    /// Adds a condition on the attributes together.
    #[must_use]
    pub fn validate(mut self, validator: impl Validator + 'static) -> Self {
        self.validators.push(Arc::new(validator));
        self
    }

    /// Puts the attributes and conditions of `other` behind this one's.
    #[must_use]
    pub fn flatten(mut self, other: Self) -> Self {
        self.attributes.extend(other.attributes);
        self.validators.extend(other.validators);
        self
    }
}

impl NestedBlock {
    /// Any number of blocks of that name; at most one for
    /// [`Nesting::Single`].
    pub fn new(name: impl Into<String>, nesting: Nesting, block: impl Into<Block>) -> Self {
        Self { name: name.into(), nesting, block: block.into(), min_items: 0, max_items: 0 }
    }
}

impl Attribute {
    /// An attribute that is not yet required, optional or computed.
    pub fn new(name: impl Into<String>, kind: impl Into<Kind>) -> Self {
        Self {
            name: name.into(),
            kind: kind.into(),
            description: String::new(),
            required: false,
            optional: false,
            computed: false,
            sensitive: false,
            write_only: false,
            deprecation: None,
            default: None,
            validators: Vec::new(),
            plan: PlanRule::default(),
            inside: None,
        }
    }

    /// An attribute of a Rust type's kind.
    pub fn of<T: Field>(name: impl Into<String>) -> Self {
        Self::new(name, T::kind())
    }

    /// Must be set.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// May be set.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// The provider may set it where the configuration does not.
    #[must_use]
    pub fn computed(mut self) -> Self {
        self.computed = true;
        self
    }

    /// Never shown.
    #[must_use]
    pub fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// Never stored.
    #[must_use]
    pub fn write_only(mut self) -> Self {
        self.write_only = true;
        self
    }

    /// Absent and empty differ, here and in everything below.
    #[must_use]
    pub fn literal(mut self) -> Self {
        self.plan.literal = true;
        self
    }

    /// The documentation, in Markdown.
    #[must_use]
    pub fn doc(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Why not to use it any more, and what instead.
    #[must_use]
    pub fn deprecated(mut self, message: impl Into<String>) -> Self {
        self.deprecation = Some(message.into());
        self
    }

    /// What is planned where the configuration says nothing.
    #[must_use]
    pub fn default(mut self, value: impl Into<Value>) -> Self {
        self.default = Some(value.into());
        self
    }

    /// Adds a condition on the value.
    #[must_use]
    pub fn validate(mut self, validator: impl Validator + 'static) -> Self {
        self.validators.push(Arc::new(validator));
        self
    }

    /// A computed value stays what it was when something else is updated.
    #[must_use]
    pub fn stable(mut self) -> Self {
        self.plan.stable = true;
        self
    }

    /// A change replaces the object.
    #[must_use]
    pub fn replace(mut self) -> Self {
        self.plan.replace = true;
        self
    }

    /// Which different values mean the same.
    #[must_use]
    pub fn equivalent(mut self, equivalence: Equivalence) -> Self {
        self.plan.equivalent = Some(equivalence);
        self
    }

    /// What a value of type `dynamic` holds, where Terraform cannot give it a
    /// type, as with free-form parts in a list.
    #[must_use]
    pub fn described_by(mut self, nesting: Nesting, object: Object) -> Self {
        self.inside = Some(Box::new((nesting, object)));
        self
    }

    /// Whether Terraform is told that the attribute is computed: it is, or it
    /// has a default, which is planned where the configuration says nothing.
    pub fn is_computed(&self) -> bool {
        self.computed || self.default.is_some()
    }
}

impl From<Type> for Kind {
    fn from(ty: Type) -> Self {
        Self::Type(ty)
    }
}
