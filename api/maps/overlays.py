"""Layers of the store drawn over a map: areas as outlines, streets as lines, premises as dots.

They are drawn quietly, above the cells, each with a name when pointed at, and can be switched off.
Large ones are cut to the map and thinned, which their entry in the legend says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from boundaries.tasking.transitions import OPEN
from geo.crs import Projection
from geo.errors import QuestionError
from geo.geometry_types import LayerKind
from geo.store.contract import LayerMetadata
from geo.store.tasking_contract import TaskRow

BoundingBox = tuple[float, float, float, float]

MOST_LAYERS: Final = 4
"""More would hide the map, and have no colours of their own."""

MOST_POINTS: Final = 2_000
"""Dots of one layer; of more, one is drawn for each square of a grid."""

MOST_VERTICES: Final = 20_000
"""Corners of the lines of one layer; with more, they are simplified and the shortest left out."""

# ColorBrewer's PuOr and BrBG: apart from the reds and blues of the cells.
COLOURS: Final = ("#7b3294", "#00695c", "#8c510a", "#35478c")
_WEIGHTS: Final[Mapping[LayerKind, float]] = {"areas": 3, "lines": 1, "points": 1}
_FINEST_M, _COARSEST_M = 2.0, 64.0


TASKS: Final = "tasks"
"""What stands for the tasks among the ids of layers; no layer can have this id."""

UNFINISHED: Final = (*OPEN, "waiting")

TASK_COLOUR: Final = "#a33c00"
MOST_TASKS: Final = 200
"""Tasks on a map, those changed last: more numbers would hide it."""

_POINT_M: Final = 25.0
"""The radius of the circle that stands for a point, or for the whole of an area."""


class Layers(Protocol):
    """A store or a snapshot of one."""

    @property
    def projection(self) -> Projection:
        """The working CRS."""

    def tasks(self) -> list[TaskRow]:
        """Every task, by id."""

    def features(self, layer_id: str) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
        """A layer's metadata and features."""

    def layer(self, layer_id: str) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
        """The metadata and areas of a layer or, where plans can be read, of a plan."""


@dataclass(frozen=True)
class Overlay:
    """A layer as it is drawn over a map.

    Attributes
    ----------
    features
        In metres, with `name`: those that are drawn.
    count
        How many features the layer has where the map is.
    notes
        What was left out or simplified, for the legend; none where all is drawn as it is.
    colour
        As `#rrggbb`.
    numbers
        A number for each feature, which is always seen; none for those with a name only.
    caption
        What the legend says, where that does not follow from the layer.
    """

    metadata: LayerMetadata
    features: gpd.GeoDataFrame
    count: int
    length_m: float
    notes: tuple[str, ...]
    colour: str
    numbers: tuple[str, ...] = ()
    caption: str = ""

    @property
    def kind(self) -> LayerKind:
        """What the features are."""
        return self.metadata.kind

    @property
    def title(self) -> str:
        """The layer's title, else its id."""
        return self.metadata.title or self.metadata.layer_id

    @property
    def words(self) -> str:
        """What the legend says: how much there is, of when, from whom, and what is left out."""
        if self.caption:
            return self.caption
        noun = self.kind[:-1] if self.count == 1 else self.kind
        amount = f"{self.count:,} {noun}"
        if self.kind == "lines":
            amount += f", {self.length_m / 1000:,.1f} km"
        since = f"from {self.metadata.valid_from}" if self.metadata.valid_from else ""
        until = f"until {self.metadata.valid_to}" if self.metadata.valid_to else ""
        vintage = " ".join(filter(None, [since, until]))
        source = self.metadata.authority or self.metadata.source
        return "; ".join(filter(None, [f"{self.title}: {amount}", vintage, source, *self.notes]))

    @property
    def style(self) -> dict[str, object]:
        """Leaflet's path options."""
        style: dict[str, object] = {"color": self.colour, "weight": _WEIGHTS[self.kind]}
        if self.kind == "points":
            return style | {"fillColor": self.colour, "fillOpacity": 0.75, "opacity": 1}
        if self.numbers:
            return style | {"fill": True, "fillOpacity": 0.15, "opacity": 1}
        dash = {"dashArray": "9 5"} if self.kind == "areas" else {}
        return style | dash | {"fill": False, "opacity": 0.9 if dash else 0.6}


def read_overlays(layers: Layers, text: str, *, box: BoundingBox) -> list[Overlay]:
    """Read the layers that are to be drawn over a map.

    Parameters
    ----------
    layers
        The store, or a snapshot of it.
    text
        The ids of layers, separated by commas, or `plan-ID`, or `tasks`; '' for none.
    box
        West, south, east and north of the map, in metres.

    Raises
    ------
    QuestionError
        If there are too many.
    NotFoundError
        If there is no such layer.
    """
    ids = list(dict.fromkeys(each.strip() for each in text.split(",") if each.strip()))
    if len(ids) > MOST_LAYERS:
        raise QuestionError("over", f"names {len(ids)} layers; choose at most {MOST_LAYERS}")
    return [
        _tasks(layers, box)
        if layer_id == TASKS
        else _overlay(*_read(layers, layer_id), box, colour)
        for layer_id, colour in zip(ids, COLOURS, strict=False)
    ]


