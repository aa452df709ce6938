//! What the pointer does on the picture: ask, measure, draw. The state of the tools is that of the
//! window, not of the view.

use bevy::prelude::Resource;
use twin_core::language::Text;

/// A tool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Tool {
    /// Tells what is under the pointer.
    #[default]
    Ask,
    /// Length of a line along the ground, in plan and in space, and the heights of its ends.
    Distance,
    /// Area and circumference of a polygon in plan.
    Area,
    /// Ground and water along a line.
    Profile,
    /// A measure drawn on the map.
    Draw(DrawnKind),
}

/// A measure that can be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DrawnKind {
    /// A dyke: a line with a crest above the ground.
    Levee,
    /// A hedge on a bank: a line with a width.
    Hedge,
    /// Ground opened and planted: a polygon.
    Planting,
    /// A basin: a polygon with a volume.
    Basin,
    /// Trees along a line at a distance from one another.
    Trees,
    /// A building: its footprint with a height.
    NewBuilding,
    /// Storeys on the buildings within a polygon, or on one that is clicked.
    Raised,
}

impl DrawnKind {
    /// All of them, in the order of the panel.
    pub(crate) const ALL: [Self; 7] = [
        Self::Levee,
        Self::Hedge,
        Self::Planting,
        Self::Basin,
        Self::Trees,
        Self::NewBuilding,
        Self::Raised,
    ];

    /// Name of the button.
    pub(crate) fn title(self) -> Text {
        match self {
            Self::Levee => Text::new("Digue", "Dyke"),
            Self::Hedge => Text::new("Haie sur talus", "Hedge on a bank"),
            Self::Planting => Text::new("Zone plantée", "Planted area"),
            Self::Basin => Text::new("Bassin de rétention", "Retention basin"),
            Self::Trees => Text::new("Rangée d'arbres", "Row of trees"),
            Self::NewBuilding => Text::new("Bâtiment neuf", "New building"),
            Self::Raised => Text::new("Surélévation", "Added storeys"),
        }
    }

    /// Whether it is a polygon.
    pub(crate) fn is_area(self) -> bool {
        matches!(self, Self::Planting | Self::Basin | Self::NewBuilding | Self::Raised)
    }

    /// What its one number is, with a value to begin with.
    pub(crate) fn quantity(self) -> Option<(Text, f64)> {
        match self {
            Self::Levee => {
                Some((Text::new("Crête au-dessus du sol (m)", "Crest above the ground (m)"), 1.5))
            }
            Self::Hedge => Some((Text::new("Largeur (m)", "Width (m)"), 3.0)),
            Self::Planting => None,
            Self::Basin => Some((Text::new("Volume (m³)", "Volume (m³)"), 500.0)),
            Self::Trees => Some((Text::new("Écartement (m)", "Spacing (m)"), 8.0)),
            Self::NewBuilding => Some((Text::new("Hauteur (m)", "Height (m)"), 9.0)),
            Self::Raised => Some((Text::new("Hauteur ajoutée (m)", "Added height (m)"), 3.0)),
        }
    }

    /// Kind of the measure in scenario files.
    pub(crate) fn measure(self) -> &'static str {
        match self {
            Self::Levee => "levee",
            Self::Hedge => "planted-strip",
            Self::Planting => "land-cover",
            Self::Basin => "retention-area",
            Self::Trees => "trees-planted",
            Self::NewBuilding => "building-added",
            Self::Raised => "building-raised",
        }
    }
}

/// A measure drawn and not yet part of a scenario.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Draft {
    /// What.
    pub(crate) kind: DrawnKind,
    /// Its number.
    pub(crate) quantity: f64,
    /// Corners, world coordinates.
    pub(crate) corners: Vec<[f64; 3]>,
    /// Identifier of the building that it is on; none where it is on what its corners enclose.
    pub(crate) building: Option<String>,
}

/// The tools of the window.
#[derive(Debug, Default, Resource)]
pub(crate) struct Tools {
    /// The one in hand.
    pub(crate) tool: Tool,
    /// Corners set so far, world coordinates.
    pub(crate) corners: Vec<[f64; 3]>,
    /// Whether the line or polygon is complete.
    pub(crate) is_complete: bool,
    /// Number of the measure that is drawn.
    pub(crate) quantity: f64,
    /// Measures drawn.
    pub(crate) drafts: Vec<Draft>,
    /// Where the pointer is on the ground.
    pub(crate) pointer: Option<[f64; 3]>,
}

impl Tools {
    /// Takes a tool in hand.
    pub(crate) fn take(&mut self, tool: Tool) {
        self.tool = tool;
        self.corners.clear();
        self.is_complete = false;
        if let Tool::Draw(kind) = tool {
            self.quantity = kind.quantity().map_or(0.0, |(_, start)| start);
        }
    }

    /// Sets a corner; after a complete figure a new one begins.
    pub(crate) fn set_corner(&mut self, place: [f64; 3]) {
        if self.is_complete {
            self.corners.clear();
            self.is_complete = false;
        }
        self.corners.push(place);
    }

