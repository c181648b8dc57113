"""The basemap of a box, read once for all that is drawn over it."""

from __future__ import annotations

from collections.abc import Callable

from api.answers import Answers
from api.basemap.naming import BoundingBox
from api.basemap.picture import BoxContents, read_basemap
from api.basemap.sources import Basemaps
from api.settings import TileServer
from api.snapshot import Snapshot


def cached_reader(
    answers: Answers, basemaps: Basemaps, server: TileServer | None
) -> Callable[[BoundingBox, float], BoxContents | None]:
    """Return what reads the basemap of a box, by the metres in a unit of paper.

    The map of an area is drawn anew for each Question: its streets are the same.

    Parameters
    ----------
    answers
        Whose cache holds what was read, while the store's basemaps stay as they are.
    basemaps
        Of the service.
    server
        The tile server of the settings.
    """

    def read(box: BoundingBox, unit: float) -> BoxContents | None:
        def build(snapshot: Snapshot) -> BoxContents | None:
            basemap = basemaps.under(snapshot, server)
            return read_basemap(
                basemap.vectors,
                snapshot.projection,
                box=box,
                unit=unit,
                pictures=basemap.pictures,
            )

        return answers.cached(f"basemap of {box} by {unit} {basemaps.key(server)}", build)

    return read
