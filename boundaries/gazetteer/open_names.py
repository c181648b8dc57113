"""OS Open Names as Ordnance Survey publishes it: some 820 CSV files without a header.

Source: OS Open Names technical specification. Settlements, roads, postcodes, sites, water and
landforms of Great Britain, each with a point and mostly a box on the National Grid. The header is a
file of its own in the folder `Doc`; its columns are those below in every release so far.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Final, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from boundaries.gazetteer.names import Kind, NameBatch
from boundaries.gazetteer.parts import Headed, Part, first_row
from geo.crs import BRITISH_NATIONAL_GRID, Projection, implausible
from geo.formats.csv_table import Table, read_tables
from geo.sources.postcodes import PATTERN

COLUMNS: Final = (
    "ID", "NAMES_URI", "NAME1", "NAME1_LANG", "NAME2", "NAME2_LANG", "TYPE", "LOCAL_TYPE",
    "GEOMETRY_X", "GEOMETRY_Y", "MOST_DETAIL_VIEW_RES", "LEAST_DETAIL_VIEW_RES", "MBR_XMIN",
    "MBR_YMIN", "MBR_XMAX", "MBR_YMAX", "POSTCODE_DISTRICT", "POSTCODE_DISTRICT_URI",
    "POPULATED_PLACE", "POPULATED_PLACE_URI", "POPULATED_PLACE_TYPE", "DISTRICT_BOROUGH",
    "DISTRICT_BOROUGH_URI", "DISTRICT_BOROUGH_TYPE", "COUNTY_UNITARY", "COUNTY_UNITARY_URI",
    "COUNTY_UNITARY_TYPE", "REGION", "REGION_URI", "COUNTRY", "COUNTRY_URI",
    "RELATED_SPATIAL_OBJECT", "SAME_AS_DBPEDIA", "SAME_AS_GEONAMES",
)  # fmt: skip
_USED: Final = ("NAME1", "LOCAL_TYPE", "GEOMETRY_X", "GEOMETRY_Y")
_TYPES: Final = {
    "populatedPlace", "transportNetwork", "other", "hydrography", "landform", "landcover",
}  # fmt: skip
_ROWS: Final = 100_000
_CONTROL: Final = r"[\x00-\x1f\x7f-\x9f]"  # on a terminal they act

_BY_LOCAL_TYPE: Final[dict[str, tuple[Kind, int]]] = {
    "City": ("settlement", 0),
    "Town": ("settlement", 1),
    "Village": ("settlement", 2),
    "Suburban Area": ("settlement", 2),
    "Other Settlement": ("settlement", 3),
    "Hamlet": ("settlement", 3),
    "Named Road": ("street", 5),
    "Numbered Road": ("street", 5),
    "Section Of Named Road": ("street", 6),
    "Section Of Numbered Road": ("street", 6),
}
_BY_TYPE: Final[dict[str, tuple[Kind, int]]] = {
    "populatedPlace": ("settlement", 3),
    "transportNetwork": ("station", 4),
    "other": ("site", 7),
}
_OTHERWISE: Final[tuple[Kind, int]] = ("landform", 8)

Texts = NDArray[np.object_]


def is_open_names(row: Sequence[str]) -> bool:
    """Whether the first row of a file is of OS Open Names: its header, or one of its names."""
    if {name.upper() for name in row} >= set(_USED):
        return True
    # By its types, as a comma in a name moves all that follows.
    return len(row) >= len(COLUMNS) and not _TYPES.isdisjoint(row[6:9])


def read_open_names(
    parts: Callable[[], Iterator[Part]], *, projection: Projection
) -> Iterator[NameBatch]:
    """Read names and postcodes.

    Parameters
    ----------
    parts
        Begins to list the files.
    projection
        To the working CRS.

    Yields
    ------
    batch
        Some rows; a row with a second name, as in Wales, gives two names.
    """
    for part in parts():
        has_header = "NAME1" in {name.upper() for name in first_row(part)}
        with part.open() as stream:
            table = stream if has_header else _headed(stream)
            for rows in read_tables(table, file=part.name, rows=_ROWS):
                yield _batch(_Columns(rows), projection)


def _headed(stream: IO[bytes]) -> IO[bytes]:
    return cast("IO[bytes]", io.BufferedReader(Headed(stream, COLUMNS)))


class _Columns:
    """The columns of some rows by their published names, whatever their case."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._names = {name.upper(): name for name in table.header}
        table.require(*(self._names.get(name, name) for name in _USED))
        self.width_is_wrong = table.wrong_width

    def __len__(self) -> int:
        return len(self._table)

    def text(self, name: str) -> Texts:
        if name not in self._names:
            return np.full(len(self._table), "", dtype=object)
        return self._table.text(self._names[name]).to_numpy(dtype=object)

    def numbers(self, name: str) -> NDArray[np.float64]:
        if name not in self._names:
            return np.full(len(self._table), np.nan)
        return self._table.numbers(self._names[name])


