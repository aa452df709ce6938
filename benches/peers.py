#!/usr/bin/env python3
"""The peers of points_per_second.rs on the same tile, one thread.

    benches/peers.py TILE.laz

laspy with its lazrs backend for decoding, scipy's Delaunay (Qhull) and linear interpolation for the
terrain. Needs laspy[lazrs], numpy and scipy.
"""

import sys
import time

import laspy
import numpy as np
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import Delaunay


def timed(name, count, work, repeats=3):
    best = float("inf")
    for _ in range(repeats):
        started = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - started)
    print(f"{name}: {count / best / 1e6:.2f} million points per second ({best:.2f} s)")
    return result


def main(path):
    fields = laspy.DecompressionSelection
    wanted = fields.XY_RETURNS_CHANNEL | fields.Z | fields.CLASSIFICATION | fields.FLAGS
    with laspy.open(path) as file:
        count = file.header.point_count
    for name, selection in [("all fields", fields.all()), ("same fields", wanted)]:
        lazrs = {"laz_backend": laspy.LazBackend.Lazrs, "decompression_selection": selection}
        cloud = timed(f"laspy + lazrs, {name}", count, lambda: laspy.read(path, **lazrs))

    # One ground point per cell of 0.5 m, as the terrain is made from.
    ground = cloud.classification == 2
    x, y, z = (np.asarray(v)[ground] for v in (cloud.x, cloud.y, cloud.z))
    cells = np.floor(x / 0.5).astype(np.int64) * 100_000_000 + np.floor(y / 0.5).astype(np.int64)
    _, first = np.unique(cells, return_index=True)
    points = np.stack([x[first] - x.min(), y[first] - y.min()], axis=1)
    heights = z[first]
    mesh = timed("scipy Delaunay", len(points), lambda: Delaunay(points), repeats=1)
    side = np.arange(0.5, np.floor(points.max()), 1.0)
    columns, rows = np.meshgrid(side, side)

    def grid():
        return LinearNDInterpolator(mesh, heights)(columns, rows)

    timed("scipy linear interpolation at 1 m", len(points), grid, repeats=1)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
