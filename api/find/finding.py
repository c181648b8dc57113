"""What a text names, with the area in which it lies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd

from api.answers import Answers
from api.find.own_names import own_indexes
from boundaries.gazetteer.folder import OpenGazetteer
from boundaries.gazetteer.lookup import POSTCODE, MetresBox, NameIndex
from boundaries.gazetteer.names import Entry
from boundaries.gazetteer.references import grid_reference
from boundaries.gazetteer.search import Result, is_whole_postcode, search
from geo.crs import Projection
from geo.locate import AreaLocator
from geo.question.ask import Question, default_layer
from geo.store.layer_ids import areas_among

_NEAREST_ZOOM: Final = 17.0
_TILE_PIXELS: Final = 256
_LEAST_DEGREES: Final = 1e-6
_MOST_LETTERS: Final = 100
"""Of the name beside a mark."""


@dataclass(frozen=True)
class StudyArea:
    """The areas that results are placed in.

    Attributes
    ----------
    layer_id, title
        Of the layer.
    areas
        Its areas.
    locator
        Finds the area of a point.
    """

    layer_id: str
    title: str
    areas: gpd.GeoDataFrame
    locator: AreaLocator

    @property
    def box(self) -> MetresBox:
        """The box around all areas."""
        return MetresBox(*self.areas.total_bounds.tolist())

    def area_at(self, entry: Entry) -> tuple[str, str]:
        """Code and name of the area in which a place lies; '' and '' outside."""
        (position,) = self.locator.locate([entry.x], [entry.y])
        if position < 0:
            return "", ""
        area = self.areas.iloc[int(position)]
        return str(self.areas.index[int(position)]), str(area["area_name"])


@dataclass(frozen=True)
class PlacedResult:
    """A result with what the map needs to show it.

    Attributes
    ----------
    result
        What was found.
    at
        The id under which the board tells of it; '' where the board has nothing of its own.
    layer
        The layer of an area or of premises; else ''.
    area_code, area_name
        The area of the study area in which it lies; '' outside.
    note
        What is to be known of it, as a sentence without its full stop; '' for nothing.
    grid
        Its National Grid reference; '' outside the grid.
    lonlat, box
        Longitude and latitude, and west, south, east and north, in degrees.
    """

    result: Result
    at: str
    layer: str
    area_code: str
    area_name: str
    note: str
    grid: str
    lonlat: tuple[float, float]
    box: tuple[float, float, float, float]

    @property
    def entry(self) -> Entry:
        """The name with its place."""
        return self.result.entry

    @property
    def own_code(self) -> str:
        """The code of an area, in its `layer`; '' of anything else."""
        return self.entry.ref.partition("/")[2] if self.layer and self.entry.kind == "area" else ""

    def view(self, pixels: int) -> str:
        """Latitude, longitude and zoom of a map of so many pixels that shows all of it."""
        lon, lat = self.lonlat
        west, south, east, north = self.box
        degrees = max(east - west, (north - south) / math.cos(math.radians(lat)), _LEAST_DEGREES)
        zoom = min(_NEAREST_ZOOM, math.log2(pixels * 360 / (_TILE_PIXELS * degrees)))
        return f"{lat:.5f},{lon:.5f},{max(zoom, 0):.1f}"

    @property
    def mark(self) -> str:
        """Its point, or the corners of the square of a grid reference, and its name.

        As the board's address has it: `52.92300,-1.47500:Long Row`.
        """
        (lon, lat), (west, south, east, north) = self.lonlat, self.box
        square = self.entry.kind == "grid reference"
        numbers = (south, west, north, east) if square else (lat, lon)
        return (
            f"{','.join(f'{degrees:.5f}' for degrees in numbers)}:{self.entry.name[:_MOST_LETTERS]}"
        )


@dataclass(frozen=True)
class SearchAnswer:
    """The answer to a search.

    Attributes
    ----------
    text
        What was looked for.
    results
        The best first.
    notes
        What to know, and what to do, where little or nothing is found.
    credits
        The credits that the sources of these results ask for.
    """

    text: str
    results: Sequence[PlacedResult]
    notes: Sequence[str]
    credits: Sequence[str]


def study_area(answers: Answers, layer: str = "") -> StudyArea | None:
    """The areas of a layer, or of the default one; None in a store without areas.

    Raises
    ------
    NotFoundError
        If there is no such layer.
    """
    snapshot = answers.snapshot()
    if not layer and not areas_among(snapshot.layers()):
        return None
    layer = layer or default_layer(snapshot)
    metadata, areas = snapshot.layer(layer)

    own = snapshot.view.areas is not None

    def build(_: object) -> StudyArea:
        title = "your areas" if own else metadata.title or layer
        return StudyArea(layer, title, areas, AreaLocator(areas))

    return answers.cached(f"study area of a search {layer}", build)


def find(
    answers: Answers, gazetteer: OpenGazetteer, text: str, question: Question, *, most: int
) -> SearchAnswer:
    """Find what a text names.

    Parameters
    ----------
    text
        What was typed.
    question
        Its layer is the study area, and its ranked places are found.
    most
        How many results at most.
    """
    projection = answers.snapshot().projection
    study = study_area(answers, question.layer)
    added = gazetteer.indexes()
    usable = [index for index in added if index.facts.crs == projection.crs]
    indexes = [*own_indexes(answers, question), *usable]
    results = search(
        text, indexes, projection=projection, near=study.box if study else None, most=2 * most
    )
    placed = _apart([_placed(result, study, projection) for result in results])[:most]
    notes = [
        f"{index.facts.title} is in {index.facts.crs} and this store is not; add its file again"
        for index in added
        if index not in usable
    ]
    return SearchAnswer(text, placed, [*notes, *_notes(text, placed, indexes)], _credits(indexes))


def _apart(results: Sequence[PlacedResult]) -> list[PlacedResult]:
    """The results without those outside that read as one before: nobody can tell them apart."""
    lines: set[tuple[str, ...]] = set()
    apart = []
    for one in results:
        line = (one.entry.kind, one.entry.name, one.entry.place, one.note)
        if not one.note or line not in lines:
            apart.append(one)
        lines.add(line)
    return apart


def _placed(result: Result, study: StudyArea | None, projection: Projection) -> PlacedResult:
    entry = result.entry
    code, name = study.area_at(entry) if study else ("", "")
    layer, at = "", ""
    if entry.kind in ("area", "site") and "/" in entry.ref:
        layer, _, own = entry.ref.partition("/")
        at = own if entry.kind == "area" and study and layer == study.layer_id else ""
    elif entry.kind == "ranked place":
        at = entry.ref
    outside = bool(study and not code and entry.kind not in ("area", "ranked place"))
    notes = [result.note, f"outside the study area, {study.title}" if study and outside else ""]
    (lon,), (lat,) = projection.to_lonlat([entry.x], [entry.y])
    west_east, south_north = projection.to_lonlat(
        [entry.x - entry.half_x, entry.x + entry.half_x],
        [entry.y - entry.half_y, entry.y + entry.half_y],
    )
    return PlacedResult(
        result,
        at,
        layer,
        code,
        name,
        "; ".join(filter(None, notes)),
        grid_reference(entry.x, entry.y, projection),
        (float(lon), float(lat)),
        (
            float(west_east[0]), float(south_north[0]), float(west_east[1]), float(south_north[1]),
        ),
    )  # fmt: skip


def _notes(text: str, results: Sequence[PlacedResult], indexes: Sequence[NameIndex]) -> list[str]:
    """What to do where nothing, or no postcode, is known."""
    bare = " ".join(text.upper().split())
    if not bare:
        return []
    postcode = POSTCODE.fullmatch(bare) is not None and is_whole_postcode(text)
    if postcode and not any(index.facts.postcodes for index in indexes):
        return ["No postcodes are known here. Add Code-Point Open: patchmap gazetteer add FILE"]
    if postcode and not any(one.entry.kind == "postcode" for one in results):
        return [f"No postcode {bare} is known here; check it, or add a newer file of postcodes"]
    if results or len(bare) < 2:
        return []
    if any(index.facts.file for index in indexes):
        return [f"Nothing is called “{text}” here; check the spelling, or type less of it"]
    advice = "For all streets and places add OS Open Names: patchmap gazetteer add FILE"
    return [f"Nothing is called “{text}” in this store. {advice}"]


def _credits(indexes: Sequence[NameIndex]) -> list[str]:
    return list(dict.fromkeys(index.facts.licence for index in indexes if index.facts.licence))
