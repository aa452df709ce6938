#!/usr/bin/env python3
"""How good assembled territories are, as plots beside the bars of docs/validation/README.md.

    tests/python/assembly_plots.py OUT A.twin B.twin ...

Writes OUT/assemblage-terrain.svg (NMAD at held-out ground points), OUT/assemblage-toits.svg (distance of roof points
from the models), OUT/assemblage-volumes.svg (models against the surface) and, of the first territory with a
watercourse, OUT/assemblage-profil.svg (bed and terrain along it). Needs numpy, h5py and matplotlib.
"""

import json
import sqlite3
import struct
import sys
import tomllib
from pathlib import Path

import h5py
import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
import numpy as np

# Bars of the project, m and shares.
NMAD_OPEN_M, NMAD_UNDER_M = 0.05, 0.10
FLAT_M, PITCHED_M, P95_M = 0.10, 0.20, 0.50
VOLUME = 0.05
# Steepest face of a flat roof, degrees, and faces that are too small to count, m².
FLAT_DEG, SLIVER_M2 = 5.0, 0.3

plt.rcParams.update({"svg.hashsalt": "twin", "font.size": 10, "axes.grid": True, "grid.alpha": 0.3})


def manifest(territory):
    return tomllib.loads((territory / "twin.toml").read_text("utf-8"))


def rows(territory, table, columns, where="true"):
    """Rows of a table; none where the territory has no such features."""
    with sqlite3.connect(territory / "features.gpkg") as base:
        if not base.execute("select 1 from sqlite_master where name = ?", [table]).fetchone():
            return []
        return base.execute(f"select {', '.join(columns)} from {table} where {where}").fetchall()


def save(figure, folder, name):
    figure.tight_layout()
    figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
    print(folder / f"{name}.svg")


def terrain(territories, folder):
    figure, axes = plt.subplots(figsize=(7, 1.2 + 0.7 * len(territories)))
    names = []
    for k, territory in enumerate(territories):
        made = manifest(territory)
        quality, names = made["quality"], [*names, made["name"]]
        under = quality.get("vegetated_errors")
        open_ground = quality.get("open_ground_errors") or quality["errors"]
        axes.barh(k - 0.18, 100 * open_ground["nmad_m"], 0.32, color="#0072b2", label="terrain découvert")
        if under:
            axes.barh(k + 0.18, 100 * under["nmad_m"], 0.32, color="#009e73", label="sous la végétation")
    axes.axvline(100 * NMAD_OPEN_M, color="#0072b2", ls="--")
    axes.axvline(100 * NMAD_UNDER_M, color="#009e73", ls="--")
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("NMAD aux points de sol mis à part, cm ; tirets : seuils")
    labels = dict(zip(*reversed(axes.get_legend_handles_labels())))
    axes.legend(labels.values(), labels.keys())
    axes.invert_yaxis()
    save(figure, folder, "assemblage-terrain")


def steepest(faces):
    slopes = [0.0]
    for ring in faces:
        area = 0.5 * np.cross(ring - ring[0], np.roll(ring, -1, 0) - ring[0]).sum(0)
        if np.linalg.norm(area) >= SLIVER_M2:
            slopes.append(np.degrees(np.arctan2(np.hypot(*area[:2]), abs(area[2]))))
    return max(slopes)


def roofs(territory):
    """Error of each model with roof planes, and whether it is flat."""
    errors, flat = [], []
    with open(territory / "buildings.city.jsonl", encoding="utf-8") as lines:
        scale = json.loads(next(lines))["transform"]["scale"]
        for feature in map(json.loads, lines):
            vertices = np.array(feature["vertices"]) * scale
            for thing in feature["CityObjects"].values():
                said = thing.get("attributes", {})
                if said.get("niveau_de_detail") != "2.2" or "eqm_toit" not in said:
                    continue
                solid = next(g for g in thing["geometry"] if g["lod"] == "2.2")
                kinds = solid["semantics"]["surfaces"]
                faces = zip(solid["boundaries"][0], solid["semantics"]["values"][0])
                tops = [vertices[f[0]] for f, k in faces if kinds[k]["type"] == "RoofSurface"]
                errors.append(said["eqm_toit"])
                flat.append(steepest(tops) < FLAT_DEG)
    return np.array(errors), np.array(flat)


def shares(axes, values, label, **style):
    if len(values):
        axes.step(np.sort(values), 100 * np.arange(1, len(values) + 1) / len(values), where="post", label=label, **style)


