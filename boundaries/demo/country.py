"""A synthetic country of any size, as a national archive of data.police.uk.

Its wards are the squares of a bent grid, and its forces are blocks of wards. Only the shape of
the data is realistic: forces and months, few points shared by many incidents, a quarter of
anti-social behaviour without ids, rows without a place, and strays in another force's area.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from boundaries.demo.published import PUBLISHED_COLUMNS
from geo.crs import Projection
from geo.incidents import months_between
from geo.output import Output, write_text

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LABEL: Final = "Synthetic country: no real place, no real people, no real incidents"
ROWS_A_MONTH: Final = 500_000
"""As many as England and Wales publish; a smaller country has fewer months, not smaller ones."""

ACROSS, UP = 84, 96
"""Wards from west to east and from south to north."""

FORCES_ACROSS, FORCES_UP = 6, 7
POINTS_A_WARD: Final = 40
VERTICES_A_SIDE: Final = 8
SEED: Final = 2026
FIRST_MONTH: Final = np.datetime64("2014-01", "M")
MONTHS_AN_ARCHIVE: Final = 12

_WEST, _SOUTH, _SIDE = 100_000.0, 50_000.0, 5_000.0
_SHARES: Final = {
    "Anti-social behaviour": 0.25,
    "Violence and sexual offences": 0.30,
    "Criminal damage and arson": 0.09,
    "Public order": 0.08,
    "Shoplifting": 0.07,
    "Other theft": 0.06,
    "Vehicle crime": 0.05,
    "Burglary": 0.04,
    "Drugs": 0.02,
    "Theft from the person": 0.01,
    "Robbery": 0.01,
    "Bicycle theft": 0.01,
    "Possession of weapons": 0.005,
    "Other crime": 0.005,
}
_WITHOUT_PLACE, _STRAYS = 0.015, 0.001
_OUTCOMES = (
    "Investigation complete; no suspect identified",
    "Unable to prosecute suspect",
    "Under investigation",
)


@dataclass(frozen=True)
class _Snaps:
    """The anonymous points of the country, those of one force one after the other.

    `ends` is for each force where its points end. `longitude` and `latitude` are texts.
    """

    longitude: pa.Array
    latitude: pa.Array
    location: pa.Array
    ends: Ints


def write_country(
    folder: Path, rows: int, projection: Projection, *, seed: int = SEED
) -> Iterator[Path]:
    """Write `wards.geojson` and archives of a year each into a folder, which is made if need be.

    Parameters
    ----------
    rows
        How many incidents, in all months together.
    projection
        Leads from the working CRS to longitude and latitude.
    seed
        The same seed gives the same bytes.

    Yields
    ------
    Each file once it is written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    wards = country_wards(rng)
    path = folder / "wards.geojson"
    write_text(path, _geojson(wards, projection))
    yield path
    snaps = _snaps(wards, projection, rng)
    months = max(round(rows / ROWS_A_MONTH), 1)
    names = months_between(str(FIRST_MONTH), str(FIRST_MONTH + months - 1))
    sizes = np.diff(np.linspace(0, rows, months + 1).astype(np.int64))
    for start in range(0, months, MONTHS_AN_ARCHIVE):
        part = slice(start, start + MONTHS_AN_ARCHIVE)
        path = folder / f"{names[part][-1]}.zip"
        with (
            Output(path) as made,
            zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        ):
            for month, size in zip(names[part], sizes[part], strict=True):
                _write_month(archive, month, int(size), snaps=snaps, rng=rng)
        yield path


def country_wards(
    rng: np.random.Generator, *, vertices: int = VERTICES_A_SIDE
) -> NDArray[np.object_]:
    """Wards from south to north and west to east, in metres; neighbours share every vertex.

    Parameters
    ----------
    vertices
        How many each of a ward's four sides has. Published wards have a hundred and more.
    """
    # One smooth bending of the whole plane moves every side, so neighbours still fit.
    waves = rng.uniform(0, 2 * np.pi, (2, 3))
    lengths = _SIDE * np.array([1.7, 5.3, 23.0])

    def bent(x: Floats, y: Floats) -> Floats:
        moved = [
            sum(np.sin(other / length + phase) * length / 12
                for length, phase in zip(lengths, phases, strict=True))
            for other, phases in ((y, waves[0]), (x, waves[1]))
        ]  # fmt: skip
        return np.stack([x + moved[0], y + moved[1]], axis=-1)

    step, ones = np.arange(vertices) / vertices, np.ones(vertices)
    ring_x = np.concatenate([step, ones, 1 - step, 0 * ones])
    ring_y = np.concatenate([0 * ones, step, ones, 1 - step])
    row, column = np.divmod(np.arange(ACROSS * UP), ACROSS)
    x = _WEST + _SIDE * (column[:, None] + ring_x)
    y = _SOUTH + _SIDE * (row[:, None] + ring_y)
    return np.asarray(shapely.polygons(bent(x, y)), dtype=object)


