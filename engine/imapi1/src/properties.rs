//! Properties by their names, as IMAPI 1 has them for recorders and for Joliet volumes. Owns the set and what setting one
//! answers; what a property means is for whom it belongs to.

use std::collections::BTreeMap;

/// The value of a property.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PropertyValue {
    /// A number.
    Integer(i32),
    /// A text.
    Text(String),
    /// Bytes: those of a boot image.
    Bytes(Vec<u8>),
}

impl From<i32> for PropertyValue {
    fn from(value: i32) -> Self {
        Self::Integer(value)
    }
}

impl From<&str> for PropertyValue {
    fn from(value: &str) -> Self {
        Self::Text(value.into())
    }
}

impl From<Vec<u8>> for PropertyValue {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}

/// Properties by name. Capitals matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PropertySet(BTreeMap<String, PropertyValue>);

impl PropertySet {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more, in the place of one of the same name.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<PropertyValue>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    /// The value of a property.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&PropertyValue> {
        self.0.get(name)
    }

    /// The number that a property is.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i32> {
        match self.get(name) {
            Some(PropertyValue::Integer(value)) => Some(*value),
            _ => None,
        }
    }

    /// The text that a property is.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(PropertyValue::Text(value)) => Some(value),
            _ => None,
        }
    }

    /// All, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &PropertyValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

/// What became of properties that were set: both are success.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Applied {
    /// All were taken.
    All,
    /// These were not: nothing has such a name, or it can only be read. The others were taken.
    PropertiesIgnored(Vec<String>),
}

impl Applied {
    pub(crate) fn without(ignored: Vec<String>) -> Self {
        match ignored.is_empty() {
            true => Self::All,
            false => Self::PropertiesIgnored(ignored),
        }
    }

    /// IMAPI's number for it: 0, or that of a success with a remark.
    #[must_use]
    pub fn code(&self) -> u32 {
        match self {
            Self::All => 0,
            Self::PropertiesIgnored(_) => 0x0004_0200,
        }
    }
}
