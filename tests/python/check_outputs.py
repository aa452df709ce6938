#!/usr/bin/env python3
"""Opens grids.h5 and fields.h5 with the tools of the field; any warning or surprise is a failure.

    check_outputs.py FILE.h5 ...

Needs h5py, netCDF4, xarray, h5netcdf and numpy; pyproj is used where it is installed. Exit status:
0 all well, 1 a file fails, 77 a package is missing.
"""

import re
import sys
import warnings

try:
    import h5py
    import netCDF4
    import numpy as np
    import xarray as xr
    import h5netcdf  # noqa: F401  (an engine of xarray)
except ImportError as missing:
    print(f"missing package: {missing.name}", file=sys.stderr)
    sys.exit(77)

try:
    import pyproj
except ImportError:
    pyproj = None


def require(condition, message):
    if not condition:
        raise AssertionError(message)


def check_crs(attributes, place):
    code = attributes.get("epsg_code", "")
    require(re.fullmatch(r"EPSG:\d+", code), f"{place}: epsg_code is {code!r}")
    transform = [float(v) for v in attributes["GeoTransform"].split()]
    require(len(transform) == 6, f"{place}: GeoTransform")
    if pyproj is not None and "crs_wkt" in attributes:
        stated = pyproj.CRS.from_epsg(int(code[5:]))
        written = pyproj.CRS.from_wkt(attributes["crs_wkt"])
        require(written.to_epsg() == int(code[5:]), f"{place}: crs_wkt is not {code}")
        require(written.equals(stated, ignore_axis_order=True), f"{place}: crs_wkt is not {code}")
        # CF has no mapping for some projections: their text alone says what they are.
        mapping = {k: v for k, v in attributes.items() if k != "crs_wkt"}
        by_parameters = pyproj.CRS.from_cf(mapping) if "grid_mapping_name" in mapping else None
        if stated.is_projected and by_parameters is not None:
            a = pyproj.Transformer.from_crs(stated.geodetic_crs, stated, always_xy=True)
            b = pyproj.Transformer.from_crs(
                by_parameters.geodetic_crs, by_parameters, always_xy=True
            )
            area = stated.area_of_use
            lon, lat = (area.west + area.east) / 2, (area.south + area.north) / 2
            difference = np.subtract(a.transform(lon, lat), b.transform(lon, lat))
            require(np.abs(difference).max() < 1e-3, f"{place}: CF parameters are not {code}")


def variables_of(group):
    """Data variables of a netCDF4 group: neither coordinates nor the grid mapping."""
    return {
        name: v
        for name, v in group.variables.items()
        if name not in group.dimensions and name != "crs"
    }


def check_group(group, place):
    """One group through netCDF4; returns the number of data variables."""
    y, x = group.variables["y"], group.variables["x"]
    require(y.dimensions == ("y",) and x.dimensions == ("x",), f"{place}: coordinates")
    require(len(y) < 2 or y[0] > y[-1], f"{place}: y does not descend")
    require(len(x) < 2 or x[0] < x[-1], f"{place}: x does not ascend")
    for axis, name in (("X", x), ("Y", y)):
        require(name.axis == axis and name.units and name.standard_name, f"{place}: axis {axis}")
    attributes = {k: group.variables["crs"].getncattr(k) for k in group.variables["crs"].ncattrs()}
    check_crs(attributes, place)
    west, cell, _, north, _, _ = [float(v) for v in attributes["GeoTransform"].split()]
    require(abs(x[0] - west - cell / 2) < 1e-6 * cell, f"{place}: x and GeoTransform differ")
    require(abs(north - y[0] - cell / 2) < 1e-6 * cell, f"{place}: y and GeoTransform differ")
    found = variables_of(group)
    for name, variable in found.items():
        where = f"{place}/{name}"
        require(variable.dimensions in (("y", "x"), ("time", "y", "x")), f"{where}: dimensions")
        require(variable.grid_mapping == "crs", f"{where}: grid_mapping")
        require(variable.long_name, f"{where}: long_name")
        filters = variable.filters()
        require(filters["zlib"] and filters["shuffle"], f"{where}: filters {filters}")
        require(max(variable.chunking()) <= 256, f"{where}: chunks {variable.chunking()}")
        require("_FillValue" in variable.ncattrs(), f"{where}: _FillValue")
        if "flag_values" in variable.ncattrs():
            count = np.atleast_1d(variable.flag_values).size
            require(len(variable.flag_meanings.split()) == count, f"{where}: flag_meanings")
            require(variable.flag_values.dtype == variable.dtype, f"{where}: type of flag_values")
        variable[...]
    return len(found)


def check_netcdf4(path):
    with netCDF4.Dataset(path) as file:
        require(file.Conventions.startswith("CF-1."), "Conventions")
        count = check_group(file, path)
        require(count > 0, "no data variable")
        for name, group in file.groups.items():
            require(re.fullmatch(r"overview_\d+", name), f"group {name}")
            check_group(group, f"{path}/{name}")
        if "time" in file.variables:
            time = file.variables["time"]
            require(file.dimensions["time"].isunlimited(), "time is not unlimited")
            netCDF4.num2date(time[:], time.units, time.calendar)
            require(np.all(np.diff(time[:]) > 0), "time does not ascend")


def check_h5py(path):
    with h5py.File(path) as file:

        def visit(name, item):
            if not isinstance(item, h5py.Dataset) or item.ndim < 2:
                return
            for dimension, label in zip(item.dims, ("time", "y", "x")[-item.ndim:]):
                require(len(dimension) == 1, f"{name}: {len(dimension)} scales")
                require(dimension[0].name.split("/")[-1] == label, f"{name}: scale {label}")
            info = h5py.h5o.get_info(item.id)
            require(info.mtime == 0 and info.ctime == 0, f"{name}: holds a time of writing")

        file.visititems(visit)
        groups = [None] + [g for g in file if isinstance(file[g], h5py.Group)]
    return groups


def check_xarray(path, groups):
    for group in groups:
        decoded = {}
        for engine in ("h5netcdf", "netcdf4"):
            with xr.open_dataset(path, engine=engine, group=group, decode_coords="all") as opened:
                data = opened.load()
            require({"x", "y", "crs"} <= set(data.coords), f"{engine}: coordinates {data.coords}")
            for name, variable in data.data_vars.items():
                require(variable.dtype.kind == "f", f"{engine}: {name} is {variable.dtype}")
            if "time" in data.coords:
                require(data.time.dtype.kind == "M", f"{engine}: time is {data.time.dtype}")
            decoded[engine] = data
        xr.testing.assert_identical(
            decoded["h5netcdf"].drop_vars("crs"), decoded["netcdf4"].drop_vars("crs")
        )


def main(paths):
    if not paths:
        print(__doc__, file=sys.stderr)
        return 1
    warnings.simplefilter("error")
    failed = False
    for path in paths:
        try:
            check_netcdf4(path)
            check_xarray(path, check_h5py(path))
            print(f"{path}: ok")
        except Exception as error:  # one line per file, whatever goes wrong
            print(f"{path}: {type(error).__name__}: {error}", file=sys.stderr)
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
