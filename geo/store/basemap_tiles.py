"""The tiles under the maps, in a table of the store, and the setting that describes them.

They are in the store and not in a file beside it, so that a GeoPackage and a database, a backup
and a copy all hold them alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, cast

from geo.errors import NotFoundError
from geo.store.backend import Row, Tables
from geo.store.contract import BasemapRecord, Setting
from geo.tiles.grid import TileRange
from geo.tiles.tile_file import StoredTile

SETTING: Final = "basemaps"
"""The setting that lists the basemaps, in the order in which they are drawn."""

_AMONG: Final = "zoom = ? AND tile_column BETWEEN ? AND ? AND tile_row BETWEEN ? AND ?"
_PLACE: Final = "basemap_id = ? AND zoom = ? AND tile_column = ? AND tile_row = ?"


def records_of(setting: Setting) -> list[BasemapRecord]:
    """The basemaps that the setting lists."""
    return cast("list[BasemapRecord]", setting if isinstance(setting, list) else [])


def with_record(records: Iterable[BasemapRecord], record: BasemapRecord) -> Setting:
    """The setting with one basemap more, or with another one in its place.

    Parameters
    ----------
    records
        The basemaps that it lists.
    record
        The one to add; one of the same id goes.

    Returns
    -------
    The new value of the setting.
    """
    others = [one for one in records if one["basemap_id"] != record["basemap_id"]]
    return cast("Setting", [*others, record])


def without_record(records: Iterable[BasemapRecord], basemap_id: str) -> Setting:
    """The setting without a basemap.

    Parameters
    ----------
    records
        The basemaps that it lists.
    basemap_id
        The one to leave out.

    Returns
    -------
    The new value of the setting.

    Raises
    ------
    NotFoundError
        If there is none of this id.
    """
    known = list(records)
    others = [one for one in known if one["basemap_id"] != basemap_id]
    if len(others) == len(known):
        listed = ", ".join(one["basemap_id"] for one in known)
        listed = listed or "none yet; 'patchmap basemap add FILE' adds one"
        raise NotFoundError(f"there is no basemap {basemap_id!r}; there are: {listed}")
    return cast("Setting", others)


class BasemapTiles:
    """The table of tiles.

    Parameters
    ----------
    tables
        The store's tables.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def read(self, basemap_id: str, place: tuple[int, int, int]) -> bytes | None:
        """The content of a tile.

        Parameters
        ----------
        basemap_id
            The basemap.
        place
            Zoom, column and row from the north.

        Returns
        -------
        Its bytes; None where there is no such tile.
        """
        rows = self._tables.rows(
            f"SELECT data FROM patchmap_basemap_tiles WHERE {_PLACE}", basemap_id, *place
        )
        return bytes(rows[0][0]) if rows else None

    def read_all(self, basemap_id: str, *, among: TileRange | None = None) -> Iterator[StoredTile]:
        """The tiles of a basemap, by their place; one of them in memory at a time.

        Parameters
        ----------
        basemap_id
            The basemap.
        among
            The tiles of one zoom among which those that there are are read; None for all.

        Yields
        ------
        Each tile.
        """
        where = "basemap_id = ?"
        values: list[str | int] = [basemap_id]
        if among:
            where += f" AND {_AMONG}"
            values += [among.zoom, among.first_column, among.last_column, among.first_row,
                       among.last_row]  # fmt: skip
        places: list[Row] = self._tables.rows(
            f"SELECT zoom, tile_column, tile_row FROM patchmap_basemap_tiles WHERE {where} "
            "ORDER BY zoom, tile_column, tile_row",
            *values,
        )
        for zoom, column, row in places:
            data = self.read(basemap_id, (zoom, column, row))
            if data is not None:
                yield StoredTile(zoom, column, row, data)

    def write(self, basemap_id: str, tiles: Iterable[StoredTile]) -> Mapping[str, int]:
        """Replace the tiles of a basemap.

        Parameters
        ----------
        basemap_id
            The basemap.
        tiles
            Each of another place.

        Returns
        -------
        How many `tiles` and `bytes` there are.
        """
        self.delete(basemap_id)
        count = size = 0
        for tile in tiles:
            self._tables.execute(
                "INSERT INTO patchmap_basemap_tiles (basemap_id, zoom, tile_column, tile_row, data)"
                " VALUES (?, ?, ?, ?, ?)",
                basemap_id,
                *tile,
            )
            count, size = count + 1, size + len(tile.data)
        return {"tiles": count, "bytes": size}

    def delete(self, basemap_id: str) -> None:
        """Delete the tiles of a basemap."""
        self._tables.execute("DELETE FROM patchmap_basemap_tiles WHERE basemap_id = ?", basemap_id)