def _batch(columns: _Columns, projection: Projection) -> NameBatch:
    name, local = columns.text("NAME1"), columns.text("LOCAL_TYPE")
    x, y = columns.numbers("GEOMETRY_X"), columns.numbers("GEOMETRY_Y")
    reasons = implausible(x, y, source=BRITISH_NATIONAL_GRID, projection=projection)
    is_postcode = local == "Postcode"
    codes = pd.Series(name, dtype="str").str.upper().str.replace(" ", "")
    reasons[is_postcode & ~np.asarray(codes.str.fullmatch(PATTERN), bool)] = "not a whole postcode"
    texts = pd.Series(name + columns.text("NAME2") + _place(columns), dtype="str")
    reasons[np.asarray(texts.str.contains(_CONTROL), bool)] = "it holds a control character"
    reasons[name == ""] = "it has no name"
    reasons[columns.width_is_wrong] = "the row has too many or too few fields"
    good = reasons == ""
    metres = projection.to_metres(x, y, source=BRITISH_NATIONAL_GRID)
    frame = _frame(columns, name, metres)
    second = frame.assign(name=columns.text("NAME2"), also=name)
    has_second = good & ~is_postcode & (second["name"] != "").to_numpy()
    names = pd.concat([frame[good & ~is_postcode], second[has_second]])
    postcodes = frame[good & is_postcode].assign(postcode=codes[good & is_postcode].to_numpy())
    return NameBatch(
        len(name),
        names,
        postcodes[["postcode", "x", "y", "place"]],
        Counter(reasons[~good]),
        second=int(has_second.sum()),
    )


def _frame(
    columns: _Columns, name: Texts, metres: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> pd.DataFrame:
    local, types = columns.text("LOCAL_TYPE"), columns.text("TYPE")
    x, y = columns.numbers("GEOMETRY_X"), columns.numbers("GEOMETRY_Y")
    kinds = [
        _BY_LOCAL_TYPE.get(own) or _BY_TYPE.get(wider, _OTHERWISE)
        for own, wider in zip(local.tolist(), types.tolist(), strict=True)
    ]
    return pd.DataFrame(
        {
            "name": name,
            "also": columns.text("NAME2"),
            "kind": [kind for kind, _ in kinds],
            "type": local,
            "order": [order for _, order in kinds],
            "place": _place(columns),
            "x": metres[0],
            "y": metres[1],
            "half_x": _half(x, columns.numbers("MBR_XMIN"), columns.numbers("MBR_XMAX")),
            "half_y": _half(y, columns.numbers("MBR_YMIN"), columns.numbers("MBR_YMAX")),
            "ref": "",
        }
    )


def _half(
    centre: NDArray[np.float64], least: NDArray[np.float64], most: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Half the side of the least box around the point that holds its own; 0 where it has none."""
    half = np.maximum(centre - least, most - centre)
    return np.where(np.isfinite(half) & (half > 0), half, 0.0)


def _place(columns: _Columns) -> Texts:
    """What tells a name from others: its settlement and postcode district, else its council."""
    wider = zip(
        columns.text("POPULATED_PLACE").tolist(),
        columns.text("DISTRICT_BOROUGH").tolist(),
        columns.text("COUNTY_UNITARY").tolist(),
        columns.text("POSTCODE_DISTRICT").tolist(),
        strict=True,
    )
    places = np.empty(len(columns), dtype=object)
    places[:] = [
        ", ".join(filter(None, (town or council or county, district)))
        for town, council, county, district in wider
    ]
    return places
