"""Addresses along both sides of every street, numbered as on a real one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from boundaries.demo.town.fabric import Fabric
from boundaries.demo.town.land import Land
from boundaries.demo.town.lines import Floats, Ints
from boundaries.demo.town.streets import KINDS, RESIDENTIAL, Streets

CORNER_M = 10.0
"""No address is this close to a junction."""


@dataclass(frozen=True)
class Addresses:
    """The addresses of a city: arrays of the same length.

    Attributes
    ----------
    points
        Metres, shape (n, 2).
    segment, street
        Positions in `Streets.segments` and `Streets.named`.
    number
        House number: odd on the left of the street, even on its right.
    cell
        Cell of the fabric that the address stands in.
    """

    points: Floats
    segment: Ints
    street: Ints
    number: Ints
    cell: Ints


def number_houses(
    fabric: Fabric, land: Land, *, streets: Streets, rng: np.random.Generator
) -> Addresses:
    """Put addresses 12 to 20 metres apart along the streets, a few metres into the block."""
    fronts = _fronts(fabric, land, streets=streets, rng=rng)
    houses = fronts.loc[fronts.index.repeat(fronts["houses"])].reset_index(names="front")
    step = houses.groupby("front").cumcount()
    along = CORNER_M + (step + 0.5) * houses["pitch"]
    points = np.column_stack(
        [
            houses["x"] + along * houses["dx"] - houses["setback"] * houses["side"] * houses["dy"],
            houses["y"] + along * houses["dy"] + houses["setback"] * houses["side"] * houses["dx"],
        ]
    )
    # The fronts come in the order of street, side and place, and so do the numbers.
    count = houses.groupby(["street", "side"]).cumcount()
    return Addresses(
        points=points.round(1),
        segment=houses["segment"].to_numpy(),
        street=houses["street"].to_numpy(),
        number=(2 * count + np.where(houses["side"] > 0, 1, 2)).to_numpy().astype(np.int64),
        cell=houses["cell"].to_numpy(),
    )


def _fronts(
    fabric: Fabric, land: Land, *, streets: Streets, rng: np.random.Generator
) -> pd.DataFrame:
    """One row per side of a segment where houses stand; `side` is 1 on the left, -1 right."""
    segments = streets.segments
    ends = fabric.edges[segments["edge"]]
    ends = np.where(segments["forward"].to_numpy()[:, None], ends, ends[:, ::-1])
    start, along = fabric.nodes[ends[:, 0]], fabric.nodes[ends[:, 1]] - fabric.nodes[ends[:, 0]]
    length = np.hypot(*along.T)
    busy = (streets.named["kind"] != KINDS[RESIDENTIAL]).to_numpy()[segments["street"]]
    frame = pd.DataFrame(
        {
            "segment": np.arange(len(segments)),
            "street": segments["street"],
            "x": start[:, 0],
            "y": start[:, 1],
            "dx": along[:, 0] / length,
            "dy": along[:, 1] / length,
            "length": length,
            "setback": rng.uniform(5, 8, len(segments)) + 3 * busy,
        }
    )
    cells = fabric.sides[segments["edge"]]
    first_is_left = _cross(along, fabric.seeds[cells[:, 0]] - start) > 0
    left = np.where(first_is_left, cells[:, 0], cells[:, 1])
    right = np.where(first_is_left, cells[:, 1], cells[:, 0])
    fronts = pd.concat([frame.assign(side=1, cell=left), frame.assign(side=-1, cell=right)])
    fronts["pitch"] = rng.uniform(12, 20, len(fronts))
    room = (fronts["length"] - 2 * CORNER_M).clip(lower=0)
    fronts["houses"] = np.where(land.built[fronts["cell"]], room // fronts["pitch"], 0).astype(int)
    return fronts.sort_values(["street", "side", "segment"], ignore_index=True)


def _cross(a: Floats, b: Floats) -> Floats:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
