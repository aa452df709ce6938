//! Maps, plots and the report of an invented flood in an invented valley.
//!
//! `cargo run --release -p twin-core --example flood_report -- FOLDER`
//!
//! The water is no simulation: its surface is a plane that slopes down the valley. The example
//! shows what the `export` room makes of such grids.

use std::path::Path;

use twin_core::{
    Error, Language, Result,
    export::{
        DepthComparison, Legend, LinePlot, MapSpec, Ramp, Report, Rgb,
        map::{LandCoverTint, Marker, MarkerKind, RasterLayer, VectorStyle},
        plot::{Series, Threshold},
        report::{Cell, Figure, FigurePicture, MassBalance, Source, Table},
    },
    language::Text,
    results::{Indicator, IndicatorGroup, Indicators},
    spatial::{Geometry, Grid, GridSpec, Polygon},
};

/// An invented valley that falls to the east, its river, village, road and levee.
struct Valley {
    terrain: Grid<f32>,
    cover: Grid<u8>,
    buildings: Vec<Geometry>,
    roads: Vec<Geometry>,
    river: Vec<Geometry>,
    levee: Geometry,
    study_area: Geometry,
}

impl Valley {
    fn new(spec: GridSpec) -> Self {
        let terrain = Grid::from_fn(spec, |row, column| {
            let (x, y) = spec.centre(row, column);
            ground_m(&spec, x, y) as f32
        });
        let cover = Grid::from_fn(spec, |row, column| {
            let (x, y) = spec.centre(row, column);
            let side = (y - river_y(&spec, x)).abs() / spec.extent().height();
            let patch = ((x / 170.0).floor() as i64 + (y / 130.0).floor() as i64).rem_euclid(4);
            match () {
                () if side < 0.02 => 13,
                () if side < 0.12 => 5,
                () if side > 0.36 => 7,
                () if patch == 0 => 11,
                () if patch == 1 => 5,
                () => 12,
            }
        });
        let e = spec.extent();
        let along = |offset: f64| -> Geometry {
            let line = (0..=80)
                .map(|i| {
                    let x = e.min_x + e.width() * f64::from(i) / 80.0;
                    [x, river_y(&spec, x) + offset * e.height(), f64::NAN]
                })
                .collect();
            Geometry::Lines(vec![line])
        };
        let mut buildings = Vec::new();
        for i in 0..90 {
            let t = f64::from(i);
            let x = e.min_x + e.width() * (0.30 + 0.0047 * t);
            let side = (t * 2.399).sin() * 0.10 + 0.03;
            let y = river_y(&spec, x) + e.height() * side + if side > 0.0 { 22.0 } else { -22.0 };
            let (w, h) = (9.0 + 7.0 * (t * 1.7).sin().abs(), 8.0 + 4.0 * (t * 0.7).cos().abs());
            let corners = [(x, y), (x + w, y + 2.0), (x + w - 2.0, y + h), (x - 2.0, y + h - 2.0)];
            buildings.push(Geometry::Polygons(vec![Polygon::from_corners(&corners)]));
        }
        let margin = 0.04 * e.height();
        let corners = [
            (e.min_x + margin, e.min_y + margin),
            (e.max_x - 2.0 * margin, e.min_y + 1.6 * margin),
            (e.max_x - margin, e.max_y - margin),
            (e.min_x + 1.5 * margin, e.max_y - 2.0 * margin),
        ];
        let Geometry::Lines(levee) = along(0.045) else { unreachable!() };
        let levee = levee.into_iter().map(|l| l[25..60].to_vec()).collect();
        Self {
            terrain,
            cover,
            buildings,
            roads: vec![along(0.15), along(-0.22)],
            river: vec![along(0.0)],
            levee: Geometry::Lines(levee),
            study_area: Geometry::Polygons(vec![Polygon::from_corners(&corners)]),
        }
    }

