"""`/tasks.csv`, `/tasks.xlsx`, `/tasks.geojson`: the list as it is filtered, on one page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from fastapi import APIRouter, Request, Response

from api.etags import not_modified_or
from api.formats.encoding import encode_features, feature_collection
from api.identity.declared import requires
from api.identity.roles import Capability
from api.query import only
from api.snapshot import Snapshot
from api.tasks.listing import FILTERS, TaskList, task_list
from api.tasks.request import CallerDep
from boundaries.tasking.payload import task_row_facts
from geo.formats.csv_text import to_csv
from geo.formats.workbook import Sheet, to_workbook
from geo.store.tasking_contract import TaskRow

router = APIRouter(dependencies=[requires(Capability.READ_ANSWERS)])

_ALL: Final = 1_000_000
_COLUMNS: Final = tuple(name for name in TaskRow._fields if name != "wkb")


def _csv(table: pd.DataFrame, _listed: TaskList, _snapshot: Snapshot) -> bytes:
    return to_csv(table).encode()


def _xlsx(table: pd.DataFrame, listed: TaskList, _snapshot: Snapshot) -> bytes:
    accounts = [
        f"{level.capitalize()}: {counts.raised} raised = {counts.declined} declined + "
        f"{counts.open} open + {counts.waiting} waiting + {counts.done} done + "
        f"{counts.assessed} assessed"
        for level, counts in listed.accounts.items()
    ]
    return to_workbook([Sheet("Tasks", table, below=accounts)])


def _geojson(table: pd.DataFrame, listed: TaskList, snapshot: Snapshot) -> bytes:
    shapes = np.asarray(shapely.from_wkb([row.wkb for row in listed.rows]), dtype=object)
    frame = gpd.GeoDataFrame(table, geometry=shapes, crs=snapshot.projection.crs)
    ids = [row.task_id for row in listed.rows]
    features = encode_features(frame, ids, projection=snapshot.projection)
    accounts = {level: counts.as_dict() for level, counts in listed.accounts.items()}
    return feature_collection(features, {"accounts": accounts})


_Write = Callable[[pd.DataFrame, TaskList, Snapshot], bytes]
_WRITERS: Final[Mapping[str, tuple[str, _Write]]] = {
    "csv": ("text/csv; charset=utf-8", _csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _xlsx),
    "geojson": ("application/geo+json", _geojson),
}


@router.get("/tasks.csv")
def as_csv(request: Request, caller: CallerDep) -> Response:
    """The tasks that the filters choose, for a spreadsheet."""
    return _file(request, caller, "csv")


@router.get("/tasks.xlsx")
def as_workbook(request: Request, caller: CallerDep) -> Response:
    """The tasks that the filters choose, with their accounts, for Excel."""
    return _file(request, caller, "xlsx")


@router.get("/tasks.geojson")
def as_geojson(request: Request, caller: CallerDep) -> Response:
    """The tasks that the filters choose with the outlines of their places, for a map."""
    return _file(request, caller, "geojson")


def _file(request: Request, caller: CallerDep, name: str) -> Response:
    media_type, write = _WRITERS[name]

    def make() -> Response:
        listed = task_list(caller.snapshot, only(request, (*FILTERS, "sort")), most=_ALL)
        headers = {"content-disposition": f'attachment; filename="tasks.{name}"'}
        content = write(_table(listed), listed, caller.snapshot)
        return Response(content, media_type=media_type, headers=headers)

    return not_modified_or(request, caller.answers, make, media_type=media_type)


def _table(listed: TaskList) -> pd.DataFrame:
    rows = [
        {**task_row_facts(row), "area_name": listed.areas.get(row.task_id, "")}
        for row in listed.rows
    ]
    return pd.DataFrame(rows, columns=[*_COLUMNS, "area_name"], dtype=object)
