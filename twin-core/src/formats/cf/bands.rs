//! What a band of a grid file means.

use std::collections::BTreeMap;

use hdf5::{H5Dataset, H5Group};

use super::attributes::Attributes;
use super::pyramid::chunk_shape;
use super::{Cell, DEFLATE_LEVEL, Resampling};

/// One band of a [`GridFile`](super::GridFile).
#[derive(Debug, Clone, PartialEq)]
pub struct BandMeta {
    /// Variable name: lower-case letters, digits and `_`.
    pub name: String,
    /// Name in the CF standard name table, where one fits.
    pub standard_name: Option<String>,
    /// What a reader of the file sees.
    pub long_name: String,
    /// UDUNITS unit; `"1"` for a ratio, empty for a class.
    pub unit: String,
    /// Type and resampling.
    pub kind: BandKind,
    /// Further text attributes (`comment`, `source`, `datum` …).
    pub attributes: BTreeMap<String, String>,
}

/// Type of the values of a band and the way its overviews are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BandKind {
    /// Real numbers, `NaN` = no data; overviews are means.
    Continuous,
    /// Real numbers, `NaN` = no data; overviews are maxima, for surfaces whose peaks matter.
    Maximum,
    /// Codes, 0 = no data; overviews take the most frequent code.
    Categorical(Vec<Category>),
}

/// A code of a categorical band.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// The stored value.
    pub code: u8,
    /// One word for it, as CF wants in `flag_meanings`; other characters than ASCII letters,
    /// digits and `_ - . + @` are stored as `_`.
    pub meaning: String,
}

impl BandMeta {
    /// A band of real numbers whose overviews are means.
    pub fn continuous(name: &str, long_name: &str, unit: &str) -> Self {
        Self {
            name: name.to_owned(),
            standard_name: None,
            long_name: long_name.to_owned(),
            unit: unit.to_owned(),
            kind: BandKind::Continuous,
            attributes: BTreeMap::new(),
        }
    }

    /// A band of real numbers whose overviews are maxima.
    pub fn maximum(name: &str, long_name: &str, unit: &str) -> Self {
        Self { kind: BandKind::Maximum, ..Self::continuous(name, long_name, unit) }
    }

    /// A band of codes.
    pub fn categorical(name: &str, long_name: &str, categories: &[(u8, &str)]) -> Self {
        let categories = categories
            .iter()
            .map(|&(code, meaning)| Category { code, meaning: meaning.to_owned() })
            .collect();
        Self { kind: BandKind::Categorical(categories), ..Self::continuous(name, long_name, "") }
    }

    /// With a CF standard name.
    pub fn with_standard_name(mut self, standard_name: &str) -> Self {
        self.standard_name = Some(standard_name.to_owned());
        self
    }

    /// With a further text attribute.
    pub fn with_attribute(mut self, name: &str, value: &str) -> Self {
        self.attributes.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The way its overviews are made.
    pub fn resampling(&self) -> Resampling {
        match self.kind {
            BandKind::Continuous => Resampling::Mean,
            BandKind::Maximum => Resampling::Maximum,
            BandKind::Categorical(_) => Resampling::Majority,
        }
    }
}

/// The codes and the words of `flag_values` and `flag_meanings`.
fn flags(categories: &[Category]) -> (Vec<u8>, String) {
    let word = |text: &str| -> String {
        let keep = |c: char| c.is_ascii_alphanumeric() || "_-.+@".contains(c);
        text.chars().map(|c| if keep(c) { c } else { '_' }).collect()
    };
    let meanings: Vec<String> = categories.iter().map(|c| word(&c.meaning)).collect();
    (categories.iter().map(|c| c.code).collect(), meanings.join(" "))
}

/// Creates the two-dimensional variable of a band with its attributes.
pub(super) fn create_variable<T: Cell>(
    group: &H5Group,
    meta: &BandMeta,
    rows: usize,
    columns: usize,
) -> hdf5::Result<H5Dataset> {
    let (chunk_rows, chunk_columns) = chunk_shape(rows, columns);
    let variable = group
        .new_dataset::<T>()
        .shape([rows, columns])
        .chunk(&[chunk_rows, chunk_columns])
        .shuffle_deflate(DEFLATE_LEVEL)
        .fill_value(T::NO_DATA)
        .create(&meta.name)?;
    variable.set_numbers("_FillValue", &[T::NO_DATA])?;
    if let Some(name) = &meta.standard_name {
        variable.set_text("standard_name", name)?;
    }
    variable.set_text("long_name", &meta.long_name)?;
    if !meta.unit.is_empty() {
        variable.set_text("units", &meta.unit)?;
    }
    if let BandKind::Categorical(categories) = &meta.kind
        && !categories.is_empty()
    {
        let (values, meanings) = flags(categories);
        variable.set_numbers("flag_values", &values)?;
        variable.set_text("flag_meanings", &meanings)?;
    }
    for (name, value) in &meta.attributes {
        variable.set_text(name, value)?;
    }
    Ok(variable)
}
