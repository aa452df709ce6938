//! BD TOPO V3 of IGN: GeoPackage and WFS with long names, official shapefiles with 10-letter names,
//! shapefiles with long names cut by GDAL.
//!
//! What the product does not say stays unknown. Objects are kept in the state *En projet* and
//! *En ruine* too: whoever uses them decides.

mod field_map;

use super::facility_table::FacilityTable;
use super::hedges::add_vegetation;
use super::import_report::{ImportReport, LayerReport};
use super::layer_import::{Columns, import};
use crate::formats::FeatureTable;
use crate::language::Text;
use crate::territory::{Building, Facility, Features};
use crate::{Error, Result};
use field_map::FieldMaps;

/// Reader of BD TOPO.
#[derive(Debug, Clone)]
pub struct BdTopo {
    maps: FieldMaps,
    facilities: FacilityTable,
}

impl BdTopo {
    /// A reader with the tables that come with the program.
    pub fn new() -> Result<Self> {
        Ok(Self { maps: FieldMaps::built_in()?, facilities: FacilityTable::built_in()? })
    }

    /// With another table of facility classes.
    pub fn with_facility_table(mut self, table: FacilityTable) -> Self {
        self.facilities = table;
        self
    }

    /// Features of the tables of one or several deliveries, all in one reference system. Geometries
    /// in longitude and latitude stay so: the caller reprojects. What was read, left out or not
    /// understood goes to the report.
    pub fn from_tables(
        &self,
        tables: impl IntoIterator<Item = FeatureTable>,
        report: &mut ImportReport,
    ) -> Result<Features> {
        let mut features = Features::default();
        for table in tables {
            self.add_table(table, &mut features, report)?;
        }
        Ok(features)
    }

    fn add_table(
        &self,
        table: FeatureTable,
        features: &mut Features,
        report: &mut ImportReport,
    ) -> Result<()> {
        let Some(map) = self.maps.recognise(&table) else {
            report.ignored.push(table.name);
            return Ok(());
        };
        match (features.crs, table.crs) {
            (None, crs) => features.crs = crs,
            (Some(known), Some(crs)) if known != crs => {
                return Err(Error::Crs {
                    given: format!("{} (EPSG:{})", table.name, crs.epsg()),
                    mend: Text::new(
                        format!("les autres couches sont en EPSG:{} ; reprojeter", known.epsg()),
                        format!("the other layers are in EPSG:{}; reproject", known.epsg()),
                    ),
                });
            }
            _ => {}
        }
        let mut layer = LayerReport::new(&table.name, &map.layer);
        let columns = map.columns(&table, &mut layer);
        if columns.is_empty() && !table.features.is_empty() {
            layer.warn(
                "aucun attribut : le fichier .dbf manque peut-être ; géométrie seule",
                "no attribute: the .dbf file may be missing; geometry only",
            );
        }
        if map.layer == "zone_de_vegetation" {
            add_vegetation(table, &columns, features, layer, report);
        } else {
            self.add_features(&map.layer, table, &columns, features, &mut layer);
            report.layers.push(layer);
        }
        Ok(())
    }

    fn add_features(
        &self,
        layer: &str,
        table: FeatureTable,
        columns: &Columns,
        features: &mut Features,
        report: &mut LayerReport,
    ) {
        let f = features;
        match layer {
            "batiment" => {
                let first = f.buildings.len();
                import(table, columns, report, &mut f.buildings);
                count_heights(&f.buildings[first..], report);
            }
            "construction_lineaire" => {
                import(table, columns, report, &mut f.linear_constructions);
            }
            "construction_ponctuelle" => {
                import(table, columns, report, &mut f.point_constructions);
            }
            "construction_surfacique" => {
                import(table, columns, report, &mut f.surface_constructions);
            }
            "reservoir" => import(table, columns, report, &mut f.reservoirs),
            "cimetiere" => import(table, columns, report, &mut f.cemeteries),
            "terrain_de_sport" => import(table, columns, report, &mut f.sports_grounds),
            "pylone" => import(table, columns, report, &mut f.pylons),
            "ligne_orographique" => import(table, columns, report, &mut f.relief_lines),
            "troncon_hydrographique" => import(table, columns, report, &mut f.water_courses),
            "surface_hydrographique" => import(table, columns, report, &mut f.water_surfaces),
            "plan_d_eau" => import(table, columns, report, &mut f.water_bodies),
            "cours_d_eau" => import(table, columns, report, &mut f.named_water_courses),
            "haie" => import(table, columns, report, &mut f.hedges),
            "troncon_de_route" => import(table, columns, report, &mut f.roads),
            "troncon_de_voie_ferree" => import(table, columns, report, &mut f.rails),
            "equipement_de_transport" => import(table, columns, report, &mut f.transport_sites),
            "piste_d_aerodrome" => import(table, columns, report, &mut f.runways),
            "commune" => import(table, columns, report, &mut f.communes),
            _ => self.add_facilities(layer, table, columns, &mut f.facilities, report),
        }
    }

    fn add_facilities(
        &self,
        layer: &str,
        table: FeatureTable,
        columns: &Columns,
        facilities: &mut Vec<Facility>,
        report: &mut LayerReport,
    ) {
        let first = facilities.len();
        let mut columns = columns.clone();
        for (own, name) in [("libelle", "toponyme"), ("type_principal", "nature")] {
            if let (Some(&column), false) = (columns.get(own), columns.contains_key(name)) {
                columns.insert(name.to_owned(), column);
            }
        }
        import(table, &columns, report, facilities);
        report.missing.retain(|name| !matches!(name.as_str(), "classes" | "couche_source"));
        for facility in facilities.iter_mut().skip(first) {
            facility.source_layer = Some(layer.to_owned());
            facility.classes = self.facilities.classes(
                layer,
                facility.nature.as_deref(),
                facility.detail.as_deref(),
            );
        }
    }
}
/// Says how many buildings have no height, or one of zero, which tells no more.
fn count_heights(buildings: &[Building], report: &mut LayerReport) {
    let count = |is_counted: fn(Option<f64>) -> bool| {
        buildings.iter().filter(|b| is_counted(b.height_m)).count()
    };
    match count(|h| h.is_none()) {
        0 => (),
        n => report.warn(format!("{n} sans hauteur"), format!("{n} without height")),
    }
    match count(|h| h.is_some_and(|h| h <= 0.0)) {
        0 => (),
        n => report.warn(format!("{n} de hauteur nulle"), format!("{n} with a height of zero")),
    }
}
