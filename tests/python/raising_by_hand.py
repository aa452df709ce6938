"""Upright storeys of ten houses of Rennes, rule by rule, from the source files alone.

    pip install numpy shapely pyshp
    raising_by_hand.py DATA RUN DTM.tif

DATA is surelevation/rennes-demo-01, RUN a run of scenarios/rennes with the rules of regles-12m.toml, DTM.tif
the terrain of its territory (`twin export --format cog`). Every rule is worked out with shapely for one house
on each of ten parcels; the working is printed beside the storeys that the run found.
"""

import csv
import io
import math
import subprocess
import sys
import tempfile

import numpy as np
import shapefile
from shapely import LineString, Point, Polygon, unary_union
from shapely.ops import nearest_points

EAVES_M, STOREY_M, SLAB_M = 12.0, 3.0, 0.3
BAND_M = 16.5


def polygons(path):
    """Records with the union of their parts in plan: this delivery holds floor and roof of a house."""
    reader = shapefile.Reader(path, encoding="latin-1")
    for record in reader.iterShapeRecords():
        points, parts = record.shape.points, [*record.shape.parts, len(record.shape.points)]
        rings = [Polygon(points[a:b]) for a, b in zip(parts, parts[1:])]
        yield record.record.as_dict(), unary_union([r.buffer(0) for r in rings])


def lines(path):
    for record in shapefile.Reader(path, encoding="latin-1").iterShapeRecords():
        yield record.record.as_dict().get("LARGEUR") or 0.0, LineString(record.shape.points)


