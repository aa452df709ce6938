//! Breaches: crests that sink with time.

use std::ops::Range;

/// When a breach begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BreachStart {
    /// At a time, s.
    At(f64),
    /// When the water beside one of its edges reaches a level, m.
    Level(f64),
}

/// A breach in a crest line: from its start, level and width change linearly over the formation
/// time, the width from its centre to both sides; outside the width the crest stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Breach {
    /// Its edges, as positions in [`crate::LineStructure::edges`].
    pub edges: Range<usize>,
    /// When it begins.
    pub start: BreachStart,
    /// Time from the start to its final shape, s (0: at once).
    pub formation_s: f64,
    /// Level of its sill in the end, m. Below the ground: down to the ground.
    pub final_level_m: f64,
    /// Width in the end, m; `None`: all its edges, sinking together from the start.
    pub width_m: Option<f64>,
    /// Where it widens from, in edges along the structure; `None`: the middle of its edges.
    pub centre: Option<f64>,
}

impl Breach {
    /// Share of the formation that is done: 0 before the start, 1 in the end.
    pub(crate) fn progress(&self, started: f64, time: f64) -> f64 {
        if time < started {
            0.0
        } else if self.formation_s > 0.0 {
            ((time - started) / self.formation_s).min(1.0)
        } else {
            1.0
        }
    }

    /// Sill level when the crest was at `crest`, m.
    pub(crate) fn level(&self, crest: f64, progress: f64) -> f64 {
        crest + (self.final_level_m.min(crest) - crest) * progress
    }

    /// Width in m when its edges are `full` long.
    pub(crate) fn width(&self, full: f64, progress: f64) -> f64 {
        match self.width_m {
            Some(width) => width.min(full) * progress,
            None if progress > 0.0 => full,
            None => 0.0,
        }
    }

    /// Open share of the edge at a position among its edges, each `edge_m` long.
    pub(crate) fn open_share(&self, position: usize, edge_m: f64, progress: f64) -> f64 {
        let n = self.edges.len() as f64;
        let width = self.width(n * edge_m, progress) / edge_m;
        let centre = self.centre.map_or(0.5 * n, |c| c - self.edges.start as f64);
        let (low, high) = (centre - 0.5 * width, centre + 0.5 * width);
        let at = position as f64;
        ((at + 1.0).min(high) - at.max(low)).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_its_law_exactly() {
        let breach = Breach {
            edges: 3..13,
            start: BreachStart::At(100.0),
            formation_s: 50.0,
            final_level_m: 2.0,
            width_m: Some(6.0),
            centre: None,
        };
        assert_eq!(breach.progress(100.0, 99.0), 0.0);
        assert_eq!(breach.progress(100.0, 125.0), 0.5);
        assert_eq!(breach.level(5.0, 0.5), 3.5);
        assert_eq!(breach.width(10.0, 0.5), 3.0);
        let open = |t: f64| (0..10).map(|i| breach.open_share(i, 1.0, t)).sum::<f64>();
        assert_eq!([open(0.0), open(0.5), open(1.0)], [0.0, 3.0, 6.0]);
        assert_eq!(breach.open_share(0, 1.0, 1.0), 0.0);
        assert_eq!(breach.open_share(4, 1.0, 1.0), 1.0);
    }
}