    /// Depth under a sloping water surface; the levee keeps the north bank dry below its crest.
    fn depth(&self, rise_m: f64, with_levee: bool) -> Grid<f32> {
        let spec = self.terrain.spec;
        Grid::from_fn(spec, |row, column| {
            let (x, y) = spec.centre(row, column);
            let fall = (x - spec.west) / spec.extent().width();
            let behind = with_levee
                && (0.3125..0.74).contains(&fall)
                && y > river_y(&spec, x) + 0.045 * spec.extent().height();
            if behind {
                return 0.0;
            }
            let level = 40.0 - 6.0 * fall + rise_m + if with_levee { 0.12 } else { 0.0 };
            (level as f32 - self.terrain[(row, column)]).max(0.0)
        })
    }

    fn base<'a>(&'a self, title: &str, language: Language) -> MapSpec<'a> {
        let mut map = MapSpec::new(title, self.terrain.spec.extent());
        map.language = language;
        map.subtitle = language
            .pick("Val-d'Essai · scénario crue-essai", "Val-d'Essai · scenario crue-essai")
            .to_owned();
        map.terrain = Some(&self.terrain);
        map.study_area = Some(&self.study_area);
        map.demo = true;
        map.credits =
            vec![language.pick("vallée et crue inventées", "invented valley and flood").to_owned()];
        map
    }

    fn situation(&self, language: Language) -> MapSpec<'_> {
        let mut map = self.base(language.pick("Carte de situation", "Situation map"), language);
        map.land_cover = Some(LandCoverTint {
            classes: &self.cover,
            palette: vec![
                (5, Rgb::hex(0xd7e3b5), Text::new("herbe", "grass")),
                (7, Rgb::hex(0xa8c69f), Text::new("feuillus", "broadleaf forest")),
                (11, Rgb::hex(0xf2e6bf), Text::new("cultures", "crops")),
                (12, Rgb::hex(0xe3d3b0), Text::new("vignes et vergers", "vineyards and orchards")),
                (13, Rgb::hex(0xb9dcec), Text::new("eau", "water")),
            ],
        });
        map.add_vectors(
            language.pick("cours d'eau", "water course"),
            VectorStyle::water_outline(),
            &self.river,
        );
        map.add_vectors(language.pick("route", "road"), VectorStyle::road(), &self.roads);
        map.add_vectors(
            language.pick("bâtiment", "building"),
            VectorStyle::building(),
            &self.buildings,
        );
        self.markers(&mut map);
        map
    }

    fn markers<'a>(&'a self, map: &mut MapSpec<'a>) {
        let language = map.language;
        map.add_vectors(language.pick("digue", "levee"), VectorStyle::levee(), [&self.levee]);
        let spec = self.terrain.spec;
        let e = spec.extent();
        let at = |fraction: f64| {
            let x = e.min_x + fraction * e.width();
            (x, river_y(&spec, x))
        };
        let (x, y) = at(0.05);
        map.markers.push(Marker {
            x,
            y,
            label: language.pick("débit imposé", "imposed discharge").to_owned(),
            kind: MarkerKind::Inflow { towards_deg: 80.0 },
        });
        for (fraction, name) in [(0.33, "pont amont"), (0.36, "moulin"), (0.72, "pont aval")] {
            let (x, y) = at(fraction);
            map.markers.push(Marker::gauge(x, y, name));
        }
        let (x, y) = at(0.97);
        map.markers.push(Marker {
            x,
            y,
            label: String::new(),
            kind: MarkerKind::Outflow { towards_deg: 85.0 },
        });
    }

    fn flood<'a>(&'a self, depth: &'a Grid<f32>, language: Language) -> MapSpec<'a> {
        let title = language.pick("Hauteur d'eau maximale", "Maximum water depth");
        let mut map = self.base(title, language);
        map.calibrated = Some(false);
        map.rasters.push(RasterLayer::water_depth(depth, Legend::maximum_water_depth()));
        map.add_vectors(language.pick("route", "road"), VectorStyle::road(), &self.roads);
        map.add_vectors(
            language.pick("bâtiment", "building"),
            VectorStyle::building_outline(),
            &self.buildings,
        );
        self.markers(&mut map);
        map
    }
}

