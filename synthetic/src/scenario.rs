//! What a flood scenario on the commune needs: where water comes in and leaves, the dyke's crest,
//! a breach, gauges, and a discharge for demonstration.
//!
//! The discharge is that of the river's section flowing half-way up the dyke (Manning–Strickler,
//! n = 0.035 s·m⁻¹ᐟ³): above the banks, so that the low quarter floods without the dyke, and below
//! the crest, so that the dyke holds it. It is invented, and has no return period.

use twin_core::spatial::Extent;

use crate::commune::Commune;
use crate::frame::Point;

/// Crest of the dyke.
#[derive(Debug, Clone, PartialEq)]
pub struct DykeCrest {
    /// Axis from upstream to downstream with the crest level, Lambert-93 and metres NGF-IGN69.
    pub line: Vec<[f64; 3]>,
    /// Crest above the river bank, metres.
    pub height_above_bank: f64,
    /// Width of the crest, metres.
    pub crest_width: f64,
    /// Width of the dyke's foot, metres (slopes of 1 in 2, on level ground).
    pub base_width: f64,
}

/// Geometry and forcing of flood scenarios.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenarioGeometry {
    /// From bank to bank near the upstream edge.
    pub inflow: [[f64; 2]; 2],
    /// Part of the commune's downstream edge that drains channel and flood plain.
    pub outflow: [[f64; 2]; 2],
    /// Slope of the valley at the outflow, for a uniform-flow condition.
    pub outflow_slope: f64,
    /// The dyke, standing or planned.
    pub dyke: DykeCrest,
    /// Piece of the crest that gives way, with its level.
    pub breach: [[f64; 3]; 2],
    /// Ground level to which the breach erodes.
    pub breach_floor: f64,
    /// Gauges: name and position on the river's axis or in the quarter.
    pub gauges: Vec<(String, [f64; 2])>,
    /// Area in which indicators count: the commune without a strip at its edge.
    pub study_area: Vec<[f64; 2]>,
    /// The low quarter behind the dyke.
    pub protected_quarter: Vec<[f64; 2]>,
    /// Peak discharge for demonstration, m³/s.
    pub peak_discharge: f64,
    /// Discharge in time: seconds and m³/s.
    pub hydrograph: Vec<(f64, f64)>,
}

/// Manning coefficient of the channel used for the demonstration discharge, s·m⁻¹ᐟ³.
const CHANNEL_MANNING: f64 = 0.035;

/// Share of the discharge that is kept: a terrain model from LiDAR ends at the water surface, so
/// that its channel carries less than the true one.
const LIDAR_CAPACITY: f64 = 0.7;

impl Commune {
    /// Geometry and forcing of flood scenarios on this commune.
    pub fn scenario_geometry(&self) -> ScenarioGeometry {
        let terrain = &self.terrain;
        let (river, size) = (&terrain.river, terrain.size);
        let world = |p: Point| self.frame.world(p);
        let inflow_x = (0.01 * size).clamp(4.0, 12.0);
        let k = river.scale;
        let edge = river.centre(size).0;
        let dyke = &terrain.dyke;
        let crest = |x: f64| {
            let p = world(river.at_offset(x, dyke.offset));
            [p[0], p[1], terrain.crest(x)]
        };
        let pieces = ((dyke.to - dyke.from) / 5.0).ceil() as usize;
        let line = (0..=pieces)
            .map(|i| crest(dyke.from + (dyke.to - dyke.from) * i as f64 / pieces as f64))
            .collect();
        let length = terrain.bay[1] - terrain.bay[0];
        // Between the two bridges, where the quarter is wide.
        let breach_x = terrain.bay[0] + 0.5 * length;
        let half_breach = (0.5 * 28.0 * k).max(6.0);
        let behind =
            river.at_offset(breach_x, dyke.offset - dyke.half_crest - 2.0 * dyke.height - 1.0);
        let peak = LIDAR_CAPACITY * river.discharge(0.5 * dyke.height, CHANNEL_MANNING);
        let base = 0.12 * peak;
        // On the street of the quarter.
        let quarter_point = |x: f64| [x, river.axis(x) + self.village.low];
        let quarter = [
            river.at_offset(terrain.bay[0] + 30.0 * k, dyke.offset - 6.0),
            river.at_offset(terrain.bay[1] - 30.0 * k, dyke.offset - 6.0),
            [terrain.bay[1] - 30.0 * k, river.axis(terrain.bay[1]) - 150.0 * k],
            [terrain.bay[0] + 30.0 * k, river.axis(terrain.bay[0]) - 150.0 * k],
        ];
        let extent = self.extent();
        ScenarioGeometry {
            inflow: [
                world(river.at_offset(inflow_x, -river.top)),
                world(river.at_offset(inflow_x, river.top)),
            ],
            outflow: [
                world([size, (edge - 60.0 * k).max(0.0)]),
                world([size, (edge + 75.0 * k).min(size)]),
            ],
            outflow_slope: crate::river::VALLEY_SLOPE,
            dyke: DykeCrest {
                line,
                height_above_bank: dyke.height,
                crest_width: 2.0 * dyke.half_crest,
                base_width: 2.0 * dyke.half_crest + 4.0 * dyke.height,
            },
            breach: [crest(breach_x - half_breach), crest(breach_x + half_breach)],
            breach_floor: terrain.natural(behind),
            gauges: vec![
                (
                    "Pont amont".to_owned(),
                    world([
                        terrain.bridges[0].x - 12.0,
                        river.centre(terrain.bridges[0].x - 12.0).0,
                    ]),
                ),
                (
                    "Pont aval".to_owned(),
                    world([
                        terrain.bridges[1].x + 12.0,
                        river.centre(terrain.bridges[1].x + 12.0).0,
                    ]),
                ),
                ("Quartier de la Digue".to_owned(), world(quarter_point(breach_x))),
            ],
            study_area: closed(square(&extent.buffered(-0.02 * size))),
            protected_quarter: closed(self.frame.ring(&quarter)),
            peak_discharge: peak,
            hydrograph: vec![
                (0.0, base),
                (900.0, base),
                (3600.0, peak),
                (9000.0, peak),
                (14_400.0, 0.4 * peak),
                (18_000.0, base),
            ],
        }
    }
}

fn square(e: &Extent) -> Vec<[f64; 2]> {
    vec![[e.min_x, e.min_y], [e.max_x, e.min_y], [e.max_x, e.max_y], [e.min_x, e.max_y]]
}

fn closed(mut ring: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    ring.extend(ring.first().copied());
    ring
}
