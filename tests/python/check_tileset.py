#!/usr/bin/env python3
"""Holds a 3D Tiles tileset against the rules of its standard; any breach is a failure.

    check_tileset.py FOLDER ...

Stands in for the validator of Cesium (npm `3d-tiles-validator`) where that cannot be installed. The
rules are those of 3D Tiles 1.1 (OGC 22-025r4): which properties objects may and must have, regions
in range and within those of their parents, geometric errors that do not grow towards the leaves,
transforms that are rotations and translations, contents that are there. In each GLB, every vertex
lies within the region of its tile, feature ids count the rows of their property table
(EXT_mesh_features), and tables, types, sizes and offsets agree with each other
(EXT_structural_metadata). The rest of a GLB is gltf-validator's.

Needs numpy and pyproj. Exit status: 0 all well, 1 a tileset fails, 77 a package is missing.
"""

import json
import math
import struct
import sys
from pathlib import Path

try:
    import numpy as np
    import pyproj
except ImportError as missing:
    print(f"missing package: {missing.name}", file=sys.stderr)
    sys.exit(77)

# Properties that an object must and may have (3D Tiles 1.1, appendix of property references).
TILESET = {"asset", "geometricError", "root"}, {
    "schema", "schemaUri", "statistics", "groups", "metadata", "properties", "extensionsUsed",
    "extensionsRequired", "extensions", "extras",
}
ASSET = {"version"}, {"tilesetVersion", "extensions", "extras"}
TILE = {"boundingVolume", "geometricError"}, {
    "viewerRequestVolume", "refine", "transform", "content", "contents", "metadata",
    "implicitTiling", "children", "extensions", "extras",
}
CONTENT = {"uri"}, {"boundingVolume", "metadata", "group", "extensions", "extras"}

# Sizes of the component types of EXT_structural_metadata, bytes.
SIZES = {
    "INT8": 1, "UINT8": 1, "INT16": 2, "UINT16": 2, "INT32": 4, "UINT32": 4, "INT64": 8,
    "UINT64": 8, "FLOAT32": 4, "FLOAT64": 8,
}
# Geocentric and geographic coordinates of one ellipsoid: WGS 84, as 3D Tiles has it.
GEOGRAPHIC = pyproj.Transformer.from_crs(4978, 4979, always_xy=True)
RADIUS_M = 6378137.0
# Vertices are 32-bit numbers about the middle of their tile.
TOLERANCE_M = 1e-3


def require(condition, message):
    if not condition:
        raise AssertionError(message)


def require_properties(value, must_and_may, place):
    must, may = must_and_may
    missing, unknown = must - value.keys(), value.keys() - must - may
    require(not missing and not unknown, f"{place}: without {missing}, with {unknown}")


def region_of(volume, place):
    require(volume.keys() == {"region"}, f"{place}: a bounding volume that is no region")
    west, south, east, north, low, high = region = volume["region"]
    require(all(math.isfinite(v) for v in region), f"{place}: {region}")
    require(-math.pi <= west <= east <= math.pi, f"{place}: longitudes {west} to {east}")
    require(-math.pi / 2 <= south <= north <= math.pi / 2, f"{place}: latitudes {south} to {north}")
    require(low <= high, f"{place}: heights {low} to {high}")
    return region


def outside_m(inner, outer):
    """How far a region leaves another one, m; negative where it stays within."""
    beyond = [outer[0] - inner[0], outer[1] - inner[1], inner[2] - outer[2], inner[3] - outer[3]]
    return max(RADIUS_M * max(beyond), outer[4] - inner[4], inner[5] - outer[5])


def matrix_of(values, place):
    require(len(values) == 16 and all(math.isfinite(v) for v in values), f"{place}: transform")
    matrix = np.array(values).reshape(4, 4).T
    require((matrix[3] == [0, 0, 0, 1]).all(), f"{place}: the transform is not affine")
    turn = matrix[:3, :3]
    require(np.allclose(turn @ turn.T, np.eye(3), atol=1e-9), f"{place}: the transform deforms")
    require(np.linalg.det(turn) > 0, f"{place}: the transform mirrors")
    return matrix


