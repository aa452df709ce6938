#!/usr/bin/env python3
"""The drainage engine beside pysheds, Landlab and Whitebox Workflows: same results, and how long they take.

    benches/compare drainage [DTM.tif]

Without a DTM it makes a rough terrain of 1000 x 1000 cells of 1 m. Peers run as programs; none of their
code is in this repository. One thread, as the peers.
"""

import heapq
import os
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("RAYON_NUM_THREADS", "1")
import numpy as np
import rasterio
import whitebox_workflows
from affine import Affine
from pysheds.sgrid import sGrid
from pysheds.view import Raster, ViewFinder

OURS = sys.argv[1]
# Our neighbours are numbered clockwise from the east: so are the powers of two of ESRI and pysheds.
ESRI = np.array([1, 2, 4, 8, 16, 32, 64, 128, 0])


def rough(side):
    """Hills of three sizes on a slope with a noise of centimetres, from a fixed seed."""
    y, x = np.mgrid[0:side, 0:side].astype(float)
    hills = sum(
        height * np.sin(x / length + 0.3) * np.sin(y / length - 0.7)
        for length, height in [(210, 12), (60, 3), (17, 0.4)]
    )
    noise = np.random.default_rng(1).uniform(0, 0.05, (side, side))
    return (hills - 0.01 * x + noise).astype("f4"), 1.0


