"""Postcodes of a gazetteer: Code-Point Open and the ONS Postcode Directory, as downloaded."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Final, cast

import numpy as np
import pandas as pd

from boundaries.gazetteer.names import NameBatch
from boundaries.gazetteer.parts import Headed, Part, first_row
from geo.crs import BRITISH_NATIONAL_GRID, Projection, implausible
from geo.formats.csv_table import Table, read_tables
from geo.sources.postcodes import PATTERN, PostcodeLayout, postcode_layout

_ROWS: Final = 100_000

TITLES: Final = {
    "code-point-open": "Code-Point Open",
    "onspd": "ONS Postcode Directory",
    "postcodes": "Postcodes",
}
"""Titles of the sources that are known, by id."""

_QUALITY: Final = {"pq", "positional_quality_indicator"}  # a column of Code-Point Open alone


def postcode_source(row: Sequence[str]) -> str:
    """Which source of postcodes the first row of a file is of, an id of `TITLES`; '' for none."""
    layout = postcode_layout(row)
    if layout is None:
        return ""
    names = [name.lower() for name in row]
    if layout.is_bare or not _QUALITY.isdisjoint(names):
        return "code-point-open"
    return "onspd" if names[layout.postcode].startswith("pcd") else "postcodes"


def read_postcode_files(
    parts: Callable[[], Iterator[Part]], *, projection: Projection
) -> Iterator[NameBatch]:
    """Read postcodes with their points.

    Parameters
    ----------
    parts
        Begins to list the files.
    projection
        To the working CRS.

    Yields
    ------
    batch
        Some rows.

    Raises
    ------
    InputError
        If a part is no such file.
    """
    for part in parts():
        row = first_row(part)
        layout = postcode_layout(row, file=part.name)
        with part.open() as stream:
            table = _headed(stream, len(row)) if layout.is_bare else stream
            for rows in read_tables(table, file=part.name, rows=_ROWS):
                yield _batch(rows, layout, projection)


def _headed(stream: IO[bytes], width: int) -> IO[bytes]:
    names = [f"column {number}" for number in range(1, width + 1)]
    return cast("IO[bytes]", io.BufferedReader(Headed(stream, names)))


def _batch(table: Table, layout: PostcodeLayout, projection: Projection) -> NameBatch:
    codes, east, north = (
        table.header[at] for at in (layout.postcode, layout.easting, layout.northing)
    )
    postcodes = table.text(codes).str.upper().str.replace(r"\s+", "", regex=True)
    x, y = table.numbers(east), table.numbers(north)
    reasons = implausible(x, y, source=BRITISH_NATIONAL_GRID, projection=projection)
    reasons[~np.isfinite(x + y) | ((x == 0) & (y == 0))] = "the postcode has no point"
    reasons[np.asarray(postcodes.str.startswith("BT"), bool)] = (
        "Northern Ireland postcodes are on the Irish grid, which is not supported"
    )
    reasons[~np.asarray(postcodes.str.fullmatch(PATTERN), bool)] = "not a whole postcode"
    reasons[table.wrong_width] = "the row has too many or too few fields"
    good = reasons == ""
    metres = projection.to_metres(x[good], y[good], source=BRITISH_NATIONAL_GRID)
    frame = pd.DataFrame(
        {"postcode": postcodes.to_numpy()[good], "x": metres[0], "y": metres[1], "place": ""}
    )
    return NameBatch(len(table), postcodes=frame, rejected=Counter(reasons[~good]))