fn river_y(spec: &GridSpec, x: f64) -> f64 {
    let e = spec.extent();
    let t = (x - e.min_x) / e.width();
    e.min_y + e.height() * (0.45 + 0.10 * (t * 7.0).sin() + 0.05 * (t * 17.0).sin())
}

fn ground_m(spec: &GridSpec, x: f64, y: f64) -> f64 {
    let e = spec.extent();
    let fall = (x - e.min_x) / e.width();
    let side = (y - river_y(spec, x)) / e.height();
    let hills =
        0.5 * (x / 61.0).sin() * (y / 47.0).cos() + 0.9 * (x / 190.0).cos() * (y / 160.0).sin();
    let bed = -3.0 * (-(side / 0.018).powi(2)).exp();
    40.0 - 6.0 * fall
        + 260.0 * (side.abs() - 0.06).max(0.0).powf(1.6)
        + (hills + 1.0) * (side.abs() * 14.0).min(1.0)
        + bed
}

fn plots(language: Language) -> Vec<LinePlot> {
    let wave = |peak: f64, at_h: f64, base: f64| -> Vec<(f64, f64)> {
        (0..=144)
            .map(|i| {
                let t = f64::from(i) * 300.0;
                let s = t / 3600.0 / at_h;
                (t, base + peak * (s * (1.0 - s).exp()).powi(4))
            })
            .collect()
    };
    let series = |label: &str, points| Series { label: label.to_owned(), points };
    vec![
        LinePlot {
            title: language.pick("Débits", "Discharges").into(),
            quantity: language.pick("Débit", "Discharge").into(),
            unit: "m³/s".into(),
            series: vec![
                series(language.pick("entrée imposée", "imposed inflow"), wave(1250.0, 3.0, 40.0)),
                series("pont amont", wave(1190.0, 3.5, 40.0)),
                series("pont aval", wave(1080.0, 4.4, 40.0)),
            ],
            thresholds: vec![],
            demo: true,
            language,
        },
        LinePlot {
            title: language
                .pick("Niveaux d'eau aux points de suivi", "Water levels at gauges")
                .into(),
            quantity: language.pick("Niveau", "Level").into(),
            unit: "m NGF-IGN69".into(),
            series: vec![
                series("pont amont", wave(2.4, 3.5, 37.1)),
                series("moulin", wave(2.2, 3.6, 36.8)),
            ],
            thresholds: vec![Threshold {
                label: language.pick("crête de la digue", "levee crest").into(),
                value: 39.2,
            }],
            demo: true,
            language,
        },
    ]
}

/// Invented figures beside the one that the grid gives: the flooded area, m².
fn indicators(flooded_m2: f64) -> Indicators {
    let extent = IndicatorGroup {
        id: "extent".into(),
        title: Text::new("Étendue", "Extent"),
        rows: vec![Indicator::quantity(
            "area_flooded",
            Text::new("Surface inondée", "Flooded area"),
            flooded_m2 / 1e4,
            "ha",
            1,
        )],
    };
    let people = IndicatorGroup {
        id: "people".into(),
        title: Text::new("Bâtiments et habitants", "Buildings and people"),
        rows: vec![
            Indicator::count(
                "buildings_reached",
                Text::new(
                    "Bâtiments atteints (10 cm et plus)",
                    "Buildings reached (10 cm and more)",
                ),
                42,
            ),
            Indicator::count(
                "people_reached",
                Text::new("Habitants dans les bâtiments atteints", "People in these buildings"),
                1200,
            )
            .with_note(Text::new(
                "estimé d'après les logements, arrondi à la centaine",
                "estimated from dwellings, rounded to hundreds",
            )),
            Indicator::unknown(
                "schools_reached",
                Text::new("Établissements scolaires atteints", "Schools reached"),
                "1",
                Text::new("équipements absents des données", "no facilities in the data"),
            ),
        ],
    };
    Indicators { groups: vec![extent, people] }
}

