"""The small map of a task's place."""

from __future__ import annotations

import geopandas as gpd
import shapely

from api.basemap.cached import cached_reader
from api.basemap.sources import basemaps_of
from api.maps.area_drawing import AreaDrawing, draw_place
from api.settings import Settings
from api.snapshot import Snapshot
from api.tasks.request import Caller
from boundaries.tasking.task import Place
from geo.errors import PatchmapError
from geo.question.store_settings import default_layer


def drawn_place(caller: Caller, place: Place) -> AreaDrawing | None:
    """Draw where a task is; None where the store has no layer of areas to draw it on.

    Parameters
    ----------
    caller
        Who looks at it.
    place
        Of the task.
    """
    settings: Settings = caller.request.app.state.settings
    basemaps = basemaps_of(caller.request)

    def draw(snapshot: Snapshot) -> AreaDrawing | None:
        areas = _areas(snapshot)
        if areas is None:
            return None
        return draw_place(
            areas,
            shapely.from_wkb(place.wkb),
            read_basemap=cached_reader(caller.answers, basemaps, settings.tiles),
        )

    # By the place alone: a step of its task draws no new map.
    key = f"place {place.wkb.hex()} {basemaps.key(settings.tiles)}"
    return caller.answers.cached(key, draw)


def _areas(snapshot: Snapshot) -> gpd.GeoDataFrame | None:
    try:
        return snapshot.layer(default_layer(snapshot))[1]
    except PatchmapError:
        return None
