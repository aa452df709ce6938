//! What a simulation says about itself before it runs.

use serde::Serialize;

use crate::language::Text;

/// Identity, limits and needs of a simulation. All that a remote process description (OGC API –
/// Processes) would need.
#[derive(Debug, Clone, Serialize)]
pub struct Descriptor {
    /// Kebab-case identifier, unique in a registry, and the folder of its runs.
    pub id: &'static str,
    /// Version of the plugin and its engine; part of every run's hash.
    pub version: &'static str,
    /// Title.
    pub title: Text,
    /// One paragraph: what it computes and how.
    pub summary: Text,
    /// SPDX licence.
    pub licence: &'static str,
    /// How to cite the method.
    pub citation: &'static str,
    /// Limits of validity, one sentence each; shown in every report.
    pub limits: Vec<Text>,
    /// Variables read and written.
    pub variables: Vec<Variable>,
    /// Extra named grids and tables that the scenario must or may give.
    pub requirements: Vec<Requirement>,
}

/// A variable on the run grid.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Variable {
    /// Snake-case identifier.
    pub name: &'static str,
    /// CF standard name where one exists, else the CSDMS name.
    pub standard_name: Option<&'static str>,
    /// Unit in UDUNITS notation.
    pub unit: &'static str,
    /// Read, written or both.
    pub intent: Intent,
    /// What a value at a time stands for.
    pub temporal: Temporal,
    /// What carries the values.
    pub support: Support,
    /// Whether a run may go on without it (inputs only).
    pub optional: bool,
    /// How a stored series is packed; `None` stores `f32`.
    pub storage: Option<Storage>,
    /// Title.
    pub title: Text,
}

/// Packing of a stored series in 16 bits: `offset + n · step`, in the variable's unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Storage {
    /// Step to which values are rounded.
    pub step: f32,
    /// Smallest value.
    pub offset: f32,
}

/// Direction of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Intent {
    /// Read.
    In,
    /// Written.
    Out,
    /// Read and written.
    InOut,
}

impl Intent {
    /// Whether the plugin reads the variable.
    pub fn reads(self) -> bool {
        matches!(self, Self::In | Self::InOut)
    }

    /// Whether the plugin writes the variable.
    pub fn writes(self) -> bool {
        matches!(self, Self::Out | Self::InOut)
    }
}

/// What a value at a time stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Temporal {
    /// The value at that moment.
    Instantaneous,
    /// The mean since the last output.
    Mean,
    /// The total since the start.
    Accumulated,
    /// The maximum over the whole run: handed over when the run ends, as a
    /// [`StaticField`](super::StaticField) of the same name, and readable by runs that come after it.
    Maximum,
}

/// What carries the values of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Support {
    /// Cells of the run grid.
    Cell,
    /// West–east faces of cells.
    EdgeX,
    /// South–north faces of cells.
    EdgeY,
    /// Corners of cells.
    Node,
    /// Buildings.
    Building,
    /// Road segments.
    Road,
    /// Zones of any plan.
    Zone,
    /// Gauges.
    Gauge,
    /// One value.
    Scalar,
    /// Faces of an unstructured mesh.
    MeshFace,
}

/// An extra input that the scenario's `[inputs]` must or may give.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Requirement {
    /// Key in `[inputs]`.
    pub name: &'static str,
    /// Grid or table.
    pub kind: RequirementKind,
    /// Whether a run may go on without it.
    pub optional: bool,
    /// What it holds.
    pub title: Text,
}

/// Kind of an extra input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RequirementKind {
    /// A raster, resampled to the run grid.
    Grid {
        /// Unit of its values.
        unit: &'static str,
    },
    /// A table with these columns at least.
    Table {
        /// Column names.
        columns: &'static [&'static str],
    },
}

impl Variable {
    /// An instantaneous output on cells, without standard name and stored as `f32`.
    pub fn output(name: &'static str, unit: &'static str, title: Text) -> Self {
        Self {
            name,
            standard_name: None,
            unit,
            intent: Intent::Out,
            temporal: Temporal::Instantaneous,
            support: Support::Cell,
            optional: false,
            storage: None,
            title,
        }
    }

    /// A required instantaneous input on cells.
    pub fn input(name: &'static str, unit: &'static str, title: Text) -> Self {
        Self { intent: Intent::In, ..Self::output(name, unit, title) }
    }

    /// With a CF (or CSDMS) standard name.
    pub fn standard(self, standard_name: &'static str) -> Self {
        Self { standard_name: Some(standard_name), ..self }
    }

    /// Stored in 16 bits as steps above an offset.
    pub fn stored(self, step: f32, offset: f32) -> Self {
        Self { storage: Some(Storage { step, offset }), ..self }
    }

    /// With another temporal kind.
    pub fn over_time(self, temporal: Temporal) -> Self {
        Self { temporal, ..self }
    }

    /// Not required.
    pub fn optional(self) -> Self {
        Self { optional: true, ..self }
    }
}