def _tasks(layers: Layers, box: BoundingBox) -> Overlay:
    """The tasks that are not finished and lie on the map, with the numbers of their ids."""
    rows = [row for row in layers.tasks() if row.state in UNFINISHED]
    rows.sort(key=lambda row: row.updated_at)
    places = np.asarray(shapely.from_wkb([row.wkb for row in rows]), dtype=object)
    whole = np.array([row.place_kind in ("area", "point") for row in rows], dtype=bool)
    places[whole] = shapely.buffer(shapely.point_on_surface(places[whole]), _POINT_M)
    here = np.flatnonzero(shapely.intersects(places, shapely.box(*box)))
    drawn = here[-MOST_TASKS:]
    numbers = tuple(rows[at].task_id.rpartition("-")[2].lstrip("0") for at in drawn)
    frame = gpd.GeoDataFrame(
        {"name": np.array([f"{rows[at].task_id} {rows[at].title}" for at in drawn], dtype=object)},
        geometry=places[drawn],
        crs=layers.projection.crs,
    )
    left_out = f"; {len(here) - len(drawn):,} older ones are not drawn" * (len(here) > len(drawn))
    caption = f"Tasks that are not finished: {len(here):,}, numbered as their ids{left_out}"
    metadata = LayerMetadata(TASKS, "Tasks", geometry_type="MultiPolygon")
    return Overlay(metadata, frame, len(here), 0.0, (), TASK_COLOUR, numbers, caption)


def _read(layers: Layers, layer_id: str) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
    is_plan = layer_id.startswith("plan-")
    return layers.layer(layer_id) if is_plan else layers.features(layer_id)


def _overlay(
    metadata: LayerMetadata, features: gpd.GeoDataFrame, box: BoundingBox, colour: str
) -> Overlay:
    shapes = features.geometry.to_numpy()
    here = shapely.intersects(shapes, shapely.box(*box))
    frame = gpd.GeoDataFrame(
        {"name": _names(features[here])}, geometry=shapes[here], crs=features.crs
    )
    count, length_m, notes = len(frame), 0.0, list(_left_out(len(features), int(here.sum())))
    if metadata.kind == "lines":
        frame = frame.set_geometry(shapely.clip_by_rect(frame.geometry.to_numpy(), *box))
        length_m = float(shapely.length(frame.geometry.to_numpy()).sum())
        frame, tolerance = _simplified(frame)
        notes += [f"simplified to {tolerance:g} m"] if tolerance else []
    if metadata.kind == "points":
        frame, width = _one_for_each_square(frame)
        notes += [f"one dot for each {width:g} m"] if width else []
    if metadata.kind != "areas" and len(frame) < count:
        notes.append(f"{len(frame):,} drawn")
    return Overlay(metadata, frame, count, length_m, tuple(notes), colour)


def _names(features: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """The name of each feature, its code where it has none."""
    column = "area_name" if "area_name" in features and "name" not in features else "name"
    codes = pd.Series(features.index.astype(str), index=features.index, dtype=object)
    names = features[column].astype(object) if column in features else codes
    return np.asarray(names.where(names.notna() & (names != ""), codes), dtype=object)


def _left_out(total: int, here: int) -> Iterator[str]:
    if here < total:
        yield f"{total - here:,} more outside this map"


def _simplified(lines: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, float]:
    """Lines with few enough corners, and the tolerance in metres; 0 where they are as they were."""
    shapes, tolerance = lines.geometry.to_numpy(), 0.0
    while shapely.get_num_coordinates(shapes).sum() > MOST_VERTICES and tolerance < _COARSEST_M:
        tolerance = tolerance * 2 or _FINEST_M
        shapes = shapely.simplify(shapes, tolerance)
    # The longest first: side streets are missed least.
    order = np.argsort(-shapely.length(shapes), kind="stable")
    corners = np.cumsum(shapely.get_num_coordinates(shapes[order]))
    rows = np.sort(order[corners <= MOST_VERTICES])
    return lines.set_geometry(shapes).iloc[rows], tolerance


def _one_for_each_square(points: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, float]:
    """Few enough points, and the width of the squares of which each has one; 0 where all stay."""
    centres = shapely.centroid(points.geometry.to_numpy())
    x, y, width = shapely.get_x(centres), shapely.get_y(centres), 0.0
    rows = np.arange(len(points))
    while len(rows) > MOST_POINTS:
        width = width * 2 or 10.0
        squares = np.column_stack([x // width, y // width])
        rows = np.sort(np.unique(squares, axis=0, return_index=True)[1])
    return points.iloc[rows], width
