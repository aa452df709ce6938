#!/usr/bin/env python3
"""Speed of the flood engine beside its peers, and time to the same error, in one sitting.

    benches/compare

runs this with ANUGA, Landlab and itzi in a private virtual environment. One thread each; repeat on an
idle machine. Peers run as programs; none of their code is in this repository.
"""

import os
import subprocess
import sys
import tempfile
import time
from statistics import median

os.environ.setdefault("OMP_NUM_THREADS", "1")
import numpy as np

G = 9.81
DAM = sys.argv[1]


def ours(case, number, order, cells, threads=1):
    """Cells, steps, seconds and depths of our engine; `order` is first, second or inertial."""
    with tempfile.NamedTemporaryFile() as file:
        command = [DAM, case, number, order, str(cells), str(threads), file.name]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        depth = np.fromfile(file.name, dtype="<f8").reshape(cells, cells)[::-1]
    return int(said[0]), int(said[1]), float(said[2]), depth


def two_processes(number, order, cells):
    """M cell updates per second of two processes of one thread at once, summed."""
    command = [DAM, "speed", number, order, str(cells), "1"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    total = 0.0
    for process in running:
        cells_, steps, seconds = process.communicate()[0].split()
        total += int(cells_) * int(steps) / float(seconds) / 1e6
    return total


def radial(end, cells=20_000, length=20.0):
    """Depths along the radius of the circular dam: first order on rings, HLL."""
    size = length / cells
    centre = (np.arange(cells) + 0.5) * size
    edge = np.arange(cells + 1) * size
    area = 0.5 * (edge[1:] ** 2 - edge[:-1] ** 2)
    h = np.where(centre < 2.5, 2.5, 0.5)
    q = np.zeros(cells)
    t = 0.0
    while t < end:
        dt = min(0.9 * size / np.max(np.sqrt(G * h) + np.abs(q / h)), end - t)
        hl, hr = np.r_[h[0], h], np.r_[h, h[-1]]
        ql, qr = np.r_[-q[0], q], np.r_[q, -q[-1]]
        ul, ur, cl, cr = ql / hl, qr / hr, np.sqrt(G * hl), np.sqrt(G * hr)
        a = np.maximum(np.maximum(ur + cr, ul + cl), 0)
        b = np.minimum(np.minimum(ul - cl, ur - cr), 0)
        mass = (a * ql - b * qr + a * b * (hr - hl)) / (a - b)
        fl, fr = ql * ul + G * hl**2 / 2, qr * ur + G * hr**2 / 2
        force = (a * fl - b * fr + a * b * (qr - ql)) / (a - b)
        q -= dt / area * (edge[1:] * force[1:] - edge[:-1] * force[:-1] - G / 2 * h**2 * size)
        h -= dt / area * (edge[1:] * mass[1:] - edge[:-1] * mass[:-1])
        t += dt
    return h, size


def circular_error(x, y, depth, weight, reference):
    h, size = reference
    radius = np.hypot(x, y)
    near = radius < 19
    exact = h[np.minimum((radius / size).astype(int), len(h) - 1)]
    return np.sum((np.abs(depth - exact) * weight)[near]) / np.sum((exact * weight)[near])


def thacker_depth(x, y):
    return np.maximum(0.05 * (2 * x - 0.5) - 0.1 * (x * x + y * y - 1), 0)


def thacker_error(x, y, depth, weight):
    exact = thacker_depth(x, y)
    return np.sqrt(np.sum((depth - exact) ** 2 * weight) / np.sum(exact**2 * weight))


def anuga_domain(n, half, algorithm, friction=0.0):
    import anuga

    domain = anuga.rectangular_cross_domain(n, n, len1=2 * half, len2=2 * half, origin=(-half, -half))
    domain.set_flow_algorithm(algorithm)
    domain.set_store(False)
    domain.set_quantity("friction", friction)
    wall = anuga.Reflective_boundary(domain)
    domain.set_boundary({side: wall for side in ("left", "right", "top", "bottom")})
    return domain


def evolve(domain, end):
    """Steps and seconds to a time."""
    started = time.perf_counter()
    for _ in domain.evolve(yieldstep=end, finaltime=end):
        steps = domain.number_of_steps
    return steps, time.perf_counter() - started


def anuga_case(case, n, algorithm):
    """Triangles, steps, seconds and error."""
    half, end = (20.0, 1.4) if case == "circular" else (2.0, 13.4571)
    domain = anuga_domain(n, half, algorithm)
    if case == "circular":
        domain.set_quantity("elevation", 0.0)
        dam = lambda x, y: np.where(np.hypot(x, y) < 2.5, 2.5, 0.5)
        domain.set_quantity("stage", dam, location="centroids")
    else:
        bowl = lambda x, y: 0.1 * (x * x + y * y - 1)
        domain.set_quantity("elevation", bowl)
        level = lambda x, y: bowl(x, y) + thacker_depth(x, y)
        domain.set_quantity("stage", level, location="centroids")
        speed = 0.5 * np.sqrt(0.2 * G)
        domain.set_quantity("ymomentum", lambda x, y: speed * thacker_depth(x, y), location="centroids")
    steps, seconds = evolve(domain, end)
    values = lambda name: domain.quantities[name].centroid_values
    depth = np.maximum(values("stage") - values("elevation"), 0)
    x, y = domain.centroid_coordinates.T
    if case == "circular":
        error = circular_error(x, y, depth, domain.areas, REFERENCE)
    else:
        error = thacker_error(x, y, depth, domain.areas)
    return domain.number_of_triangles, steps, seconds, error


def our_case(case, number, cells):
    _, steps, seconds, depth = ours(case, number, "second", cells)
    half = 20.0 if case == "circular" else 2.0
    centre = (np.arange(cells) + 0.5) * 2 * half / cells - half
    x, y = np.meshgrid(centre, centre)
    weight = np.ones_like(x)
    if case == "circular":
        error = circular_error(x, y, depth, weight, REFERENCE)
    else:
        error = thacker_error(x, y, depth, weight)
    return cells * cells, steps, seconds, error


def dam():
    """Ground and depths of the circular dam on 1000 × 1000 cells of 1 m, rows from the south."""
    x, y = np.meshgrid(np.arange(1000) - 499.5, np.arange(1000) - 499.5)
    return 0.0 * x, np.where(np.hypot(x, y) < 200, 2.5, 0.5)


def film():
    """Ground and depths of the case `film` of our cases."""
    x, y = np.meshgrid(np.arange(1000) - 499.5, np.arange(1000) - 499.5)
    ruts = 0.02 * np.sin(x / 3) * np.sin(y / 4)
    return -0.02 * x + 0.5 * np.sin(x / 35) * np.sin(y / 35) + ruts, 0.0 * x + 0.005


def speed_of_anuga():
    import anuga  # noqa: F401 – its import takes seconds

    # 300 × 300 squares of four triangles: 360,000, the dam of 10⁶ cells scaled to them.
    for algorithm, sweeps in (("DE0", 1), ("DE1", 2)):
        domain = anuga_domain(300, 500.0, algorithm)
        domain.set_quantity("elevation", 0.0)
        dam = lambda x, y: np.where(np.hypot(x, y) < 200, 2.5, 0.5)
        domain.set_quantity("stage", dam, location="centroids")
        steps, seconds = evolve(domain, 6.0)
        rate = domain.number_of_triangles * steps / seconds / 1e6
        yield f"ANUGA {anuga.__version__} {algorithm} (second order, triangles, f64)", rate


def speed_of_local_inertial(ground, depth, friction, is_steep):
    """M cell updates a second of Landlab and itzi."""
    from landlab import RasterModelGrid, __version__ as landlab_version
    from landlab.components import OverlandFlow

    grid = RasterModelGrid((1000, 1000), xy_spacing=1.0)
    grid.add_field("topographic__elevation", ground.ravel(), at="node")
    grid.add_field("surface_water__depth", depth.ravel().copy(), at="node")
    grid.set_closed_boundaries_at_grid_edges(True, True, True, True)
    flow = OverlandFlow(grid, mannings_n=friction, steep_slopes=is_steep)
    flow.overland_flow(dt=flow.calc_time_step())
    started = time.perf_counter()
    for _ in range(10):
        flow.overland_flow(dt=flow.calc_time_step())
    rate = 1e6 * 10 / (time.perf_counter() - started) / 1e6
    yield f"Landlab {landlab_version} OverlandFlow (local inertial, f64)", rate

    from importlib.metadata import version
    from itzi.rasterdomain import RasterDomain
    from itzi.surfaceflow import SurfaceFlowSimulation

    domain = RasterDomain(np.float32, np.zeros((1000, 1000), bool), (1.0, 1.0))
    flow = SurfaceFlowSimulation(
        domain, dict(dtmax=5.0, cfl=0.7, g=G, theta=0.7, hmin=0.005, slmax=0.1, vrouting=0.1)
    )
    fields = dict(dem=ground, friction=0.0 * depth + friction, water_depth=depth)
    for name, values in fields.items():
        domain.update_array(name, values.astype(np.float32))
    flow.update_flow_dir()
    flow.solve_dt()
    flow.step()
    started = time.perf_counter()
    for _ in range(40):
        flow.solve_dt()
        flow.step()
    rate = 1e6 * 40 / (time.perf_counter() - started) / 1e6
    yield f"itzi {version('itzi')} (local inertial, f32)", rate


def main():
    print(f"load {os.getloadavg()[0]:.2f}\n")
    print("M updates/s, circular dam, all wet, one thread; ours is the median of three")
    best = {}
    for number in ("f32", "f64"):
        for scheme in ("second", "first", "inertial"):
            runs = [ours("speed", number, scheme, 1000) for _ in range(3)]
            best[number, scheme] = median(n * steps / s / 1e6 for n, steps, s, _ in runs)
            print(f"  ours, {scheme}, {number}: {best[number, scheme]:.1f}")
    for name, rate in [*speed_of_anuga(), *speed_of_local_inertial(*dam(), 0.03, False)]:
        number = "f32" if "f32" in name else "f64"
        scheme = "inertial" if "inertial" in name else "second"
        ratio = best[number, scheme] / rate
        print(f"  {name}: {rate:.2f}; ours, {scheme} {number}, {ratio:.1f} times", flush=True)
    print("\nM updates/s, a film of 5 mm on a rough slope, one thread; 4 M cells, then 1 M beside peers")
    for cells in (2000, 1000):
        for scheme in ("second", "inertial"):
            runs = [ours("film", "f32", scheme, cells) for _ in range(3)]
            best["film", scheme] = median(n * steps / s / 1e6 for n, steps, s, _ in runs)
            print(f"  ours, {scheme}, f32, {cells}²: {best['film', scheme]:.1f}")
    for name, rate in speed_of_local_inertial(*film(), 0.05, True):
        print(f"  {name}: {rate:.2f}; ours, inertial f32, {best['film', 'inertial'] / rate:.1f} times", flush=True)
    print("\nA dry cell beside a wet one")
    for number in ("f32", "f64"):
        (a, steps, small, _), (b, _, large, _) = (ours("lake", number, "second", n) for n in (1024, 4096))
        dry = (large - small) / steps / (b - a) * 1e6
        print(f"  {number}: {100 * dry * best[number, 'second']:.2f} %")
    print("\nTwo threads over two processes of one thread")
    for number in ("f32", "f64"):
        cells, steps, seconds, _ = ours("speed", number, "second", 1000, threads=2)
        threads, processes = cells * steps / seconds / 1e6, two_processes(number, "second", 1000)
        print(f"  {number}: {threads:.1f} / {processes:.1f} = {threads / processes:.2f}")

    for case, sizes, meshes in (
        ("circular", (100, 200, 400), (50, 100, 200)),
        ("thacker", (50, 100, 200), (25, 50, 100)),
    ):
        print(f"\n{case}: elements, steps, s, error")
        for number in ("f32", "f64"):
            for cells in sizes:
                n, steps, seconds, error = our_case(case, number, cells)
                print(f"  ours {number}: {n:7d} {steps:6d} {seconds:8.3f} {error:.5f}", flush=True)
        for algorithm in ("DE0", "DE1"):
            for n in meshes:
                elements, steps, seconds, error = anuga_case(case, n, algorithm)
                print(f"  ANUGA {algorithm}: {elements:7d} {steps:6d} {seconds:8.3f} {error:.5f}", flush=True)


if __name__ == "__main__":
    REFERENCE = radial(1.4, 10_000)
    main()
