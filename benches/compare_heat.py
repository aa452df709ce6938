#!/usr/bin/env python3
"""Radiation of people beside the Python package solweig on the CPU: views of the sky and walls, one hour, a day.

    benches/compare heat

Block cities of 500 and 1000 cells of 1 m with trees. Each runs in a process of its own, whose processor seconds and
largest memory are told. The package runs as a program; none of its code is in this repository.
"""

import os
import resource
import subprocess
import sys
import tempfile

import numpy as np

OURS = sys.argv[1]


def city(side):
    """Blocks of 40 m with a courtyard of 16 m, streets of 14 m, trees; ground at 0."""
    rng = np.random.default_rng(7)
    surface, crowns = np.zeros((side, side), "f4"), np.zeros((side, side), "f4")
    for row in range(7, side, 54):
        for column in range(7, side, 54):
            surface[row : row + 40, column : column + 40] = rng.uniform(6, 24)
            surface[row + 12 : row + 28, column + 12 : column + 28] = 0
    y, x = np.mgrid[-4:5, -4:5]
    for _ in range(side * side // 2500):
        row, column = rng.integers(5, side - 5, 2)
        if surface[row, column] == 0:
            disc = np.hypot(x, y) <= rng.integers(2, 5)
            crowns[row - 4 : row + 5, column - 4 : column + 5][disc] = rng.uniform(5, 14)
    crowns[surface > 0] = 0
    return surface, crowns


def measured(command, **more):
    """Output, processor seconds and MB of a process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return dict(line.split() for line in said.splitlines() if len(line.split()) == 2), cpu


def theirs(folder, side, hours):
    """The other side, in a process of its own: run by `main` below."""
    import time
    from datetime import datetime, timedelta

    import solweig

    solweig.disable_gpu()
    surface = np.fromfile(f"{folder}/surface.f32", "f4").reshape(side, side) + 10
    crowns = np.fromfile(f"{folder}/crowns.f32", "f4").reshape(side, side)
    data = solweig.SurfaceData(dsm=surface, cdsm=crowns, dem=np.full_like(surface, 10), pixel_size=1.0)
    begin = time.process_time()
    data.preprocess()
    data.compute_svf()
    print("views", time.process_time() - begin)
    location = solweig.Location(latitude=48.85, longitude=2.35, utc_offset=2)
    first = 14 if hours == 1 else 0
    weather = []
    for hour in range(first, first + hours):
        g = 850 * np.sin((hour - 6) / 15 * np.pi) if 6 < hour < 21 else 0
        t = 22 + 10 * np.sin((hour - 8) / 24 * 2 * np.pi)
        at = datetime(2025, 7, 15) + timedelta(hours=hour)
        weather.append(solweig.Weather(datetime=at, ta=t, rh=45, global_rad=max(0.0, g), ws=2))
    begin = time.process_time()
    with tempfile.TemporaryDirectory() as out:
        solweig.calculate(data, weather, location, output_dir=out, outputs=["tmrt"])
    print("hours", time.process_time() - begin)
    print("megabytes", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def peak(command):
    """Largest memory of a process, MB, as GNU time tells it from its own children."""
    script = (
        "import resource,subprocess,sys;subprocess.run(sys.argv[1:],check=True,stdout=subprocess.DEVNULL);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss/1024)"
    )
    said = subprocess.run([sys.executable, "-c", script, *command], check=True, capture_output=True, text=True)
    return float(said.stdout)


def main():
    for side in (500, 1000):
        with tempfile.TemporaryDirectory() as folder:
            surface, crowns = city(side)
            surface.tofile(f"{folder}/surface.f32")
            crowns.tofile(f"{folder}/crowns.f32")
            print(f"{side} x {side}: processor seconds")
            for hours in (1, 24):
                command = [OURS, "day", f"{folder}/surface.f32", f"{folder}/crowns.f32", str(side), str(hours)]
                ours, _ = measured(command)
                mb = peak(command)
                other = [sys.executable, "-W", "ignore", __file__, OURS, "theirs", folder, str(side), str(hours)]
                them, _ = measured(other, env={**os.environ, "OMP_NUM_THREADS": "1"})
                for phase in ("views", "hours"):
                    a, b = float(ours[phase]), float(them[phase])
                    name = {"views": "views and walls", "hours": f"{hours} h"}[phase]
                    print(f"  {name}: {a:.2f}, solweig {b:.2f} ({b / a:.1f} times)")
                print(f"  memory: {mb:.0f} MB, solweig {float(them['megabytes']):.0f} MB")
    ours, _ = measured([OURS, "utci", "1000000"])
    print(f"UTCI of a million environments: {float(ours['utci']):.3f} s")


if len(sys.argv) > 2 and sys.argv[2] == "theirs":
    theirs(sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
else:
    main()
