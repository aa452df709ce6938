//! How many LiDAR points a second does one core decode, select and triangulate?
//!
//! On the tile of the default synthetic commune: LAZ point format 6, 10 pulses per m².

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use twin_core::Result;
use twin_core::assembly::{
    CellAnchor, PointBins, TinOptions, interpolate, select_terrain, surface_points,
};
use twin_core::formats::las::{PointFile, PointQuery};
use twin_core::products::lidar_hd;
use twin_core::spatial::{Extent, GridSpec};
use twin_core::territory::SelectionRule;

fn main() -> Result<()> {
    let sources = twin_benches::sources(env!("CARGO_TARGET_TMPDIR"))?;
    println!("tile: {}", sources.tile.display());
    let mut criterion = Criterion::default().configure_from_args();
    twin_benches::use_one_thread();
    points(&mut criterion, &sources.tile)?;
    criterion.final_summary();
    Ok(())
}

fn points(criterion: &mut Criterion, tile: &std::path::Path) -> Result<()> {
    let file = PointFile::open(tile)?;
    let block = file.read(&PointQuery::default())?;
    let mut group = criterion.benchmark_group("points per second and core");
    group.sample_size(10);

    group.throughput(Throughput::Elements(block.len() as u64));
    group.bench_function("decode LAZ (position, class, returns)", |b| {
        b.iter(|| black_box(file.read(&PointQuery::default())).is_ok());
    });

    let terrain = surface_points(&block, lidar_hd::is_terrain);
    group.throughput(Throughput::Elements(terrain.len() as u64));
    for (name, rule) in [("median", SelectionRule::Median), ("ign-max", SelectionRule::IgnMax)] {
        group.bench_function(format!("select terrain points, rule {name}"), |b| {
            b.iter(|| black_box(select_terrain(&terrain, rule, CellAnchor::default())).len());
        });
    }

    let selected = select_terrain(&terrain, SelectionRule::Median, CellAnchor::default());
    if let (Some(bins), Some(extent)) =
        (PointBins::new(selected), block.extent().as_ref().map(whole_metres))
    {
        group.throughput(Throughput::Elements(bins.len() as u64));
        for cell_size in [1.0, 0.5] {
            let spec = GridSpec::covering(&extent, cell_size);
            group.bench_function(format!("triangulate and interpolate at {cell_size} m"), |b| {
                b.iter(|| {
                    black_box(interpolate(&bins, &spec, &TinOptions::default()))
                        .height
                        .get(0, 0)
                        .copied()
                });
            });
        }
    }
    group.finish();
    Ok(())
}

fn whole_metres(extent: &Extent) -> Extent {
    Extent {
        min_x: extent.min_x.floor(),
        min_y: extent.min_y.floor(),
        max_x: extent.max_x.ceil(),
        max_y: extent.max_y.ceil(),
    }
}
