//! All vector features of a territory, by kind.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Building, BuildingModel, Cemetery, Commune, Facility, Hedge, LandCoverZone, Layer,
    LinearConstruction, LocalAttribute, NamedWaterCourse, Parcel, PointConstruction, Pylon, Rail,
    ReliefLine, Reservoir, Road, RoofPlane, Runway, SportsGround, SurfaceConstruction,
    TransportSite, Tree, VegetationZone, WaterBody, WaterCourse, WaterSurface, Zone,
    layer::intersects,
};
use crate::language::Text;
use crate::spatial::{Crs, Extent, Position, Transformer};
use crate::{Error, Result};

/// Something done to every kind of feature in turn.
pub trait FeatureVisitor {
    /// Visits the features of one kind.
    fn visit<L: Layer>(&mut self, features: &[L]);
}

/// Something done to every kind of feature in turn, that changes them.
pub trait FeatureVisitorMut {
    /// Visits the features of one kind.
    fn visit<L: Layer>(&mut self, features: &mut Vec<L>) -> Result<()>;
}

macro_rules! features {
    ($( $(#[$meta:meta])* $field:ident: $kind:ty, )+) => {
        /// All vector features of a territory, in one coordinate reference system.
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct Features {
            /// Reference system of every geometry, where the sources state one.
            pub crs: Option<Crs>,
            $( $(#[$meta])* pub $field: Vec<$kind>, )+
        }

        impl Features {
            /// Visits every kind, always in the same order.
            pub fn visit(&self, visitor: &mut impl FeatureVisitor) {
                $( visitor.visit(&self.$field); )+
            }

            /// Visits every kind, always in the same order; stops at the first error.
            pub fn visit_mut(&mut self, visitor: &mut impl FeatureVisitorMut) -> Result<()> {
                $( visitor.visit(&mut self.$field)?; )+
                Ok(())
            }

            /// Adds the features of another set that are not here yet, by identifier, so that tiles
            /// and departments that share a border do not double what lies on it. The reference
            /// system must be the same. Gives the number left out.
            pub fn merge(&mut self, other: Self) -> usize {
                let mut repeated = 0;
                self.crs = self.crs.or(other.crs);
                $( repeated += merge_layer(&mut self.$field, other.$field); )+
                repeated
            }
        }
    };
}

features! {
    /// Buildings.
    buildings: Building,
    /// Their 3D models, made by assembly.
    building_models: BuildingModel,
    /// Planes of their roofs, made by assembly.
    roof_planes: RoofPlane,
    /// Bridges, dams and other constructions drawn as surfaces.
    surface_constructions: SurfaceConstruction,
    /// Walls, quays, dykes and other constructions drawn as lines.
    linear_constructions: LinearConstruction,
    /// Masts, chimneys and other constructions drawn as points.
    point_constructions: PointConstruction,
    /// Pylons of power lines.
    pylons: Pylon,
    /// Tanks and water towers.
    reservoirs: Reservoir,
    /// Cemeteries.
    cemeteries: Cemetery,
    /// Sports grounds.
    sports_grounds: SportsGround,
    /// Lines of relief.
    relief_lines: ReliefLine,
    /// Roads.
    roads: Road,
    /// Railways.
    rails: Rail,
    /// Transport sites.
    transport_sites: TransportSite,
    /// Runways.
    runways: Runway,
    /// Surfaces of water.
    water_surfaces: WaterSurface,
    /// Stretches of watercourse.
    water_courses: WaterCourse,
    /// Named water bodies.
    water_bodies: WaterBody,
    /// Named watercourses.
    named_water_courses: NamedWaterCourse,
    /// Zones of vegetation, hedges left out.
    vegetation: VegetationZone,
    /// Hedges.
    hedges: Hedge,
    /// Trees.
    trees: Tree,
    /// Zones of a land-cover product.
    land_cover: LandCoverZone,
    /// Facilities.
    facilities: Facility,
    /// Communes.
    communes: Commune,
    /// Parcels of the cadastre.
    parcels: Parcel,
    /// Regulatory zones.
    zones: Zone,
    /// What local tables say of other features.
    local_attributes: LocalAttribute,
}

fn merge_layer<L: Layer>(here: &mut Vec<L>, other: Vec<L>) -> usize {
    let known: BTreeSet<String> = here.iter().map(|f| f.id().to_owned()).collect();
    let offered = other.len();
    let before = here.len();
    here.extend(other.into_iter().filter(|f| !known.contains(f.id())));
    offered - (here.len() - before)
}

impl Features {
    /// Number of features by layer, empty layers left out.
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        struct Count(BTreeMap<&'static str, usize>);
        impl FeatureVisitor for Count {
            fn visit<L: Layer>(&mut self, features: &[L]) {
                if !features.is_empty() {
                    self.0.insert(L::NAME, features.len());
                }
            }
        }
        let mut count = Count(BTreeMap::new());
        self.visit(&mut count);
        count.0
    }

    /// Number of features of all kinds.
    pub fn len(&self) -> usize {
        self.counts().values().sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The smallest rectangle around all features.
    pub fn extent(&self) -> Option<Extent> {
        struct Bounds(Option<Extent>);
        impl FeatureVisitor for Bounds {
            fn visit<L: Layer>(&mut self, features: &[L]) {
                for extent in features.iter().filter_map(|f| f.geometry().extent()) {
                    self.0 = Some(self.0.map_or(extent, |known| known.union(&extent)));
                }
            }
        }
        let mut bounds = Bounds(None);
        self.visit(&mut bounds);
        bounds.0
    }

    /// Moves every vertex to another reference system of the same vertical datum: altitudes stay as
    /// they are.
    ///
    /// # Errors
    /// When the system of the features is not known, there is no way to the other one, or a vertex
    /// has no place in it. Then nothing is kept.
    pub fn reproject(mut self, target: Crs) -> Result<Self> {
        struct Move {
            transformer: Transformer,
            target: Crs,
            positions: Vec<Position>,
        }
        impl FeatureVisitorMut for Move {
            fn visit<L: Layer>(&mut self, features: &mut Vec<L>) -> Result<()> {
                for feature in features {
                    self.positions.clear();
                    self.positions.extend(feature.geometry().positions());
                    self.transformer.transform(&mut self.positions);
                    if self.positions.iter().any(|p| !p[0].is_finite()) {
                        return Err(Error::Crs {
                            given: self.target.into(),
                            mend: Text::new(
                                format!("{} {} n'y a pas de place", L::NAME, feature.id()),
                                format!("{} {} has no place in it", L::NAME, feature.id()),
                            ),
                        });
                    }
                    let moved = feature.geometry_mut().positions_mut().zip(&self.positions);
                    moved.for_each(|(position, new)| *position = *new);
                }
                Ok(())
            }
        }
        let source = self.crs.ok_or_else(|| Error::Crs {
            given: String::new(),
            mend: Text::new(
                "indiquer crs = \"EPSG:…\" dans le fichier de territoire",
                "state crs = \"EPSG:…\" in the territory file",
            ),
        })?;
        if source != target {
            let transformer = Transformer::new(source, target)?;
            self.visit_mut(&mut Move { transformer, target, positions: Vec::new() })?;
            self.crs = Some(target);
        }
        Ok(self)
    }

    /// Keeps the features that share at least a point with a rectangle, whole.
    pub fn clip(&mut self, extent: &Extent) {
        struct Clip<'a>(&'a Extent);
        impl FeatureVisitorMut for Clip<'_> {
            fn visit<L: Layer>(&mut self, features: &mut Vec<L>) -> Result<()> {
                features.retain(|f| intersects(f.geometry(), self.0));
                Ok(())
            }
        }
        // The visitor never fails.
        let _ = self.visit_mut(&mut Clip(extent));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spatial::{Geometry, Polygon};

    fn square(x: f64) -> Geometry {
        Geometry::Polygons(vec![Polygon::from_corners(&[
            (x, 0.0),
            (x + 1.0, 0.0),
            (x + 1.0, 1.0),
            (x, 1.0),
        ])])
    }

    fn two_buildings() -> Features {
        Features {
            crs: Some(Crs::LAMBERT_93),
            buildings: vec![Building::bare("a", square(0.0)), Building::bare("b", square(10.0))],
            trees: vec![Tree::bare("t", Geometry::Points(vec![[10.5, 0.5, f64::NAN]]))],
            ..Features::default()
        }
    }

    #[test]
    fn clip_keeps_whole_what_touches() {
        let mut features = two_buildings();
        features.clip(&Extent { min_x: 0.5, min_y: 0.5, max_x: 2.0, max_y: 2.0 });
        assert_eq!(features.counts(), BTreeMap::from([("batiment", 1)]));
        assert_eq!(features.extent().unwrap().min_x, 0.0);
    }

    #[test]
    fn merge_adds_a_feature_of_the_border_once() {
        let mut features = two_buildings();
        let repeated = features.merge(two_buildings());
        assert_eq!((repeated, features.len()), (3, 3));
    }

    #[test]
    fn reproject_there_and_back_is_the_same_place() {
        let mut start = two_buildings();
        for building in &mut start.buildings {
            building.geometry.positions_mut().for_each(|p| {
                p[0] += 661_962.4;
                p[1] += 6_357_933.0;
                p[2] = 510.9;
            });
        }
        start.trees.clear();
        let degrees = start.clone().reproject(Crs::WGS_84).unwrap();
        let (longitude, latitude) = degrees.extent().unwrap().centre();
        assert!((2.0..3.0).contains(&longitude) && (44.0..45.0).contains(&latitude));
        let back = degrees.reproject(Crs::LAMBERT_93).unwrap();
        for (a, b) in start.buildings.iter().zip(&back.buildings) {
            for (p, q) in a.geometry.positions().zip(b.geometry.positions()) {
                // A tenth of a millimetre: far below the centimetres of the product.
                assert!((p[0] - q[0]).hypot(p[1] - q[1]) < 1e-4 && p[2] == q[2]);
            }
        }
    }

    #[test]
    fn reproject_needs_a_known_system() {
        let unknown = Features { crs: None, ..two_buildings() };
        assert_eq!(unknown.reproject(Crs::WGS_84).unwrap_err().code(), "crs");
    }
}
