#!/usr/bin/env python3
"""The Python package solweig at the two measured places of the validation, day by day, on the CPU.

    TWIN_DATA=… ~/.cache/twin-peers-heat/bin/python benches/measured_heat.py

`benches/compare heat` makes the environment; `pip install rasterio` adds what reads the rasters. Hours are paired as in
our own test: the weather of 12 h with what was measured at 13 h. The package is run with the time of the weather file
and half an hour later, the middle of the hour. It runs as a program; none of its code is in this repository.
"""

import csv
import os
import sys
import tempfile
import warnings
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import rasterio
import solweig

warnings.filterwarnings("ignore")
solweig.disable_gpu()
DATA = Path(os.environ["TWIN_DATA"]) / "heat/solweig_validation"
PLACES = [
    ("kronenhuset", "KR", "CDSM_KR.asc", "landcover_KR.tif", (51, 117), 1.0, [("2005-10-07", "MetFile_Prepared.txt")]),
    (
        "gustav_adolfs", "GA", "CDSM_GA.tif", "LC_GA.tif", (33, 77), 2.0,
        [("2005-10-11", "MetFile_20051011.txt"), ("2006-07-26", "MetFile_20060726.txt"), ("2006-08-01", "MetFile_20060801.txt")],
    ),
]


def raster(path):
    with rasterio.open(path) as file:
        return file.read(1)


for folder, suffix, crowns, cover, (row, column), pixel, days in PLACES:
    at = DATA / folder
    data = solweig.SurfaceData(
        dsm=raster(at / f"DSM_{suffix}.tif").astype("f4"),
        dem=raster(at / f"DEM_{suffix}.tif").astype("f4"),
        cdsm=np.nan_to_num(raster(at / crowns).astype("f4")),
        land_cover=raster(at / cover).astype("u1"),
        pixel_size=pixel,
    )
    data.preprocess()
    data.compute_svf()
    location = solweig.Location(latitude=57.7, longitude=12.0, altitude=10, utc_offset=1)
    human = solweig.HumanParams(abs_k=0.70, abs_l=0.95)
    with open(at / f"measurements_{suffix.lower()}.csv") as file:
        measured = list(csv.DictReader(file))
    for date, met in days:
        start = datetime.fromisoformat(date)
        known = {
            int(r["hour"]): float(r["Tmrt"])
            for r in measured
            if r["Tmrt"] and r.get("day", date.replace("-", "")) == date.replace("-", "")
        }
        lines = [[float(v) for v in l.split()] for l in open(at / met).read().splitlines()[1:] if l.strip()]
        lines = [l for l in lines if int(l[1]) == start.timetuple().tm_yday]
        for shift in (0, 30):
            weather = [
                solweig.Weather(
                    datetime=start + timedelta(hours=l[2], minutes=l[3] + shift),
                    ta=l[11], rh=l[10], global_rad=max(l[14], 0.0), ws=l[9] if l[9] >= 0 else 1.5,
                )
                for l in lines
            ]
            with tempfile.TemporaryDirectory() as out:
                solweig.calculate(data, weather, location, output_dir=out, human=human, outputs=["tmrt"])
                found = [float(raster(f)[row, column]) for f in sorted(Path(out).rglob("tmrt_2*.tif"))]
            errors = np.array([f - known[int(l[2]) + 1] for f, l in zip(found, lines) if int(l[2]) + 1 in known])
            print(f"{date} +{shift} min: Tmrt RMSE {np.sqrt((errors**2).mean()):.1f} K, bias {errors.mean():+.1f} K, {len(errors)} hours")
            sys.stdout.flush()