fn report(valley: &Valley, depth: &Grid<f32>, language: Language) -> Result<Report> {
    let pick = |fr: &'static str, en: &'static str| language.pick(fr, en).to_owned();
    let reference = valley.depth(2.6, false);
    let comparison = DepthComparison::new(depth, &reference, 0.01)?;
    let mut difference = valley.base(&pick("Effet de la digue", "Effect of the levee"), language);
    difference.subtitle = pick(
        "Écart : scénario avec digue − scénario de référence",
        "Difference: scenario with levee − reference scenario",
    );
    difference.calibrated = Some(false);
    difference.add_vectors(pick("digue", "levee"), VectorStyle::levee(), [&valley.levee]);
    difference.add_vectors(
        pick("bâtiment", "building"),
        VectorStyle::building_outline(),
        &valley.buildings,
    );
    let difference = comparison.map(difference);
    let figure = |map: &MapSpec<'_>, caption: String| -> Result<Figure> {
        Ok(Figure {
            title: map.title.clone(),
            alt: caption.clone(),
            caption,
            picture: FigurePicture::Svg(map.svg()?),
        })
    };
    let wet = depth.values.iter().filter(|d| **d >= 0.01).count() as f64 * depth.spec.cell_area();
    let mut structures = Table::new(
        pick("Ouvrages", "Structures"),
        [
            pick("Ouvrage", "Structure"),
            pick("Cote demandée (m NGF-IGN69)", "Crest asked for (m NGF-IGN69)"),
            pick("Cote sur la grille (m)", "Crest on the grid (m)"),
            pick("Mailles", "Cells"),
        ],
    );
    structures.rows.push(vec![
        pick("digue-nord", "digue-nord").into(),
        Cell::Number(39.2, 2),
        Cell::Number(39.2, 2),
        Cell::Number(148.0, 0),
    ]);
    let mut parameters = Table::new(
        pick("Paramètres", "Parameters"),
        [pick("Paramètre", "Parameter"), pick("Valeur", "Value")],
    );
    parameters.push([pick("résolution de la grille", "grid resolution"), "5 m".to_owned()]);
    parameters.push([pick("durée", "duration"), "12 h".to_owned()]);
    let mut versions =
        Table::new("Versions", [pick("Composant", "Component"), "Version".to_owned()]);
    versions.push(["twin", "0.1.0"]);
    let mut run_time = Table::new(
        pick("Temps de calcul", "Run time"),
        [pick("Étape", "Step"), pick("Durée (s)", "Duration (s)")],
    );
    run_time.rows.push(vec![pick("calcul", "run").into(), Cell::Number(41.7, 1)]);
    Ok(Report {
        language,
        title: pick("Crue d'essai avec digue", "Test flood with a levee"),
        subtitle: pick("Inondation par débordement de rivière", "River flood"),
        territory: "Val-d'Essai".into(),
        scenario_id: "crue-essai-digue".into(),
        scenario_description: pick(
            "Une digue est construite en rive gauche ; le débit imposé est celui du jeu de démonstration.",
            "A levee is built on the left bank; the imposed discharge is that of the demonstration set.",
        ),
        run_id: "flood/3f9c1e7a".into(),
        demo: true,
        calibrated: false,
        key_messages: vec![Text::new(
            "42 bâtiments sont atteints par au moins 10 cm d'eau, contre 61 sans la digue.",
            "42 buildings are reached by at least 10 cm of water, against 61 without the levee.",
        )],
        warnings: vec![Text::new(
            "Le calcul de rupture de la digue accompagne ce scénario : le lire avec celui-ci.",
            "The breach run of the levee comes with this scenario: read both together.",
        )],
        maps: vec![
            figure(
                &valley.situation(language),
                pick(
                    "Le terrain, les bâtiments et ce que le scénario impose.",
                    "The terrain, the buildings and what the scenario imposes.",
                ),
            )?,
            figure(
                &valley.flood(depth, language),
                pick(
                    "La plus grande hauteur d'eau de chaque maille pendant tout le scénario.",
                    "The largest water depth of each cell during the whole scenario.",
                ),
            )?,
            figure(
                &difference,
                pick(
                    "En rouge, l'eau monte plus haut qu'au scénario de référence ; en bleu, moins haut.",
                    "Red: the water rises higher than in the reference scenario; blue: less high.",
                ),
            )?,
        ],
        indicators: indicators(wet),
        plots: plots(language)
            .iter()
            .map(|plot| Figure {
                title: plot.title.clone(),
                caption: String::new(),
                alt: plot.description(),
                picture: FigurePicture::Svg(plot.svg()),
            })
            .collect(),
        mass_balance: Some(MassBalance {
            initial_m3: 120_000.0,
            inflow_m3: 18_456_000.0,
            outflow_m3: 15_021_500.0,
            stored_m3: 3_554_500.0,
            relative_error: 2.3e-12,
        }),
        structures: Some(structures),
        hypotheses: vec![
            Text::new(
                "Le lit et le sol ne changent pas pendant la crue.",
                "Bed and ground do not change during the flood.",
            ),
            Text::new(
                "La rugosité vient de l'occupation du sol.",
                "Roughness follows from land cover.",
            ),
        ],
        limits: vec![Text::new(
            "Les embâcles, les réseaux enterrés et l'érosion ne sont pas représentés.",
            "Log jams, buried networks and erosion are not represented.",
        )],
        parameters: Some(parameters),
        sources: vec![Source {
            product: pick("vallée inventée", "invented valley"),
            edition: "1".into(),
            licence: "Licence Ouverte 2.0".into(),
            attribution: "–".into(),
            hash: "blake3:8f0c2b6e1d4a".into(),
        }],
        versions: Some(versions),
        run_time: Some(run_time),
        ..Report::default()
    })
}

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "flood-report".to_owned());
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder).map_err(Error::write(folder))?;
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).map_err(Error::write(&path))
    };
    for (name, cell_size, columns, rows) in
        [("square", 5.0, 300, 300), ("wide", 2.0, 2000, 500), ("tall", 5.0, 120, 400)]
    {
        let spec = GridSpec { west: 352_180.0, north: 6_791_340.0, cell_size, columns, rows };
        let valley = Valley::new(spec);
        let depth = valley.depth(2.6, true);
        for language in [Language::Fr, Language::En] {
            let code = language.code();
            write(&format!("situation-{name}-{code}.png"), &valley.situation(language).png(1600)?)?;
            write(&format!("depth-{name}-{code}.png"), &valley.flood(&depth, language).png(1600)?)?;
        }
        let mut heights = valley.base("Altitude du terrain", Language::Fr);
        let (low, high) = valley.terrain.range().unwrap_or((0.0, 1.0));
        heights.rasters.push(RasterLayer {
            opacity: 0.6,
            ..RasterLayer::new(
                &valley.terrain,
                Legend::continuous(Text::new("Altitude", "Height"), "m", low, high, Ramp::Batlow),
            )
        });
        write(&format!("heights-{name}.png"), &heights.png(1600)?)?;
        if name == "square" {
            write("depth-square.svg", valley.flood(&depth, Language::Fr).svg()?.as_bytes())?;
            for language in [Language::Fr, Language::En] {
                let report = report(&valley, &depth, language)?;
                let html = twin_core::export::report::render(&report)?;
                write(&format!("report-{}.html", language.code()), html.as_bytes())?;
            }
        }
    }
    for (i, plot) in plots(Language::Fr).iter().enumerate() {
        let png = twin_core::export::picture::png_from_svg(&plot.svg(), 1600, "")?;
        write(&format!("plot-{i}.png"), &png)?;
    }
    Ok(())
}
