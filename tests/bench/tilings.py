"""Synthetic layers that tile a turned rectangle, as wards do, and points to join to them.

Corners of a lattice are moved at random and joined by rough lines which both neighbours share to
the last bit. The same arguments give the same layer.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CORNER_JITTER = 0.2  # of a lattice step, so that every corner keeps a wide angle
ROUGHNESS = 0.2  # of a line's length, so that lines which meet in a corner cross nowhere else
TURN = np.radians(30)  # so that boxes of areas overlap as those of real wards do
SNAP_PLACES = 50_000


@dataclass(frozen=True)
class Tiling:
    """How many areas there are, how they are cut, and how wide the land is."""

    columns: int
    rows: int
    vertices_per_side: int
    width_m: float
    height_m: float
    merged: int = 0  # this many areas are joined with their eastern neighbour


TILINGS = {
    "city of 17 wards": Tiling(5, 4, 90, 10_000, 10_000, merged=3),
    "8,010 wards": Tiling(89, 90, 100, 400_000, 500_000),
    "36,040 LSOAs": Tiling(170, 212, 64, 400_000, 500_000),
}
SOUTH_WEST = (400_000.0, 50_000.0)


def make_layer(tiling: Tiling, *, seed: int = 1) -> gpd.GeoDataFrame:
    """Areas `E05000000`, `E05000001`, … in metres."""
    draw = np.random.default_rng(seed)
    corners = _corners(tiling, draw)
    across = _rough_lines(corners[:, :-1], corners[:, 1:], tiling.vertices_per_side, draw)
    upward = _rough_lines(corners[:-1], corners[1:], tiling.vertices_per_side, draw)
    # Round each tile: along its south, up its east, back along its north, down its west.
    rings = np.concatenate(
        [across[:-1], upward[:, 1:], across[1:, :, ::-1], upward[:, :-1, ::-1]], axis=2
    )
    # Each line ends where the next one starts.
    once = np.delete(rings, np.arange(1, 4) * (tiling.vertices_per_side + 1), axis=2)
    tiles = shapely.polygons(once.reshape(-1, *once.shape[2:]))
    for at in range(tiling.merged):
        tiles[2 * at] = shapely.coverage_union_all(tiles[2 * at : 2 * at + 2])
    tiles = np.delete(tiles, 2 * np.arange(tiling.merged) + 1)
    codes = [f"E05{number:06}" for number in range(len(tiles))]
    return gpd.GeoDataFrame({"area_name": codes}, index=codes, geometry=tiles, crs="EPSG:27700")


def uniform_points(tiling: Tiling, count: int, *, seed: int = 2) -> tuple[Floats, Floats]:
    """Points anywhere in the rectangle, all distinct."""
    draw = np.random.default_rng(seed)
    x, y = draw.uniform(0, tiling.width_m, count), draw.uniform(0, tiling.height_m, count)
    placed = _placed(np.column_stack([x, y]))
    return placed[:, 0].copy(), placed[:, 1].copy()


def snap_points(tiling: Tiling, count: int, *, seed: int = 3) -> tuple[Floats, Floats]:
    """Points as the police publish them: few places, and few of these hold much."""
    x, y = uniform_points(tiling, SNAP_PLACES, seed=seed)
    chosen = (SNAP_PLACES * np.random.default_rng(seed).random(count) ** 2).astype(int)
    return x[chosen], y[chosen]


def _corners(tiling: Tiling, draw: np.random.Generator) -> Floats:
    steps = np.array([tiling.width_m / tiling.columns, tiling.height_m / tiling.rows])
    row, column = np.mgrid[: tiling.rows + 1, : tiling.columns + 1]
    lattice = np.stack([column, row], axis=-1)
    moved = lattice + draw.uniform(-CORNER_JITTER, CORNER_JITTER, lattice.shape)
    return _placed(moved * steps)


def _placed(xy: Floats) -> Floats:
    """Turn places of the rectangle about its corner, and move them to where the land lies."""
    turn = np.array([[np.cos(TURN), np.sin(TURN)], [-np.sin(TURN), np.cos(TURN)]])
    return np.asarray(SOUTH_WEST + xy @ turn)


def _rough_lines(start: Floats, end: Floats, pieces: int, draw: np.random.Generator) -> Floats:
    """Lines of `pieces` edges, moved sideways by noise of all lengths alike."""
    along = np.linspace(0, 1, pieces + 1)
    noise = np.zeros((*start.shape[:-1], pieces + 1))
    octaves = range(1, int(np.log2(pieces)))
    for octave in octaves:
        knots = draw.uniform(-1, 1, (*start.shape[:-1], 2**octave + 1))
        at = along * 2**octave
        left = np.minimum(at.astype(int), 2**octave - 1)
        part = at - left
        noise += (knots[..., left] * (1 - part) + knots[..., left + 1] * part) / len(octaves)
    sideways = (ROUGHNESS * 4 * along * (1 - along) * noise)[..., None]
    step = (end - start)[..., None, :]
    lines = start[..., None, :] + along[:, None] * step
    lines += sideways * np.stack([-step[..., 1], step[..., 0]], axis=-1)
    # The lines that meet in a corner share it exactly.
    lines[..., 0, :], lines[..., -1, :] = start, end
    return lines