def roof_errors(territories, folder):
    figure, axes = plt.subplots(figsize=(7, 4.4))
    for colour, territory in zip(["#0072b2", "#d55e00", "#009e73", "#cc79a7"], territories):
        errors, flat = roofs(territory)
        if not len(errors):
            continue
        name = manifest(territory)["name"]
        shares(axes, errors[flat], f"{name}, {flat.sum()} toits plats", color=colour)
        shares(axes, errors[~flat], f"{name}, {(~flat).sum()} toits en pente", color=colour, ls="--")
    for x, y, what, above in [(FLAT_M, 50, "plats", 3), (PITCHED_M, 50, "en pente", -14), (P95_M, 95, "tous", -14)]:
        axes.plot(x, y, "kx", ms=9, mew=2)
        said = f"{what} : {x:.2f} m à {y} %".replace(".", ",")
        axes.annotate(said, (x, y), xytext=(7, above), textcoords="offset points")
    axes.set(xlim=(0, 0.8), ylim=(0, 100), ylabel="part des toits, %")
    axes.set_xlabel("écart quadratique moyen des points au modèle LoD2.2, m ; croix : seuils")
    axes.legend(loc="lower right")
    save(figure, folder, "assemblage-toits")


def volumes(territories, folder):
    figure, axes = plt.subplots(figsize=(7, 4))
    for colour, territory in zip(["#0072b2", "#d55e00", "#009e73", "#cc79a7"], territories):
        models = rows(territory, "batiment_modele", ["volume", "volume_mns"], "lod = '2.2'")
        pairs = [pair for pair in models if all(pair)]
        if pairs:
            model, surface = np.array(pairs).T
            name = f"{manifest(territory)['name']}, {len(pairs)} bâtiments"
            shares(axes, 100 * abs(model / surface - 1), name, color=colour)
    axes.plot(100 * VOLUME, 90, "kx", ms=9, mew=2)
    axes.annotate("5 % à 90 %", (100 * VOLUME, 90), xytext=(8, -12), textcoords="offset points")
    axes.set(xlim=(0, 20), ylim=(0, 100), ylabel="part des bâtiments, %")
    axes.set_xlabel("écart du volume du modèle à celui du MNS au-dessus du sol, % ; croix : seuil")
    axes.legend(loc="lower right")
    save(figure, folder, "assemblage-volumes")


def line_of(blob):
    """Vertices of a GeoPackage line string with heights."""
    envelope = [0, 32, 48, 48, 64][(blob[3] >> 1) & 7]
    wkb = blob[8 + envelope :]
    kind, count = struct.unpack_from("<II", wkb, 1)
    if kind % 1000 != 2:
        return np.empty((0, 2))
    size = 3 if kind >= 1000 else 2
    return np.array(struct.unpack_from(f"<{size * count}d", wkb, 9)).reshape(count, size)[:, :2]


def profile(territory, folder):
    """Bed and terrain along the longest watercourse, downstream."""
    lines = [line_of(blob) for (blob,) in rows(territory, "troncon_hydrographique", ["geom"])]
    lengths = [np.hypot(*np.diff(line, axis=0).T).sum() if len(line) > 1 else 0.0 for line in lines]
    if not lengths or max(lengths) < 50:
        return False
    line = lines[int(np.argmax(lengths))]
    along = np.r_[0, np.cumsum(np.hypot(*np.diff(line, axis=0).T))]
    places = np.arange(0.5, along[-1], 1.0)
    x, y = (np.interp(places, along, line[:, axis]) for axis in (0, 1))
    with h5py.File(territory / "grids.h5") as grids:
        west, north = grids["x"][:], grids["y"][:]
        column = np.clip(np.rint((x - west[0]) / (west[1] - west[0])), 0, len(west) - 1).astype(int)
        row = np.clip(np.rint((y - north[0]) / (north[1] - north[0])), 0, len(north) - 1).astype(int)
        bed, dtm = (grids[name][:][row, column] for name in ("bed", "dtm"))
    if np.nanmean(bed[-20:]) > np.nanmean(bed[:20]):
        bed, dtm = bed[::-1], dtm[::-1]
    rises = np.maximum(np.diff(bed), 0)
    figure, axes = plt.subplots(figsize=(8, 3.6))
    axes.plot(places, dtm, color="#999999", lw=1, label="terrain levé (MNT)")
    axes.plot(places, bed, color="#0072b2", label="lit creusé")
    axes.set(xlabel="distance le long du cours d'eau, m", ylabel="altitude, m")
    axes.set_title(f"{manifest(territory)['name']} : plus forte remontée du lit {1000 * rises.max():.0f} mm")
    axes.legend()
    save(figure, folder, "assemblage-profil")
    return True


def main(out, territories):
    folder, territories = Path(out), [Path(t) for t in territories]
    folder.mkdir(parents=True, exist_ok=True)
    terrain(territories, folder)
    roof_errors(territories, folder)
    volumes(territories, folder)
    any(profile(territory, folder) for territory in territories)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
