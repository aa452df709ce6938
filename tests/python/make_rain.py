"""Writes the netCDF files of rain that the tests of `twin-runoff` read, as xarray and netCDF4 write them.

    python make_rain.py FOLDER
"""

import sys
from pathlib import Path

import numpy
import xarray

folder = Path(sys.argv[1])
times = numpy.array(["2024-10-17T00:15", "2024-10-17T00:30", "2024-10-17T00:45"], dtype="datetime64[ns]")

# Depths in mm on longitudes and latitudes, rows from the south, packed in 16 bits and deflated.
lat, lon = 46.485 + 0.01 * numpy.arange(6), 2.95 + 0.01 * numpy.arange(12)
depths = numpy.arange(3)[:, None, None] + 0.1 * numpy.arange(6)[None, :, None] + numpy.zeros((3, 6, 12))
degrees = xarray.Dataset(
    {"precipitation": (("time", "latitude", "longitude"), depths, {"units": "mm"})},
    {"time": times, "latitude": lat, "longitude": lon},
)
degrees.latitude.attrs["units"] = "degrees_north"
degrees.longitude.attrs["units"] = "degrees_east"
packing = {"dtype": "int16", "scale_factor": 0.1, "_FillValue": -1, "zlib": True, "chunksizes": (1, 6, 12)}
time = {"units": "hours since 2024-10-17", "dtype": "float64"}
degrees.to_netcdf(
    folder / "degrees.nc", engine="netcdf4", encoding={"precipitation": packing, "time": time}
)

# Intensities in kg m-2 s-1 on metres of Lambert-93 without a grid mapping, rows from the north.
x, y = 699_500.0 + 1000.0 * numpy.arange(4), 6_602_500.0 - 1000.0 * numpy.arange(5)
rates = (numpy.arange(4)[None, None, :] + numpy.zeros((3, 5, 4))) / 3600.0
metres = xarray.Dataset(
    {"pr": (("time", "y", "x"), rates.astype("float32"), {"units": "kg m-2 s-1"})},
    {"time": times, "y": y, "x": x},
)
metres.to_netcdf(
    folder / "metres.nc", engine="h5netcdf", encoding={"time": {"units": "minutes since 2024-10-17 00:00:00"}}
)
