//! Memory of a fetch. A test file of its own: the peak that is read is that of the whole process.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod asking;
mod server;

use asking::{client, request, run};
use serde_json::json;
use server::{Content, Server};

const TILES: u32 = 100;
const TILE_BYTES: usize = 8_000_000;

/// A commune below many large tiles.
fn content() -> Content {
    let mut content = Content::of_a_commune();
    let mut bytes = b"LASF".to_vec();
    bytes.resize(TILE_BYTES, 7);
    let tile = |k: u32| {
        let path = format!(
            "/telechargement/download/NUAL/LHD_FXX_{:04}_{:04}_PTS_LAMB93_IGN69.copc.laz",
            700 + k % 10,
            6601 + k / 10
        );
        content.files.insert(path.clone(), bytes.clone());
        json!({
            "type": "Feature",
            "id": format!("metadata.{k}"),
            "geometry": null,
            "properties": { "url_npl": format!("http://data.geopf.fr{path}") },
        })
    };
    let index = (0..TILES).map(tile).collect();
    content.layers.insert("IGNF_LIDAR-HD_METADONNEE:metadata".into(), index);
    content
}

/// Most memory that this process had so far, bytes.
fn most_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

#[test]
fn memory_does_not_grow_with_what_comes() {
    let folder = tempfile::tempdir().unwrap();
    let content = content();
    let held: u64 = content.files.values().map(|bytes| bytes.len() as u64).sum();
    let server = Server::start(content, |_, _| None);
    let Some(before) = most_memory() else { return };
    run(&client(&server, 2), &request(folder.path(), &["lidar-hd-tiles"])).unwrap();
    let grown = most_memory().unwrap() - before;
    // The server copies each of eight answers once; the rest passes through blocks of 64 kB.
    assert!(grown < held / 5, "{grown} bytes more for {held}");
    let kept = bytes_within(folder.path());
    assert!(kept >= held, "{kept} bytes of {held} arrived");
}

/// Bytes of the files of a folder and of those within.
fn bytes_within(folder: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let bytes = |entry: std::fs::DirEntry| match entry.file_type().unwrap().is_dir() {
        true => bytes_within(&entry.path()),
        false => entry.metadata().unwrap().len(),
    };
    entries.map(bytes).sum()
}
