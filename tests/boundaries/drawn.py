"""Plans drawn with letters: each letter is a block of 100 m, and the area that it is in."""

from datetime import UTC, datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from boundaries.layers.blocks import block_graph
from boundaries.plans.plan import Plan, PlanMetadata
from boundaries.plans.state import Area, Signed
from geo.crs import BRITISH_NATIONAL_GRID

WEST, SOUTH = 435_000, 336_000
SIGNED = Signed("Ann", datetime(2025, 5, 1, 9, 30, tzinfo=UTC), "the road parts them")


def grid(columns: int, rows: int) -> gpd.GeoDataFrame:
    """Blocks of 100 m: `a1` is the lowest on the left, `b1` is beside it, `a2` above it."""
    codes = [f"{chr(97 + x)}{y + 1}" for x in range(columns) for y in range(rows)]
    shapes = [
        shapely.box(WEST + 100 * x, SOUTH + 100 * y, WEST + 100 * (x + 1), SOUTH + 100 * (y + 1))
        for x in range(columns)
        for y in range(rows)
    ]
    index = pd.Index(codes, name="area_code", dtype="str")
    size = np.arange(1, len(codes) + 1)
    values = {"area_name": codes, "electors": 100 * size, "residents": 130 * size}
    return gpd.GeoDataFrame(values, index=index, geometry=shapes, crs=BRITISH_NATIONAL_GRID)


def drawn(*picture: str, members: int | None = 1) -> Plan:
    """A plan from a picture, the highest row first; a point is an unassigned block."""
    blocks = grid(len(picture[0]), len(picture))
    assignment = {
        f"{chr(97 + x)}{len(picture) - y}": "" if letter == "." else letter
        for y, row in enumerate(picture)
        for x, letter in enumerate(row)
    }
    areas = [Area(code, f"Ward {code}", members) for code in sorted({*assignment.values()} - {""})]
    metadata = PlanMetadata("try", "A try", "blocks", "wards")
    return Plan.begin(metadata, block_graph(blocks), assignment=assignment, areas=areas)


def picture(plan: Plan) -> list[str]:
    """The picture of a plan, to be compared with what was expected."""
    area = {code: letter or "." for code, letter in plan.assignment.items()}
    columns = sorted({code[0] for code in area})
    rows = sorted({int(code[1:]) for code in area}, reverse=True)
    return ["".join(area[f"{column}{row}"] for column in columns) for row in rows]


def layer(*shapes: shapely.Geometry, codes: str = "ABCDEFGH") -> gpd.GeoDataFrame:
    """A layer of shapes, in metres from a corner of Derby."""
    moved = shapely.transform(np.array(shapes, object), lambda xy: xy + np.array([WEST, SOUTH]))
    names = list(codes[: len(shapes)])
    index = pd.Index(names, name="area_code", dtype="str")
    return gpd.GeoDataFrame(
        {"area_name": names}, index=index, geometry=moved, crs=BRITISH_NATIONAL_GRID
    )