class Glb:
    """The JSON of a GLB and its binary chunk."""

    def __init__(self, path):
        data = path.read_bytes()
        magic, version, length, json_length, kind = struct.unpack("<4sIII4s", data[:20])
        require((magic, version, kind) == (b"glTF", 2, b"JSON"), f"{path}: no GLB of version 2")
        require(length == len(data), f"{path}: {len(data)} bytes of {length}")
        self.path = path
        self.json = json.loads(data[20 : 20 + json_length])
        self.binary = data[28 + json_length :]

    def view(self, index):
        view = self.json["bufferViews"][index]
        start = view.get("byteOffset", 0)
        return self.binary[start : start + view["byteLength"]]

    def accessor(self, index):
        accessor = self.json["accessors"][index]
        view = self.json["bufferViews"][accessor["bufferView"]]
        kind = {5121: "u1", 5123: "<u2", 5125: "<u4", 5126: "<f4"}[accessor["componentType"]]
        width = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}[accessor["type"]]
        size = np.dtype(kind).itemsize
        offset = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        stride = view.get("byteStride", width * size)
        return np.ndarray((accessor["count"], width), kind, self.binary, offset, (stride, size))

    def extension(self, name):
        return self.json.get("extensions", {}).get(name)

    def placed_meshes(self):
        """Each mesh with the matrices of the nodes above it."""

        def walk(index, matrix):
            node = self.json["nodes"][index]
            require(
                not node.keys() & {"rotation", "scale", "translation"},
                f"{self.path}: a node that is not placed by a matrix",
            )
            own = np.array(node.get("matrix", np.eye(4).ravel())).reshape(4, 4).T
            matrix = matrix @ own
            if "mesh" in node:
                yield self.json["meshes"][node["mesh"]], matrix
            for child in node.get("children", []):
                yield from walk(child, matrix)

        for root in self.json["scenes"][self.json.get("scene", 0)]["nodes"]:
            yield from walk(root, np.eye(4))


