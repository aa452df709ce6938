#!/usr/bin/env python3
"""Terrain and surface of a LiDAR HD tile on cells of 0.5 m beside laspy with lazrs, scipy and Whitebox Workflows.

    benches/compare terrain [TILE.laz]

Without a tile, the synthetic commune of 1 km² at 20 pulses per m². The peers run as programs; none of their code is
in this repository.
"""

import os
import subprocess
import sys
import tempfile
import time

import laspy
import numpy as np
import whitebox_workflows
from scipy.spatial import Delaunay

OURS = sys.argv[1]
CELL_M = 0.5


def timed(name, work):
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{name}: {wall:.1f} s, {cpu:.1f} s of processor time", flush=True)
    return result


def compare(path):
    print("ours")
    sys.stdout.flush()
    subprocess.run([OURS, "models", path], check=True)

    print("laspy with lazrs, one thread")
    fields = laspy.DecompressionSelection
    wanted = fields.XY_RETURNS_CHANNEL | fields.Z | fields.CLASSIFICATION | fields.FLAGS
    for name, selection in [("every field", fields.all()), ("position, class and returns", wanted)]:
        lazrs = {"laz_backend": laspy.LazBackend.Lazrs, "decompression_selection": selection}
        cloud = timed(f"  {name}", lambda: laspy.read(path, **lazrs))

    print("scipy (Qhull), one ground point a cell of 0.5 m, triangulation alone")
    ground = cloud.classification == 2
    x, y = (np.asarray(v)[ground] for v in (cloud.x, cloud.y))
    cells = np.floor(x / CELL_M).astype(np.int64) * 100_000_000 + np.floor(y / CELL_M).astype(np.int64)
    _, first = np.unique(cells, return_index=True)
    points = np.stack([x[first] - x.min(), y[first] - y.min()], axis=1)
    del cloud
    timed(f"  {len(points)} points", lambda: Delaunay(points))

    print("Whitebox Workflows, the tile read by each tool")
    environment = whitebox_workflows.WbEnvironment()
    lidar = environment.lidar.interpolation_gridding
    others = [code for code in range(70) if code != 2]
    with tempfile.TemporaryDirectory() as folder:

        def run(tool, name, **options):
            # Read again: what it holds of a file it keeps.
            tile = environment.read_lidar(path)
            target = os.path.join(folder, f"{name}.tif")
            timed(f"  {name}", lambda: tool(input=tile, resolution=CELL_M, output_path=target, **options))

        run(lidar.lidar_block_maximum, "highest point a cell")
        run(lidar.lidar_tin_gridding, "terrain by triangulation", excluded_classes=others)
        run(lidar.lidar_tin_gridding, "surface by triangulation", returns_included="first")


if len(sys.argv) > 2:
    compare(sys.argv[2])
else:
    with tempfile.TemporaryDirectory() as folder:
        made = subprocess.run([OURS, "make", folder], check=True, text=True, capture_output=True)
        compare(made.stdout.strip())