def without_flats(terrain, rise=np.float32(1e-3)):
    """The terrain raised until every cell within it has a neighbour lower by a millimetre at least."""
    rows, columns = terrain.shape
    level = np.where(np.isfinite(terrain), terrain, np.inf).astype("f4")
    waiting, reached = [], ~np.isfinite(terrain)
    for row in range(rows):
        for column in range(columns):
            near = terrain[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
            rim = near.size < 9 or not np.isfinite(near).all()
            if rim and not reached[row, column]:
                reached[row, column] = True
                heapq.heappush(waiting, (level[row, column], row, column))
    while waiting:
        own, row, column = heapq.heappop(waiting)
        for r in range(max(row - 1, 0), min(row + 2, rows)):
            for c in range(max(column - 1, 0), min(column + 2, columns)):
                if not reached[r, c]:
                    reached[r, c] = True
                    level[r, c] = max(level[r, c], own + rise)
                    heapq.heappush(waiting, (level[r, c], r, c))
    return np.where(np.isfinite(terrain), level, np.nan).astype("f4")


def seconds(work):
    begin = time.perf_counter()
    done = work()
    return done, time.perf_counter() - begin


def same(title, ours, theirs, where, tolerance=0.0):
    """Prints the share of cells where two grids are equal within a relative tolerance."""
    near = np.abs(ours - theirs) <= tolerance * np.maximum(np.abs(theirs), 1e-9)
    print(f"  {title}: {100 * near[where].mean():.4f} % of {where.sum()} cells equal, "
          f"largest difference {np.abs(ours - theirs)[where].max():.6g}")
    return near


if len(sys.argv) > 2:
    with rasterio.open(sys.argv[2]) as source:
        terrain, size = source.read(1).astype("f4"), source.res[0]
        if source.nodata is not None:
            terrain[terrain == source.nodata] = np.nan
else:
    terrain, size = rough(1000)
rows, columns = terrain.shape
known = np.isfinite(terrain)
print(f"{rows} x {columns} cells of {size} m, {known.mean():.1%} with a value")

with tempfile.TemporaryDirectory() as folder:

    def route(dem):
        """Seconds by step, and what our engine makes of a terrain."""
        dem.astype("<f4").tofile(f"{folder}/dem")
        arguments = [rows, columns, size, 1, f"{folder}/dem", f"{folder}/out"]
        said = subprocess.run(
            [OURS, "route", *map(str, arguments)], check=True, text=True, capture_output=True
        ).stdout
        kinds = {"breached": "<f4", "level": "<f4", "d8": "u1", "area": "<f8", "dinf": "<f8"}
        grids = {
            name: np.fromfile(f"{folder}/out.{name}", dtype=kind).reshape(rows, columns)
            for name, kind in kinds.items()
        }
        return {name: float(s) for name, s in (line.split() for line in said.splitlines())}, grids

    times, grids = route(terrain)
    level, breached, d8, area = (grids[name] for name in ["level", "breached", "d8", "area"])

    def to_tif(values, name):
        profile = dict(driver="GTiff", width=columns, height=rows, count=1, dtype=values.dtype.name,
                       crs="EPSG:2154", transform=Affine(size, 0, 7e5, 0, -size, 6.6e6), nodata=-9999)
        path = f"{folder}/{name}.tif"
        with rasterio.open(path, "w", **profile) as target:
            target.write(np.where(np.isnan(values), -9999, values) if values.dtype.kind == "f" else values, 1)
        return path

    print("ours, seconds: " + ", ".join(f"{name} {s:.3f}" for name, s in times.items()))
    inner = known.copy()
    inner[[0, -1]] = inner[:, [0, -1]] = False

    print("pysheds")
    view = ViewFinder(affine=Affine(size, 0, 0, 0, -size, 0), shape=terrain.shape, nodata=np.float32(np.nan))
    grid = sGrid(viewfinder=view)
    # It fills in place and compiles at the first call.
    for _ in range(2):
        raster = Raster(terrain.copy(), viewfinder=view)
        filled, s = seconds(lambda: grid.fill_depressions(raster))
    print(f"  filling {s:.3f} s, {s / times['flood']:.1f} times ours")
    same("filled levels", level, np.asarray(filled), known, 1e-7)
    codes = ViewFinder(affine=view.affine, shape=terrain.shape, nodata=np.int64(0))
    # Its accumulation compiles at the first call.
    for _ in range(2):
        theirs, s = seconds(lambda: grid.accumulation(Raster(ESRI[d8], viewfinder=codes), routing="d8"))
    print(f"  accumulation {s:.3f} s, {s / times['accumulate']:.1f} times ours")
    # It takes our code of an outlet for a void and leaves its own cell out.
    same("D8 accumulation on the same directions", area, np.asarray(theirs), known & (d8 < 8))

    print("Landlab")
    from landlab import RasterModelGrid
    from landlab.components import FlowAccumulator
    if known.all():
        # Its rows go from the south; every cell at the edge lets water out.
        model = RasterModelGrid((rows, columns), xy_spacing=size)
        model.add_field("topographic__elevation", level[::-1].astype("f8").copy().ravel(), at="node")
        flow = FlowAccumulator(model, flow_director="D8")
        _, s = seconds(flow.run_one_step)
        # Landlab's receivers in our numbers of cells.
        receiver = model.at_node["flow__receiver_node"].reshape(rows, columns)[::-1]
        node = np.arange(rows * columns).reshape(rows, columns)[::-1]
        step = receiver - node
        ours = np.array([1, 1 - columns, -columns, -columns - 1, -1, columns - 1, columns, columns + 1, 0])[d8]
        falls = inner & (step != 0)
        same("D8 directions where it finds one", ours, step, falls)
        cell = np.arange(rows * columns).reshape(rows, columns)
        height = level.astype("f8").ravel()

        def fall(step):
            """Fall along steps in Landlab's numbers, whose rows go from the south."""
            up = np.round(step / columns).astype(int)
            right = step - up * columns
            to = np.clip(cell - up * columns + right, 0, cell.size - 1)
            return (height[cell] - height[to]) / np.where((up != 0) & (right != 0), np.sqrt(2), 1)

        differ = falls & (ours != step)
        print(f"  of {differ.sum()} that differ, {(differ & (fall(ours) == fall(step))).sum()} fall as steeply")
        print(f"  directions and accumulation {s:.3f} s, "
              f"{s / (times['d8'] + times['accumulate']):.1f} times ours")
    else:
        print("  skipped: the terrain has voids")

    print("Whitebox Workflows")
    wbe = whitebox_workflows.WbEnvironment()
    wbe.max_procs = 1
    rooms = [wbe.hydrology.flow_routing, wbe.hydrology.depressions_storage]
    read_tif = lambda path: rasterio.open(path).read(1)

    def whitebox(tool, path, key="dem", **options):
        out = f"{folder}/whitebox.tif"
        raster = wbe.read_raster(path)
        run = next(getattr(room, tool) for room in rooms if hasattr(room, tool))
        result, s = seconds(lambda: run(**{key: raster}, **options))
        wbe.write_raster(result, out)
        return read_tif(out).astype("f8"), s

    level_path = to_tif(level, "level")
    flat = np.zeros_like(known)
    flat[1:-1, 1:-1] = np.min(
        [level[1 + r : rows - 1 + r, 1 + c : columns - 1 + c] for r in (-1, 0, 1) for c in (-1, 0, 1)], axis=0
    ) >= level[1:-1, 1:-1]
    pointer, s = whitebox("d8_pointer", level_path, esri_pntr=True)
    same("D8 directions off flats", ESRI[d8], pointer, inner & ~flat)
    theirs, s = whitebox("d8_flow_accum", to_tif(ESRI[d8].astype("f4"), "pointer"), "input", out_type="cells",
                         input_is_pointer=True, esri_pntr=True)
    print(f"  D8 accumulation {s:.3f} s, {s / times['accumulate']:.1f} times ours")
    same("D8 accumulation on the same directions", area, theirs, known)
    # D-infinity on a terrain where every cell has a lower one beside it: Whitebox ends the flow where there is
    # none, ours leads it on.
    sloping = without_flats(terrain)
    of_sloping, grids = route(sloping)
    theirs, s = whitebox("dinf_flow_accum", to_tif(sloping, "sloping"), "input", out_type="cells")
    print(f"  D-infinity {s:.3f} s, {s / (of_sloping['d-infinity'] + of_sloping['accumulate-d-infinity']):.1f} times ours")
    same("D-infinity accumulation within 1 %", grids["dinf"], theirs, inner, 0.01)
    theirs, s = whitebox("breach_depressions_least_cost", to_tif(terrain, "terrain"), max_cost=1e9,
                         max_dist=int(100 / size), fill_deps=False)
    print(f"  breaching {s:.3f} s, {s / times['breach']:.1f} times ours")
    for name, cut in [("ours", terrain - breached), ("Whitebox", terrain - theirs)]:
        cut = np.where(known, cut, 0)
        print(f"  cut by {name}: {(cut > 1e-4).sum()} cells, {cut.sum() * size**2:.0f} m³, deepest {cut.max():.2f} m")
    pits = lambda z: (np.min(
        [z[1 + r : rows - 1 + r, 1 + c : columns - 1 + c] for r in (-1, 0, 1) for c in (-1, 0, 1) if r or c], axis=0
    ) >= z[1:-1, 1:-1]).sum()
    print(f"  pits before {pits(terrain)}, after ours {pits(breached)}, after Whitebox {pits(theirs)}")
    print(f"  raised by Whitebox: {((theirs - terrain) > 1e-4).sum()} cells")
    both = ((terrain - breached) > 1e-4) & ((terrain - theirs) > 1e-4)
    print(f"  cells cut by both: {both.sum()}")