    /// Completes the figure; a drawn measure becomes a draft. A figure of too few corners goes on.
    pub(crate) fn complete(&mut self) {
        let is_area = match self.tool {
            Tool::Ask => return,
            Tool::Area => true,
            Tool::Draw(kind) => kind.is_area(),
            Tool::Distance | Tool::Profile => false,
        };
        if self.corners.len() < if is_area { 3 } else { 2 } {
            return;
        }
        self.is_complete = true;
        if let Tool::Draw(kind) = self.tool {
            let corners = std::mem::take(&mut self.corners);
            self.drafts.push(Draft { kind, quantity: self.quantity, corners, building: None });
            self.is_complete = false;
        }
    }

    /// Drafts a measure on a building, where the tool in hand does that and no figure is begun.
    pub(crate) fn set_building(&mut self, id: &str, outline: &[[f64; 3]]) -> bool {
        let is_on_buildings = self.tool == Tool::Draw(DrawnKind::Raised) && self.corners.is_empty();
        if is_on_buildings {
            let building = Some(id.to_owned());
            let (kind, corners) = (DrawnKind::Raised, outline.to_vec());
            self.drafts.retain(|draft| draft.building != building);
            self.drafts.push(Draft { kind, quantity: self.quantity, corners, building });
        }
        is_on_buildings
    }

    /// Takes a draft back in hand: its corners can be taken back and others set.
    pub(crate) fn take_draft(&mut self, index: usize) {
        if index < self.drafts.len() {
            let draft = self.drafts.remove(index);
            self.take(Tool::Draw(draft.kind));
            self.quantity = draft.quantity;
            self.corners = draft.corners;
        }
    }

    /// Takes the last corner back.
    pub(crate) fn undo(&mut self) {
        self.is_complete = false;
        self.corners.pop();
    }
}

/// Length of a line in plan and in space, metres.
pub(crate) fn lengths(corners: &[[f64; 3]]) -> (f64, f64) {
    corners.windows(2).fold((0.0, 0.0), |(plan, space), pair| {
        let [dx, dy, dz] = [0, 1, 2].map(|k| pair[1][k] - pair[0][k]);
        let flat = dx.hypot(dy);
        (plan + flat, space + flat.hypot(dz))
    })
}

/// Area of a polygon in plan, m², whichever way it turns (Gauss's formula).
pub(crate) fn area(corners: &[[f64; 3]]) -> f64 {
    let Some([x0, y0, _]) = corners.first().copied() else { return 0.0 };
    let next = corners.iter().cycle().skip(1);
    let twice: f64 = corners
        .iter()
        .zip(next)
        .map(|(a, b)| (a[0] - x0) * (b[1] - y0) - (b[0] - x0) * (a[1] - y0))
        .sum();
    0.5 * twice.abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: [[f64; 3]; 4] = [
        [1e6, 6e6, 0.0],
        [1e6 + 10.0, 6e6, 0.0],
        [1e6 + 10.0, 6e6 + 10.0, 0.0],
        [1e6, 6e6 + 10.0, 0.0],
    ];

    #[test]
    fn a_square_of_ten_metres_has_a_hundred_square_metres() {
        assert!((area(&SQUARE) - 100.0).abs() < 1e-6);
        let turned: Vec<_> = SQUARE.iter().rev().copied().collect();
        assert!((area(&turned) - 100.0).abs() < 1e-6);
        assert_eq!(area(&[]), 0.0);
    }

    #[test]
    fn a_slope_is_longer_than_its_plan() {
        assert_eq!(lengths(&[[0.0, 0.0, 0.0], [3.0, 4.0, 12.0]]), (5.0, 13.0));
    }

    #[test]
    fn a_dyke_is_drafted_when_its_line_is_complete() {
        let mut tools = Tools::default();
        tools.take(Tool::Draw(DrawnKind::Levee));
        tools.set_corner([0.0; 3]);
        tools.complete();
        assert!(tools.drafts.is_empty(), "one corner is no line");
        tools.set_corner([10.0, 0.0, 0.0]);
        tools.complete();
        assert_eq!(tools.drafts.len(), 1);
        assert_eq!((tools.drafts[0].quantity, tools.corners.len()), (1.5, 0));
        // It goes on where it ended, with its own height.
        tools.drafts[0].quantity = 2.5;
        tools.take_draft(0);
        tools.undo();
        tools.set_corner([20.0, 0.0, 0.0]);
        tools.complete();
        let [draft] = &tools.drafts[..] else { panic!("{:?}", tools.drafts) };
        assert_eq!((draft.quantity, draft.corners[1]), (2.5, [20.0, 0.0, 0.0]));
    }

    #[test]
    fn a_building_is_raised_by_a_click_once_and_by_no_other_tool() {
        let mut tools = Tools::default();
        assert!(!tools.set_building("B", &SQUARE));
        tools.take(Tool::Draw(DrawnKind::Raised));
        assert!(tools.set_building("B", &SQUARE));
        tools.quantity = 6.0;
        assert!(tools.set_building("B", &SQUARE));
        assert_eq!((tools.drafts.len(), tools.drafts[0].quantity), (1, 6.0));
        tools.set_corner([0.0; 3]);
        assert!(!tools.set_building("C", &SQUARE), "a figure was begun");
    }
}
