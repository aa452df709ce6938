//! The blackboard on which coupled runs exchange fields of the run grid.

use std::collections::BTreeMap;

use crate::spatial::{Grid, GridSpec};
use crate::{Error, Result};

/// Named fields on the run grid. A run reads its declared inputs and writes its declared outputs.
#[derive(Debug, Clone)]
pub struct Fields {
    spec: GridSpec,
    values: BTreeMap<String, Vec<f32>>,
}

impl Fields {
    /// An empty board for a run grid.
    pub fn new(spec: GridSpec) -> Self {
        Self { spec, values: BTreeMap::new() }
    }

    /// The run grid.
    pub fn spec(&self) -> &GridSpec {
        &self.spec
    }

    /// A field in C order, in the unit its reader declared; `None` where it was never written.
    pub fn get(&self, name: &str) -> Option<&[f32]> {
        self.values.get(name).map(Vec::as_slice)
    }

    /// The array of a field to write into, created with `NaN` at the first call.
    pub fn output(&mut self, name: &str) -> &mut [f32] {
        let cells = self.spec.len();
        self.values.entry(name.to_owned()).or_insert_with(|| vec![f32::NAN; cells])
    }

    /// Replaces a field; an error when its size is not that of the run grid.
    pub fn set(&mut self, name: &str, values: Vec<f32>) -> Result<()> {
        if values.len() != self.spec.len() {
            return Err(Error::input(
                name,
                format!("{} valeurs pour {} mailles", values.len(), self.spec.len()),
                format!("{} values for {} cells", values.len(), self.spec.len()),
            ));
        }
        self.values.insert(name.to_owned(), values);
        Ok(())
    }

    /// Names of the fields that have been written.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// A field as a grid.
    pub fn grid(&self, name: &str) -> Option<Grid<f32>> {
        Grid::from_values(self.spec, self.values.get(name)?.clone())
    }
}