def _geojson(wards: NDArray[np.object_], projection: Projection) -> str:
    degrees = shapely.transform(projection.geometries_to_lonlat(wards), lambda xy: xy.round(6))
    features = (
        f'{{"type":"Feature","properties":{{"WD26CD":"W{number:06}","WD26NM":"Ward {number}"}},'
        f'"geometry":{shape}}}'
        for number, shape in enumerate(shapely.to_geojson(degrees), start=1)
    )
    body = ",\n".join(features)
    note = json.dumps(LABEL)
    return f'{{"type":"FeatureCollection","synthetic":{note},"features":[\n{body}\n]}}\n'


def _force_of_wards() -> Ints:
    row, column = np.divmod(np.arange(ACROSS * UP), ACROSS)
    return np.asarray(row * FORCES_UP // UP * FORCES_ACROSS + column * FORCES_ACROSS // ACROSS)


def _snaps(wards: NDArray[np.object_], projection: Projection, rng: np.random.Generator) -> _Snaps:
    force = _force_of_wards()
    # Each force's wards in random order, because the first points get most incidents.
    order = np.lexsort([rng.random(len(wards)), force])
    ward = np.repeat(order, POINTS_A_WARD)
    west, south, east, north = shapely.bounds(wards)[ward].T
    x = west + (east - west) * rng.uniform(0.1, 0.9, len(ward))
    y = south + (north - south) * rng.uniform(0.1, 0.9, len(ward))
    longitude, latitude = projection.to_lonlat(x, y)
    street = [f"On or near Street {number}" for number in rng.integers(0, 20_000, len(ward))]
    street[::97] = [f'"On or near Shop {number}, Market Place"' for number in ward[::97]]
    return _Snaps(
        pa.array([f"{degrees:.6f}" for degrees in longitude]),
        pa.array([f"{degrees:.6f}" for degrees in latitude]),
        pa.array(street),
        np.cumsum(np.bincount(force)) * POINTS_A_WARD,
    )


def _write_month(
    archive: zipfile.ZipFile, month: str, rows: int, *, snaps: _Snaps, rng: np.random.Generator
) -> None:
    forces = len(snaps.ends)
    # Forces differ ninefold in size.
    shares = np.linspace(1, 9, forces)
    sizes = np.diff(np.floor(np.cumsum([0, *shares / shares.sum()]) * rows + 0.5).astype(np.int64))
    for force, size in enumerate(sizes.tolist()):
        if size:
            name = f"{month}/{month}-force-{force + 1:02}-street.csv"
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, _street_csv(month, force, size, snaps=snaps, rng=rng))


def _street_csv(
    month: str, force: int, rows: int, *, snaps: _Snaps, rng: np.random.Generator
) -> bytes:
    start, end = (0, *snaps.ends.tolist())[force], int(snaps.ends[force])
    # Few points have many incidents: the square of a uniform number favours the first ones.
    point = start + ((end - start) * rng.random(rows) ** 2).astype(np.int64)
    stray = rng.random(rows) < _STRAYS
    point[stray] = rng.integers(0, snaps.ends[-1], int(stray.sum()))
    # Published rows without a place have empty coordinates.
    place = pa.array(point, mask=rng.random(rows) < _WITHOUT_PLACE)
    kind = rng.choice(len(_SHARES), rows, p=list(_SHARES.values()))
    antisocial = pa.array(kind == 0)
    digits = pa.py_buffer(rng.bytes(32 * rows).hex().encode())
    offsets = np.arange(0, 64 * rows + 1, 64, dtype=np.int32)
    ids = pa.Array.from_buffers(pa.string(), rows, [None, pa.py_buffer(offsets), digits])
    outcome = pa.array(_OUTCOMES).take(pa.array(rng.integers(0, len(_OUTCOMES), rows)))
    reporter = _same(f"Force {force + 1:02} (synthetic)", rows)
    none = _same("", rows)
    columns = (
        pc.if_else(antisocial, "", ids),
        _same(month, rows),
        reporter,
        reporter,
        pc.fill_null(snaps.longitude.take(place), ""),
        pc.fill_null(snaps.latitude.take(place), ""),
        pc.fill_null(snaps.location.take(place), "No Location"),
        none,
        none,
        pa.array(list(_SHARES)).take(pa.array(kind)),
        pc.if_else(antisocial, "", outcome),
        none,
    )
    lines = pc.binary_join_element_wise(*columns, ",")
    # With line ends added, the buffer is the file's content and needs no copy by Python.
    lines = pc.binary_join_element_wise(lines, "", "\n")
    return ",".join(PUBLISHED_COLUMNS).encode() + b"\n" + bytes(lines.buffers()[2])


def _same(text: str, rows: int) -> pa.Array:
    return pa.array([text]).take(pa.array(np.zeros(rows, dtype=np.int64)))
