//! Rain that differs from place to place: one hyetograph for each cell of a coarser grid.

use super::Hyetograph;

/// Rain over a territory.
#[derive(Debug, Clone, PartialEq)]
pub struct RainField {
    places: Vec<Hyetograph>,
    /// By cell of the run grid a position in `places`; empty where all cells have the first.
    of_cell: Vec<u32>,
}

impl RainField {
    /// The same rain everywhere.
    pub fn even(rain: Hyetograph) -> Self {
        Self { places: vec![rain], of_cell: Vec::new() }
    }

    /// A rain for each cell of the run grid among some; `None` where one is missing.
    pub fn of_cells(places: Vec<Hyetograph>, of_cell: Vec<u32>) -> Option<Self> {
        let is_whole = !of_cell.is_empty() && of_cell.iter().all(|p| (*p as usize) < places.len());
        is_whole.then_some(Self { places, of_cell })
    }

    /// Whether it is the same everywhere.
    pub fn is_even(&self) -> bool {
        self.of_cell.is_empty()
    }

    /// The rains that fall somewhere.
    pub fn places(&self) -> &[Hyetograph] {
        &self.places
    }

    /// The position of the rain of a cell among [`Self::places`].
    pub fn place(&self, cell: usize) -> usize {
        self.of_cell.get(cell).map_or(0, |place| *place as usize)
    }

    /// Depth that falls between two times at every place, m; exact.
    pub fn depths_m(&self, from_s: f64, to_s: f64) -> Vec<f64> {
        self.places.iter().map(|rain| rain.depth_m(from_s, to_s)).collect()
    }

    /// Mean depth over all cells between two times, m.
    pub fn mean_depth_m(&self, from_s: f64, to_s: f64) -> f64 {
        let depths = self.depths_m(from_s, to_s);
        if self.is_even() {
            return depths[0];
        }
        self.of_cell.iter().map(|p| depths[*p as usize]).sum::<f64>() / self.of_cell.len() as f64
    }

    /// Least and largest depth of a place, m.
    pub fn total_range_m(&self) -> [f64; 2] {
        let totals = || self.places.iter().map(Hyetograph::total_m);
        [totals().fold(f64::INFINITY, f64::min), totals().fold(0.0, f64::max)]
    }

    /// Largest intensity anywhere, m/s.
    pub fn largest_m_per_s(&self) -> f64 {
        self.places.iter().map(Hyetograph::largest_m_per_s).fold(0.0, f64::max)
    }

    /// Largest intensity anywhere between two times, m/s.
    pub fn largest_between(&self, span_s: [f64; 2]) -> f64 {
        self.places.iter().map(|rain| rain.largest_between(span_s)).fold(0.0, f64::max)
    }

    /// When its first stretch begins, s.
    pub fn begin_s(&self) -> f64 {
        self.places.iter().map(Hyetograph::begin_s).fold(f64::INFINITY, f64::min)
    }

    /// When its last stretch ends, s.
    pub fn end_s(&self) -> f64 {
        self.places.iter().map(Hyetograph::end_s).fold(f64::NEG_INFINITY, f64::max)
    }

    /// The same rain with another hyetograph at every place.
    #[must_use]
    pub fn map(mut self, change: impl Fn(Hyetograph) -> Hyetograph) -> Self {
        self.places = self.places.into_iter().map(change).collect();
        self
    }
}
