"""Imports electorates: a proforma of the Commission, joined to a layer of polling districts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from api.imports.attributes import Joined
from api.settings import user_name
from boundaries.layers.attributes import join_attributes
from boundaries.layers.electorates import electorates
from boundaries.layers.proforma import HEADING, Proforma, read_proforma
from boundaries.layers.read import NOTE_LENGTH
from geo.formats.csv_table import Table
from geo.sources.sheets import read_table_below
from geo.store.contract import Store

KEY = "polling_district"


@dataclass(frozen=True)
class ImportedElectorates:
    """A proforma, and the layer that it was joined to."""

    proforma: Proforma
    joined: Joined


def read_proforma_file(file: Path, *, sheet: str = "", forecast: str = "") -> Proforma:
    """Read and check a proforma from an XLSX or CSV file.

    Parameters
    ----------
    sheet
        The sheet of a workbook; '' for the first one that has polling districts.
    forecast
        The year of the forecast of the review; '' for the last one.

    Raises
    ------
    InputError
        If it is no proforma, or a row is at fault.
    """
    return read_proforma(read_table_below(file, HEADING, sheet=sheet), forecast=forecast)


def import_electorates(
    store: Store, file: Path, *, layer: str, sheet: str = "", forecast: str = "", by: str = ""
) -> ImportedElectorates:
    """Join a proforma to a layer of polling districts, and store the layer.

    Electorates that the layer had from an earlier proforma go, so that no old forecast stays
    beside new ones.

    Parameters
    ----------
    layer
        The layer whose codes are those of the polling districts.
    file, sheet, forecast
        As `read_proforma_file` takes them.
    by
        Who does it, for the records of changes; by default the user who runs this process.

    Raises
    ------
    NotFoundError
        If there is no such layer.
    InputError
        As `read_proforma_file`, or if no polling district is an area of the layer.
    """
    proforma = read_proforma_file(file, sheet=sheet, forecast=forecast)
    table = _as_table(proforma, file.name)
    with store.transaction():
        metadata, areas = store.layer(layer)
        former = areas.drop(columns=[*electorates(areas.columns)])
        added, unknown, missing = join_attributes(former, table, key=KEY)
        names = [name for name in table.header if name != KEY]
        joined = Joined(metadata, added, names, unknown, missing, None, layer, len(areas))
        store.put_layer(
            metadata,
            added,
            by=by or user_name(),
            what=f"electorates from {file.name}"[:NOTE_LENGTH],
        )
    return ImportedElectorates(proforma, joined)


def _as_table(proforma: Proforma, file: str) -> Table:
    frame = proforma.districts.reset_index()
    rows = [[*map(str, row)] for row in frame.itertuples(index=False, name=None)]
    return Table(file, [*map(str, frame)], np.arange(len(rows)), rows)
