//! What the measures of a run take away, such as demolished buildings, is missing from its picture alone.

use std::collections::HashMap;

use super::{LEFT, RIGHT};

/// Render layers of what both pictures show, the left or only one, and the right one.
pub(super) const GROUPS: [usize; 3] = [0, LEFT, RIGHT];

/// What is missing from the pictures, by its number in the territory's list.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Missing(HashMap<u32, [bool; 2]>);

impl Missing {
    /// Of a list of features, those that one side or the other has lost.
    pub(super) fn of<'a>(
        features: impl Iterator<Item = &'a str>,
        is_lost: impl Fn(usize, &str) -> bool,
    ) -> Self {
        let sides = (0u32..).zip(features).map(|(k, id)| (k, [0, 1].map(|side| is_lost(side, id))));
        Self(sides.filter(|(_, lost)| *lost != [false, false]).collect())
    }

    /// The render layer of a feature; none where no picture shows it.
    pub(super) fn layer(&self, number: u32) -> Option<usize> {
        match self.0.get(&number) {
            None | Some([false, false]) => Some(0),
            Some([false, true]) => Some(LEFT),
            Some([true, false]) => Some(RIGHT),
            Some([true, true]) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_run_takes_away_stands_in_the_picture_of_the_other() {
        let lost = [vec!["b", "c"], vec!["c", "d"]];
        let missing =
            Missing::of(["a", "b", "c", "d"].into_iter(), |side, id| lost[side].contains(&id));
        let layers = [0, 1, 2, 3].map(|k| missing.layer(k));
        assert_eq!(layers, [Some(0), Some(RIGHT), None, Some(LEFT)]);
        assert_eq!(Missing::of(["a"].into_iter(), |_, _| false), Missing::default());
    }
}
