//! What is under the pointer: the ground, a building.

use bevy::camera::visibility::RenderLayers;
use bevy::math::{DVec3, Ray3d};
use bevy::picking::mesh_picking::ray_cast::{MeshRayCast, MeshRayCastSettings};
use bevy::prelude::*;

use crate::frame::LocalFrame;
use crate::opened::Opened;
use crate::scene::{BuildingMesh, Buildings};
use crate::state::{Picked, ViewState};

/// Farthest ground that is looked for, metres.
const FARTHEST_M: f64 = 200_000.0;

/// A ray of the picture that hits the ground or a building.
#[derive(bevy::ecs::system::SystemParam)]
pub(crate) struct Picker<'w, 's> {
    rays: MeshRayCast<'w, 's>,
    meshes: Res<'w, Assets<Mesh>>,
    buildings: Query<'w, 's, (&'static Mesh3d, &'static RenderLayers), With<BuildingMesh>>,
}

/// What a ray hits.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hit {
    /// World position, true to scale.
    pub(crate) place: [f64; 3],
    /// Building, where it is one.
    pub(crate) building: Option<u32>,
    /// Gauge of run A, where it is one.
    pub(crate) gauge: Option<String>,
}

impl Hit {
    /// What a view asks about where one asks about this.
    pub(crate) fn picked(self, opened: &Opened) -> Picked {
        let models = &opened.territory.features().building_models;
        let model = self.building.and_then(|number| models.get(number as usize));
        let building = model.map(|model| model.id.clone());
        Picked { place: self.place, building, gauge: self.gauge }
    }
}

impl Picker<'_, '_> {
    /// The nearest thing on a ray of a picture, which shows some layers of the scene.
    pub(crate) fn hit(
        &mut self,
        ray: Ray3d,
        shown: &RenderLayers,
        opened: &Opened,
        state: &ViewState,
    ) -> Option<Hit> {
        let k = f64::from(state.exaggeration);
        let ground = ground_hit(ray, opened, k);
        let is_building = |entity: Entity| {
            self.buildings.get(entity).is_ok_and(|(_, layers)| layers.intersects(shown))
        };
        let settings = MeshRayCastSettings::default().with_filter(&is_building);
        let hit = self.rays.cast_ray(ray, &settings).first().cloned();
        let eye = ray.origin.as_dvec3();
        let nearer = hit.filter(|(_, hit)| {
            ground.is_none_or(|place| {
                let mut scene = opened.frame.to_scene_f64(place);
                scene.y *= k;
                f64::from(hit.distance) < scene.distance(eye)
            })
        });
        if let Some((entity, hit)) = nearer {
            let mut scene = hit.point.as_dvec3();
            scene.y /= k;
            let mesh = self.buildings.get(entity).ok().and_then(|(m, _)| self.meshes.get(&m.0));
            let building = mesh
                .zip(hit.triangle_index)
                .and_then(|(mesh, triangle)| Buildings::number_of(mesh, triangle));
            return Some(Hit { place: opened.frame.to_world(scene), building, gauge: None });
        }
        ground.map(|place| Hit { place, building: None, gauge: None })
    }
}

/// Where a ray meets the terrain: steps of about a cell, then halving.
pub(crate) fn ground_hit(ray: Ray3d, opened: &Opened, exaggeration: f64) -> Option<[f64; 3]> {
    let stretch = DVec3::new(1.0, 1.0 / exaggeration, 1.0);
    let origin = ray.origin.as_dvec3() * stretch;
    let direction = (ray.direction.as_dvec3() * stretch).normalize();
    march(origin, direction, opened.frame, opened.coarse_terrain.spec.cell_size, |x, y| {
        opened.coarse_height(x, y).map(f64::from)
    })
}

fn march(
    origin: DVec3,
    direction: DVec3,
    frame: LocalFrame,
    cell_size: f64,
    height: impl Fn(f64, f64) -> Option<f64>,
) -> Option<[f64; 3]> {
    // Positive above the ground; none beside the terrain.
    let above = |t: f64| {
        let [x, y, z] = frame.to_world(origin + direction * t);
        height(x, y).map(|ground| z - ground)
    };
    let mut t = 0.0;
    let mut last: Option<f64> = None;
    while t < FARTHEST_M {
        match above(t) {
            Some(gap) if gap <= 0.0 => {
                let before = last?;
                let (mut low, mut high) = (before, t);
                for _ in 0..40 {
                    let middle = 0.5 * (low + high);
                    if above(middle).is_some_and(|gap| gap <= 0.0) {
                        high = middle
                    } else {
                        low = middle
                    }
                }
                let [x, y, z] = frame.to_world(origin + direction * high);
                return Some([x, y, height(x, y).unwrap_or(z)]);
            }
            // A ray far above the ground may go as far as the steepest fall to it allows.
            Some(gap) => {
                last = Some(t);
                t += (0.25 * gap).clamp(0.5 * cell_size, 500.0);
            }
            None => t += if last.is_some() { 0.5 * cell_size } else { cell_size.max(5.0) },
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use twin_core::spatial::Extent;

    #[test]
    fn a_ray_meets_a_slope_where_it_is() {
        let extent = Extent { min_x: 0.0, min_y: 0.0, max_x: 1000.0, max_y: 1000.0 };
        let frame = LocalFrame::new(&extent, 0.0);
        let slope = |x: f64, y: f64| extent.contains(x, y).then_some(0.1 * x);
        let eye = frame.to_scene_f64([200.0, 500.0, 300.0]);
        let goal = frame.to_scene_f64([600.0, 700.0, 60.0]);
        let hit = march(eye, (goal - eye).normalize(), frame, 1.0, slope).unwrap();
        assert!((hit[0] - 600.0).abs() < 0.01 && (hit[1] - 700.0).abs() < 0.01, "{hit:?}");
        assert!((hit[2] - 60.0).abs() < 0.01);
        let sky = march(eye, DVec3::Y, frame, 1.0, slope);
        assert_eq!(sky, None);
    }
}
