//! NumPy arrays of the folder that `TWIN_DATA` names.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::io::Read;
use std::path::{Path, PathBuf};

use npyz::NpyFile;

/// A file of `heat/`; `None` without the data.
pub(crate) fn data(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("TWIN_DATA")?;
    let path = Path::new(&root).join("heat").join(path);
    path.exists().then_some(path)
}

/// An array of a `.npy` file, in C order.
pub(crate) fn array(path: &str) -> Option<Vec<f64>> {
    Some(numbers(&std::fs::read(data(path)?).unwrap()))
}

/// An array of a `.npz` file.
pub(crate) fn member(path: &str, name: &str) -> Vec<f64> {
    let bytes = std::fs::read(data(path).unwrap()).unwrap();
    let archive = rawzip::ZipArchive::from_slice(&bytes).unwrap();
    let mut entries = archive.entries();
    while let Some(entry) = entries.next_entry().unwrap() {
        if entry.file_path().try_normalize().unwrap().as_ref() != format!("{name}.npy") {
            continue;
        }
        let stored = archive.get_entry(entry.wayfinder()).unwrap();
        if entry.compression_method() == rawzip::CompressionMethod::STORE {
            return numbers(stored.data());
        }
        let mut array = Vec::new();
        flate2::bufread::DeflateDecoder::new(stored.data()).read_to_end(&mut array).unwrap();
        return numbers(&array);
    }
    panic!("{path} has no {name}");
}

fn numbers(npy: &[u8]) -> Vec<f64> {
    let file = NpyFile::new(npy).unwrap();
    match file.dtype().descr().contains("f4") {
        true => file.into_vec::<f32>().unwrap().into_iter().map(f64::from).collect(),
        false => file.into_vec::<f64>().unwrap(),
    }
}