def found_by_the_run(run):
    command = ["ogr2ogr", "-f", "CSV", "/vsistdout/", f"{run}/assets.gpkg", "batiment"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {row["cleabs"]: row for row in csv.DictReader(io.StringIO(text))}


class Terrain:
    """Heights of a raster, bilinear between the middles of its cells."""

    def __init__(self, path):
        with tempfile.TemporaryDirectory() as folder:
            out = f"{folder}/dtm.asc"
            subprocess.run(["gdal_translate", "-q", "-of", "AAIGrid", path, out], check=True)
            rows = open(out).read().split("\n")
        head = dict(row.split() for row in rows[:6])
        self.west, self.cell = float(head["xllcorner"]), float(head["cellsize"])
        count = int(head["nrows"])
        self.north = float(head["yllcorner"]) + count * self.cell
        self.values = np.array([[float(v) for v in row.split()] for row in rows[6 : 6 + count]])
        self.values[self.values < -1000] = math.nan

    def at(self, x, y):
        c, r = (x - self.west) / self.cell - 0.5, (self.north - y) / self.cell - 0.5
        i, j = math.floor(r), math.floor(c)
        if not (0 <= i < self.values.shape[0] - 1 and 0 <= j < self.values.shape[1] - 1):
            return math.nan
        u, v = r - i, c - j
        a, b = self.values[i, j : j + 2], self.values[i + 1, j : j + 2]
        return float((1 - u) * ((1 - v) * a[0] + v * a[1]) + u * ((1 - v) * b[0] + v * b[1]))


def border(own, parcels):
    """Straight pieces of the border of a ground: ends, whether a neighbour lies beyond, outward."""
    ground = unary_union([g.buffer(0.02) for g in own]).buffer(-0.02)
    # Straight limits are one, wherever the drawing cuts them.
    ring = list(Polygon(ground.exterior).normalize().simplify(0.1).exterior.coords)
    if not Polygon(ring).exterior.is_ccw:
        ring.reverse()
    others = [p for _, p in parcels if not any(p is g for g in own)]
    for a, b in zip(ring, ring[1:]):
        length = math.dist(a, b)
        if length < 0.05:
            continue
        out = ((b[1] - a[1]) / length, -(b[0] - a[0]) / length)
        count = max(1, math.ceil(length))
        kinds = []
        for k in range(count):
            t = (k + 0.5) / count
            at = Point(a[0] + t * (b[0] - a[0]) + 0.4 * out[0], a[1] + t * (b[1] - a[1]) + 0.4 * out[1])
            kinds.append(next((i for i, o in enumerate(others) if o.contains(at)), None))
        start = 0
        for k in range(1, count + 1):
            if k == count or kinds[k] != kinds[start]:
                ends = [(a[0] + s / count * (b[0] - a[0]), a[1] + s / count * (b[1] - a[1])) for s in (start, k)]
                yield ends, kinds[start] is not None, out
                start = k


def street_width(ends, out, others, roads):
    """Distance to the parcel opposite, else to the far edge of the carriageway (a lower bound)."""
    measured, least = [], []
    for t in (0.25, 0.5, 0.75):
        p = [ends[0][i] + t * (ends[1][i] - ends[0][i]) for i in (0, 1)]
        ray = LineString([[p[i] + 0.05 * out[i] for i in (0, 1)], [p[i] + 80 * out[i] for i in (0, 1)]])
        start = Point(p)
        for other in others:
            hit = ray.intersection(other.exterior)
            if not hit.is_empty:
                measured.append(start.distance(hit))
        for width, road in roads:
            hit = ray.intersection(road)
            if not hit.is_empty:
                least.append(start.distance(hit) + width / 2)
    return (min(measured), True) if measured else (min(least), False) if least else (None, False)


def storeys(house, height_m, own, parcels, roads, terrain):
    """Greatest number of upright storeys and the working."""
    corners = [p for p in house.exterior.coords] if house.geom_type == "Polygon" else []
    ground = min(terrain.at(x, y) for x, y in corners)
    first_top = ground + height_m + SLAB_M + STOREY_M
    working = [f"ground {ground:.2f} m, height {height_m} m, first top {first_top - ground:.2f} m above it"]
    highest = ground + EAVES_M
    others = [p for _, p in parcels if not any(p is g for g in own)]
    strip = []
    for ends, is_neighbour, out in border(own, parcels):
        line = LineString(ends)
        if is_neighbour:
            gap = line.distance(house)
            if gap < 0.5:
                continue
            near = nearest_points(line, house)[0]
            level = terrain.at(near.x, near.y)
            most = level + 3.5 + gap if gap >= 4.0 else -math.inf
            label = f"limit at {gap:.2f} m"
        else:
            strip.append(line)
            width, is_measured = street_width(ends, out, others, roads)
            if width is None:
                continue
            length = line.length
            along = [(ends[1][i] - ends[0][i]) / length for i in (0, 1)]
            opposite = LineString(
                [
                    [ends[0][i] + width * out[i] - 40 * along[i] for i in (0, 1)],
                    [ends[1][i] + width * out[i] + 40 * along[i] for i in (0, 1)],
                ]
            )
            gap = opposite.distance(house)
            near = nearest_points(opposite, house)[0]
            level = terrain.at(near.x, near.y)
            level = ground if math.isnan(level) else level
            most = level + (3.0 if width > 11.0 else 1.0) + gap
            label = f"opposite side of the street ({width:.1f} m{'' if is_measured else ' at least'}) at {gap:.2f} m"
        if most < highest:
            highest = most
            working.append(f"{label}: at most {most - ground:.2f} m")
    count = 0
    while first_top + count * STOREY_M <= highest + 1e-6:
        count += 1
    return count, working, house.area


def main(data, run, dtm):
    terrain = Terrain(dtm)
    parcels = list(polygons(f"{data}/PARCELLE.shp"))
    roads = list(lines(f"{data}/TRONCON_ROUTE.shp"))
    found = found_by_the_run(run)
    done, used = 0, set()
    for record, house in polygons(f"{data}/BATIMENT.shp"):
        row = found.get(record["ID"])
        if row is None or house.geom_type != "Polygon" or done == 10:
            continue
        own = [(r, p) for r, p in parcels if p.intersection(house).area > 0.05 * house.area]
        name = " + ".join(f"{r['SECTION']} {r['NUMERO']}" for r, _ in own)
        if len(own) != 1 or name in used:
            continue
        used.add(name)
        done += 1
        count, working, _ = storeys(
            house, float(record["HAUTEUR"]), [p for _, p in own], parcels, roads, terrain
        )
        same = "=" if int(row["etages_ajoutes_a_plomb"] or 0) == count else "DIFFERS FROM"
        print(f"| {name} | {record['ID'][-5:]} | {'; '.join(working)} | {count} {same} {row['etages_ajoutes_a_plomb']} ({row['regle_qui_arrete']}) |")


if __name__ == "__main__":
    main(*sys.argv[1:])