def check_property(glb, table, count, name, stated, place):
    """The values of a column: as many bytes as its type has, and offsets in order."""
    column = table["properties"][name]
    values = glb.view(column["values"])
    if stated["type"] in ("STRING", "ENUM") or stated.get("array"):
        require(stated["type"] == "STRING" and not stated.get("array"), f"{place}: not known here")
        kind = {"UINT8": "u1", "UINT16": "<u2", "UINT32": "<u4", "UINT64": "<u8"}[
            column.get("stringOffsetType", "UINT32")
        ]
        offsets = np.frombuffer(glb.view(column["stringOffsets"]), kind)
        require(len(offsets) == count + 1 and offsets[0] == 0, f"{place}: offsets")
        require((np.diff(offsets.astype("i8")) >= 0).all(), f"{place}: offsets that fall")
        require(offsets[-1] == len(values), f"{place}: {len(values)} bytes, offsets to {offsets[-1]}")
        values.decode()
        return
    if stated["type"] == "BOOLEAN":
        require(len(values) == -(-count // 8), f"{place}: {len(values)} bytes of {count} bits")
        return
    width = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}[stated["type"]]
    size = width * SIZES[stated["componentType"]]
    require(len(values) == count * size, f"{place}: {len(values)} bytes, not {count} × {size}")
    start = glb.json["bufferViews"][column["values"]].get("byteOffset", 0)
    require(start % SIZES[stated["componentType"]] == 0, f"{place}: not aligned")


def check_metadata(glb):
    """The property tables of a GLB against their schema; gives the number of rows of each."""
    metadata = glb.extension("EXT_structural_metadata")
    if metadata is None:
        return []
    require("EXT_structural_metadata" in glb.json["extensionsUsed"], f"{glb.path}: extensionsUsed")
    schema = metadata["schema"]
    require(schema["id"].isidentifier(), f"{glb.path}: schema id {schema['id']!r}")
    for table in metadata["propertyTables"]:
        place = f"{glb.path}: table {table.get('name', table['class'])}"
        columns = schema["classes"][table["class"]]["properties"]
        require(table["count"] > 0, f"{place}: no rows")
        require(table["properties"].keys() <= columns.keys(), f"{place}: unknown columns")
        for name, stated in columns.items():
            is_there = name in table["properties"]
            require(is_there or not stated.get("required"), f"{place}: no {name}")
            if is_there:
                check_property(glb, table, table["count"], name, stated, f"{place}, {name}")
    return [table["count"] for table in metadata["propertyTables"]]


def check_feature_ids(glb, primitive, rows):
    extension = primitive.get("extensions", {}).get("EXT_mesh_features")
    if extension is None:
        return
    require("EXT_mesh_features" in glb.json["extensionsUsed"], f"{glb.path}: extensionsUsed")
    for ids in extension["featureIds"]:
        place = f"{glb.path}: _FEATURE_ID_{ids['attribute']}"
        values = glb.accessor(primitive["attributes"][f"_FEATURE_ID_{ids['attribute']}"])
        require(values.shape[1] == 1 and (values == np.round(values)).all(), f"{place}: no integers")
        named = set(np.unique(values).astype(int)) - {ids.get("nullFeatureId")}
        require(len(named) <= ids["featureCount"], f"{place}: {len(named)} features, more than said")
        if "propertyTable" in ids:
            count = rows[ids["propertyTable"]]
            require(min(named) >= 0 and max(named) < count, f"{place}: beyond {count} rows")


def check_content(path, region, matrix):
    """Everything in a GLB; gives how far its vertices leave the region of their tile, m."""
    glb = Glb(path)
    rows, worst = check_metadata(glb), -math.inf
    for mesh, placed in glb.placed_meshes():
        for primitive in mesh["primitives"]:
            check_feature_ids(glb, primitive, rows)
            local = glb.accessor(primitive["attributes"]["POSITION"]).astype(float)
            local = np.c_[local, np.ones(len(local))] @ placed.T
            # glTF has y upwards, 3D Tiles z.
            upright = np.c_[local[:, 0], -local[:, 2], local[:, 1], local[:, 3]]
            x, y, z, _ = (upright @ matrix.T).T
            lon, lat, height = GEOGRAPHIC.transform(x, y, z)
            lon, lat = np.radians(lon), np.radians(lat)
            box = [lon.min(), lat.min(), lon.max(), lat.max(), height.min(), height.max()]
            worst = max(worst, outside_m(box, region))
    require(worst <= TOLERANCE_M, f"{path}: {worst:.3f} m beyond the region of its tile")
    return worst


def check_tile(tile, folder, parent, matrix, place):
    """A tile and all below it; gives their number and how far vertices leave their regions, m."""
    require_properties(tile, TILE, place)
    require(not {"content", "contents"} <= tile.keys(), f"{place}: content and contents")
    region, error = region_of(tile["boundingVolume"], place), tile["geometricError"]
    require(math.isfinite(error) and error >= 0, f"{place}: geometric error {error}")
    if parent is None:
        require(tile.get("refine") in ("ADD", "REPLACE"), f"{place}: the root has no refine")
    else:
        beyond = outside_m(region, parent["boundingVolume"]["region"])
        require(beyond <= TOLERANCE_M, f"{place}: {beyond:.3f} m beyond its parent")
        require(error <= parent["geometricError"], f"{place}: a greater error than its parent's")
        require(tile.get("refine", "ADD") in ("ADD", "REPLACE"), f"{place}: refine")
    if "transform" in tile:
        matrix = matrix @ matrix_of(tile["transform"], place)
    count, worst = 1, -math.inf
    contents = [tile["content"]] if "content" in tile else tile.get("contents", [])
    for content in contents:
        require_properties(content, CONTENT, f"{place}, content")
        path = folder / content["uri"]
        require(path.is_file() and path.suffix == ".glb", f"{place}: {content['uri']} is not there")
        worst = max(worst, check_content(path, region, matrix))
    require(tile.get("children", True), f"{place}: an empty list of children")
    for number, child in enumerate(tile.get("children", [])):
        more, beyond = check_tile(child, folder, tile, matrix, f"{place}/{number}")
        count, worst = count + more, max(worst, beyond)
    return count, worst


def check_tileset(folder):
    tileset = json.loads((folder / "tileset.json").read_text())
    require_properties(tileset, TILESET, "tileset")
    require_properties(tileset["asset"], ASSET, "asset")
    require(tileset["asset"]["version"] == "1.1", f"version {tileset['asset']['version']}")
    require(tileset["geometricError"] >= tileset["root"]["geometricError"], "error of the tileset")
    for names in ("extensionsUsed", "extensionsRequired"):
        listed = tileset.get(names, ["one"])
        require(listed and len(set(listed)) == len(listed), names)
    return check_tile(tileset["root"], folder, None, np.eye(4), "root")


def main(folders):
    if not folders:
        print("usage: check_tileset.py FOLDER ...", file=sys.stderr)
        return 1
    failed = False
    for folder in map(Path, folders):
        try:
            tiles, beyond = check_tileset(folder)
            print(f"{folder}: {tiles} tiles; vertices at most {1e3 * beyond:.2f} mm beyond their region")
        except (AssertionError, KeyError, OSError, TypeError, ValueError) as error:
            print(f"{folder}: {type(error).__name__}: {error}", file=sys.stderr)
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
