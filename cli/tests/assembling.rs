//! `twin assemble` in shares, again, with a damaged tile, with a table of one's own.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod commune;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::SystemTime;

use commune::{says, text};
use twin_core::territory::Territory;
use twin_synthetic::CommuneOptions;

/// A commune of four tiles and as many blocks, its sources only.
fn sources() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let options = CommuneOptions {
            size_m: 1100.0,
            points_per_m2: 0.5,
            dyke: false,
            ..CommuneOptions::default()
        };
        let folder = commune::with_sources_of("assembling", &options);
        let file = folder.join("commune.toml");
        let coarser = fs::read_to_string(&file).unwrap().replace("= 1.0", "= 2.0");
        fs::write(&file, coarser).unwrap();
        folder
    })
}

/// Assembles the commune to a folder of that name with more arguments; gives the territory folder
/// and what was said.
fn assemble(name: &str, more: &[&str]) -> (PathBuf, String) {
    let out = sources().join(name).with_extension("twin");
    let file = sources().join("commune.toml");
    let said = says(&[&["assemble", text(&file), "--out", text(&out)], more].concat());
    (out, said)
}

fn hash(territory: &Path) -> String {
    Territory::read_manifest(territory).unwrap().hash
}

fn written(blocks: &Path) -> BTreeMap<PathBuf, SystemTime> {
    let files = fs::read_dir(blocks).unwrap().map(|e| e.unwrap().path());
    files.map(|p| (p.clone(), fs::metadata(&p).unwrap().modified().unwrap())).collect()
}

#[test]
fn shares_and_a_second_run_give_the_same_bytes_and_make_nothing_twice() {
    let (whole, _) = assemble("whole", &["--no-blocks"]);
    let blocks = sources().join("shared.blocks");
    let kept = ["--blocks", text(&blocks)];
    for share in ["1/3", "2/3", "3/3"] {
        let said = assemble("shared", &[&["--shard", share][..], &kept].concat()).1;
        assert!(said.contains("blocs"), "{said}");
    }
    let made = written(&blocks);
    assert_eq!(made.len(), 2 * 4);
    let (shared, _) = assemble("shared", &kept);
    assert_eq!(hash(&shared), hash(&whole));
    let (again, _) = assemble("again", &kept);
    assert_eq!(hash(&again), hash(&whole));
    assert_eq!(written(&blocks), made);
}

#[test]
fn a_damaged_tile_is_told_and_the_rest_goes_on() {
    let (whole, _) = assemble("complete", &["--no-blocks"]);
    let lidar = sources().join("sources/lidar");
    let damaged = sources().join("damaged");
    fs::create_dir_all(&damaged).unwrap();
    let mut tiles: Vec<PathBuf> =
        fs::read_dir(&lidar).unwrap().map(|e| e.unwrap().path()).collect();
    tiles.sort();
    for (k, tile) in tiles.iter().enumerate() {
        let mut bytes = fs::read(tile).unwrap();
        if k + 1 == tiles.len() {
            let half = bytes.len() / 2;
            bytes[half..].fill(0x5a);
        }
        fs::write(damaged.join(tile.file_name().unwrap()), bytes).unwrap();
    }
    let name = tiles.last().unwrap().file_name().unwrap().to_string_lossy().into_owned();
    let file = sources().join("damaged.toml");
    let territory = fs::read_to_string(sources().join("commune.toml")).unwrap();
    fs::write(&file, territory.replace("sources/lidar/", "damaged/")).unwrap();
    let said = says(&["assemble", text(&file), "--no-blocks"]);
    assert!(said.lines().any(|l| l.contains(&name) && l.contains("illisible")), "{said}");
    let (whole, part) = (
        Territory::open(&whole).unwrap(),
        Territory::open(&sources().join("damaged.twin")).unwrap(),
    );
    let (rows, columns) = (100..140, 100..140);
    let window = |t: &Territory| t.window("dtm", rows.clone(), columns.clone()).unwrap();
    assert_eq!(window(&whole), window(&part));
    assert!(part.manifest().quality.cells.void > whole.manifest().quality.cells.void);
}

#[test]
fn a_table_of_ones_own_is_joined_and_an_update_tells_what_it_changed() {
    let (before, _) = assemble("local", &["--no-blocks"]);
    let building = Territory::open(&before).unwrap().features().buildings[0].clone();
    let table = sources().join("logements.csv");
    let row = format!("cleabs;nombre_de_logements;chauffage\n{};42;gaz\n", building.id);
    fs::write(&table, row).unwrap();
    let file = sources().join("local.toml");
    let mut territory = fs::read_to_string(sources().join("commune.toml")).unwrap();
    territory.push_str("[[source]]\nproduct = \"local-table\"\npath = \"logements.csv\"\n");
    fs::write(&file, territory).unwrap();
    let arguments = ["assemble", text(&file), "--out", text(&before), "--update", "--no-blocks"];
    let said = says(&arguments);
    assert!(said.contains("batiment : 0 apparus, 0 disparus, 1 modifiés"), "{said}");
    let changes = fs::read_to_string(before.join("changes.csv")).unwrap();
    assert!(changes.contains(&format!("batiment,{},modifié,,nombre_de_logements", building.id)));
    let after = Territory::open(&before).unwrap();
    let found = after.features().buildings.iter().find(|b| b.id == building.id).unwrap();
    assert_eq!(found.dwellings, Some(42));
    let models = fs::read_to_string(before.join("buildings.city.jsonl")).unwrap();
    let line = models.lines().find(|l| l.contains(&building.id)).unwrap();
    assert!(line.contains("\"chauffage\":\"gaz\"") && line.contains("\"azimut\""), "{line}");
    assert!(!after.features().roof_planes.is_empty());
}
