//! The commune's files.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use twin_core::formats::FeatureTable;
use twin_core::formats::geopackage::GeoPackageWriter;
use twin_core::{Error, Result};

use crate::commune::Commune;
use crate::{bd_topo, tiles, zoning};

/// What [`Commune::write`] wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// LiDAR HD tiles, from the north-west.
    pub lidar: Vec<PathBuf>,
    /// BD TOPO V3.
    pub bd_topo: PathBuf,
    /// OCS GE.
    pub ocs_ge: PathBuf,
    /// Parcels (`parcelle`) and planning zones (`zone_urba`).
    pub planning: PathBuf,
    /// GeoJSON of the scenario geometry: `inflow`, `outflow`, `dyke`, `breach`, `gauges`,
    /// `study_area`, `protected_quarter`.
    pub scenario: Vec<PathBuf>,
    /// Discharge in time, CSV with a header `time_s;discharge_m3_s`.
    pub hydrograph: PathBuf,
}

impl Commune {
    /// Writes the national products and the scenario geometry into a folder, which is made if it
    /// does not exist. Files there of the same names are replaced.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<Written> {
        let lidar_folder = folder.join("lidar");
        std::fs::create_dir_all(&lidar_folder).map_err(Error::write(&lidar_folder))?;
        let department: String = self.options.insee_code.chars().take(2).collect();
        let bd_topo = folder.join(format!("BDT_3-5_GPKG_LAMB93_D0{department}-ED2024-06-15.gpkg"));
        geopackage(&bd_topo, &bd_topo::layers(self))?;
        let ocs_ge = folder.join(format!("OCS-GE_2-0__GPKG_LAMB93_D0{department}_2024-01-01.gpkg"));
        geopackage(&ocs_ge, &[zoning::ocs_ge(self)])?;
        let planning = folder.join("urbanisme.gpkg");
        geopackage(&planning, &[zoning::parcels(self), zoning::planning_zones(self)])?;
        let lidar = tiles::write(self, &lidar_folder)?;
        let (scenario, hydrograph) = self.write_scenario(&folder.join("scenario"))?;
        Ok(Written { lidar, bd_topo, ocs_ge, planning, scenario, hydrograph })
    }

    fn write_scenario(&self, folder: &Path) -> Result<(Vec<PathBuf>, PathBuf)> {
        std::fs::create_dir_all(folder).map_err(Error::write(folder))?;
        let geometry = self.scenario_geometry();
        let line = |points: Json| json!({ "type": "LineString", "coordinates": points });
        let area = |ring: Json| json!({ "type": "Polygon", "coordinates": [ring] });
        let one = |geometry: Json, properties: Json| vec![feature(geometry, properties)];
        let dyke = json!({
            "height_above_bank_m": geometry.dyke.height_above_bank,
            "crest_width_m": geometry.dyke.crest_width,
            "datum": "NGF-IGN69",
        });
        let breach = json!({ "floor_m": geometry.breach_floor, "datum": "NGF-IGN69" });
        let outflow = json!({ "slope": geometry.outflow_slope });
        let gauges = geometry
            .gauges
            .iter()
            .map(|(name, at)| {
                feature(json!({ "type": "Point", "coordinates": at }), json!({ "name": name }))
            })
            .collect();
        let none = json!({});
        let files = [
            ("inflow", one(line(json!(geometry.inflow)), none.clone())),
            ("outflow", one(line(json!(geometry.outflow)), outflow)),
            ("dyke", one(line(json!(geometry.dyke.line)), dyke)),
            ("breach", one(line(json!(geometry.breach)), breach)),
            ("gauges", gauges),
            ("study_area", one(area(json!(geometry.study_area)), none.clone())),
            ("protected_quarter", one(area(json!(geometry.protected_quarter)), none)),
        ];
        let mut paths = Vec::new();
        for (name, features) in files {
            let path = folder.join(format!("{name}.geojson"));
            let collection = json!({
                "type": "FeatureCollection",
                "name": name,
                "crs": { "type": "name", "properties": { "name": "urn:ogc:def:crs:EPSG::2154" } },
                "features": features,
            });
            std::fs::write(&path, format!("{collection:#}\n")).map_err(Error::write(&path))?;
            paths.push(path);
        }
        let path = folder.join("hydrograph.csv");
        let mut csv = String::from("time_s;discharge_m3_s\n");
        for (time, discharge) in &geometry.hydrograph {
            csv.push_str(&format!("{time:.0};{discharge:.1}\n"));
        }
        std::fs::write(&path, csv).map_err(Error::write(&path))?;
        Ok((paths, path))
    }
}

fn feature(geometry: Json, properties: Json) -> Json {
    json!({ "type": "Feature", "properties": properties, "geometry": geometry })
}

fn geopackage(path: &Path, tables: &[FeatureTable]) -> Result<()> {
    let mut writer = GeoPackageWriter::create(path)?.with_last_change("2024-06-15T00:00:00.000Z");
    for table in tables {
        writer.add_table(table, &table.name, "Synthetic commune for demonstration")?;
    }
    writer.finish()
}
