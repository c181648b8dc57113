"""The collections of tasks, priorities, and the roster."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Final, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from api.answers import Answers
from api.ogc.collections.base import BoundingBox, Collection, GeometryFormat, Summary
from api.ogc.collections.extents import box_of
from api.ogc.items import Items, Kind
from api.snapshot import Snapshot
from boundaries.tasking.places import inner_points
from boundaries.tasking.storage import read_priorities, read_roster
from geo.errors import InputError, NotFoundError
from geo.store.layer_ids import TaskingCollectionId
from geo.store.tasking_contract import TaskingSubject, TaskRow

_AREA: Final = 2
"""Dimensions of an outline."""

_MOMENTS: Final = ("waiting_since", "done_at", "raised_at", "updated_at")
_PRIORITY_COLUMNS: Final = (
    "priority_id", "level", "layer", "area_code", "issue", "issue_date", "action", "action_date",
    "measure", "target", "quarter", "is_open", "version", "updated_by", "updated_at",
)  # fmt: skip
_ROSTER_COLUMNS: Final = (
    "entry_id", "role", "holder", "is_vacant", "covered_by", "layer", "area_codes", "contact_for",
    "first", "last", "version", "updated_by", "updated_at",
)  # fmt: skip


class TaskingCollection(Collection):
    """Tasks, priorities, or the roster: what is of the city, or of areas that the caller sees."""

    group = "Tasking"
    titles: ClassVar[Mapping[TaskingCollectionId, str]] = {
        "tasks": "Tasks",
        "task-outlines": "Outlines of tasks",
        "priorities": "Priorities",
        "roster": "Roster",
    }
    _DESCRIPTIONS: ClassVar[Mapping[TaskingCollectionId, str]] = {
        "tasks": "What is to be done where, by whom and by when, and what came of it: each task as "
        "a point inside its place.",
        "task-outlines": "The tasks whose place is a hotspot, cell, area or drawn outline, each as "
        "that outline as it was decided. Those at a point are among the tasks alone.",
        "priorities": "What a neighbourhood or the city gives priority to, with issue and action, "
        "each as the area that it is of. Those of the whole city have no geometry.",
        "roster": "Which role answers for which areas, who holds it or that it is vacant, and who "
        "covers it. Those of the whole city have no geometry.",
    }

    def __init__(self, collection_id: TaskingCollectionId, answers: Answers) -> None:
        super().__init__(collection_id, answers)
        self._own: TaskingCollectionId = collection_id
        self.geometry: GeometryFormat = (
            "geometry-point" if collection_id == "tasks" else "geometry-multipolygon"
        )

    @property
    def title(self) -> str:
        """What people call it."""
        return self.titles[self._own]

    def summary(self) -> Summary:
        """Return what the features are."""
        return {"title": self.title, "description": self._DESCRIPTIONS[self._own]}

    @property
    def is_listed(self) -> bool:
        """Whether there is any: many clients take an empty collection for a broken one."""
        if self._own == "task-outlines":
            return len(self.items({})) > 0
        return bool(self.snapshot.tasking_ids(_SUBJECTS[self._own]))

    def items(self, query: Mapping[str, str]) -> Items:
        """Return the features, by id."""
        return self.answers.cached(self.key(query), _ITEMS[self._own], light=True)

    def extent_box(self) -> BoundingBox | None:
        """Return the box of what has a geometry."""
        items = self.items({})
        return box_of(items.geometries.take(range(len(items))), items.projection)


def tasking_collections(answers: Answers) -> list[TaskingCollection]:
    """Return the collections of tasking."""
    return [TaskingCollection(one, answers) for one in get_args(TaskingCollectionId)]


def task_items(snapshot: Snapshot) -> Items:
    """Return the tasks of a store as points, by id."""
    rows = snapshot.tasks()
    points = inner_points([row.wkb for row in rows]) if rows else np.empty(0, dtype=object)
    return _task_items(snapshot, rows, points, kind="Point")


def task_outline_items(snapshot: Snapshot) -> Items:
    """Return the tasks of a store whose places are areas, with their outlines, by id."""
    every = snapshot.tasks()
    shapes = np.asarray(shapely.from_wkb([row.wkb for row in every]), dtype=object)
    is_area = shapely.get_dimensions(shapes) == _AREA
    rows = [row for row, own in zip(every, is_area, strict=True) if own]
    return _task_items(snapshot, rows, shapes[is_area], kind="MultiPolygon")


def _task_items(
    snapshot: Snapshot, rows: Sequence[TaskRow], shapes: NDArray[np.object_], *, kind: Kind
) -> Items:
    columns = TaskRow._fields[:-1]
    table = pd.DataFrame([row[:-1] for row in rows], columns=list(columns), dtype=object)
    # Typed also without any task: a schema is true before there are features.
    table["version"] = table["version"].astype("Int64")
    table["due"] = table["due"].map(lambda day: day.isoformat(), na_action="ignore")
    for name in _MOMENTS:
        table[name] = pd.to_datetime(table[name], utc=True).dt.floor("s")
    frame = gpd.GeoDataFrame(table, geometry=shapes, crs=snapshot.projection.crs)
    ids = [row.task_id for row in rows]
    return Items.of_frame(frame, ids, projection=snapshot.projection, kind=kind)


def priority_items(snapshot: Snapshot) -> Items:
    """Return the priorities of a store with the outlines of their areas, by id."""
    own = read_priorities(snapshot)
    rows = [
        {
            **one.terms(),
            "priority_id": one.priority_id,
            "area_code": one.area,
            "is_open": one.is_open,
            "version": one.version,
            "updated_by": one.steps[-1].signed.by,
            "updated_at": one.steps[-1].signed.at,
        }
        for one in own
    ]
    shapes = [_outline(snapshot, one.layer, [one.area]) for one in own]
    return _items(snapshot, rows, shapes, columns=_PRIORITY_COLUMNS)


def roster_items(snapshot: Snapshot) -> Items:
    """Return the entries of the roster with the outlines of their areas, by id."""
    own = read_roster(snapshot)
    rows = [
        {
            **one.terms(),
            "entry_id": one.entry_id,
            "is_vacant": one.is_vacant,
            "area_codes": ",".join(one.areas),
            "contact_for": ",".join(one.contact_for),
            "version": one.version,
            "updated_by": one.steps[-1].signed.by,
            "updated_at": one.steps[-1].signed.at,
        }
        for one in own
    ]
    shapes = [_outline(snapshot, one.layer, one.areas) for one in own]
    return _items(snapshot, rows, shapes, columns=_ROSTER_COLUMNS)


def _items(
    snapshot: Snapshot,
    rows: Sequence[Mapping[str, object]],
    shapes: Sequence[shapely.Geometry | None],
    *,
    columns: Sequence[str],
) -> Items:
    table = pd.DataFrame(rows, columns=list(columns), dtype=object)
    table["version"] = table["version"].astype("Int64")
    table["updated_at"] = pd.to_datetime(table["updated_at"], utc=True).dt.floor("s")
    flag = "is_open" if "is_open" in columns else "is_vacant"
    table[flag] = table[flag].astype("boolean")
    outlines = np.empty(len(shapes), dtype=object)
    outlines[:] = list(shapes)
    frame = gpd.GeoDataFrame(table, geometry=outlines, crs=snapshot.projection.crs)
    ids = [str(own) for own in table[columns[0]]]
    return Items.of_frame(frame, ids, projection=snapshot.projection)


def _outline(snapshot: Snapshot, layer_id: str, codes: Sequence[str]) -> shapely.Geometry | None:
    """The outline of areas; None of the whole city, or where the layer has none of them now."""
    try:
        areas = snapshot.features(layer_id)[1] if layer_id else None
    except (InputError, NotFoundError):
        return None
    if areas is None:
        return None
    own = areas[areas.index.isin(codes)].geometry.to_numpy()
    return shapely.union_all(own) if len(own) else None


_ITEMS: Final[Mapping[TaskingCollectionId, Callable[[Snapshot], Items]]] = {
    "tasks": task_items,
    "task-outlines": task_outline_items,
    "priorities": priority_items,
    "roster": roster_items,
}
_SUBJECTS: Final[Mapping[TaskingCollectionId, TaskingSubject]] = {
    "tasks": "task",
    "task-outlines": "task",
    "priorities": "priority",
    "roster": "roster",
}
