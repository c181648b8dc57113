"""What a map's page says of its vector tiles; in a file of its own the tiles themselves."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Final

from api.addresses import own_address
from api.basemap.sources import TileSource
from api.formats.encoding import to_json
from geo.tiles.build import packed_tile
from geo.tiles.grid import Box, tiles_of
from geo.tiles.tile_file import is_packed

EMBEDDED_BYTES: Final = 6_000_000
"""Most bytes of the tiles in one file, so that it can still be sent by e-mail."""

_MOST_OF_ZOOM: Final = 4_000
"""Tiles of one zoom that are looked for: more would take seconds."""

_AROUND: Final = 0.15
"""How much of the surroundings is shown, as a share of the sides of what the map shows."""


def sources_script(sources: Sequence[TileSource], box: Box | None) -> str:
    """The element that basemap.js reads.

    Parameters
    ----------
    sources
        The vector tiles under the map, the lowest first.
    box
        What the map shows, in degrees, where the page must hold its tiles; None links them.
    """
    described = [_described(source, box, EMBEDDED_BYTES // len(sources)) for source in sources]
    # A text could otherwise end the element.
    text = to_json(described).decode().replace("<", "\\u003c")
    return f'<script type="application/json" id="basemap-data">{text}</script>\n'


def _described(source: TileSource, box: Box | None, most: int) -> dict[str, object]:
    facts: dict[str, object] = {
        "id": source.source_id,
        "attribution": source.attribution,
        "first": source.first,
        "last": source.last,
    }
    if box is None:
        return {**facts, "address": own_address(source.address)}
    tiles, last = embedded_tiles(source, _wider(box), most)
    return {**facts, "last": last, "tiles": tiles}


def embedded_tiles(source: TileSource, box: Box, most: int) -> tuple[dict[str, str], int]:
    """The tiles of a box as base64, by zoom, column and row.

    Parameters
    ----------
    source
        Vector tiles.
    box
        In degrees.
    most
        Most bytes of the tiles together: zooms that would go beyond are left out, and the
        deepest that is there is drawn larger in their place.

    Returns
    -------
    tiles
        The texts by `zoom/column/row`.
    last
        The deepest zoom.
    """
    texts: dict[str, str] = {}
    last = source.first
    for zoom in range(source.first, source.last + 1):
        if tiles_of(box, zoom).size > _MOST_OF_ZOOM:
            break
        of_zoom = _of_zoom(source, box, zoom, most)
        most -= sum(map(len, of_zoom.values()))
        if most < 0:
            break
        texts |= of_zoom
        last = zoom
    return texts, last


def _of_zoom(source: TileSource, box: Box, zoom: int, most: int) -> dict[str, str]:
    texts: dict[str, str] = {}
    for tile in tiles_of(box, zoom).tiles():
        data = source.read(zoom, tile.column, tile.row)
        if data:
            packed = data if is_packed(data) else packed_tile(data)
            text = base64.b64encode(packed).decode()
            texts[f"{zoom}/{tile.column}/{tile.row}"] = text
            most -= len(text)
            if most < 0:
                break
    return texts


def _wider(box: Box) -> Box:
    across = (box.east - box.west) * _AROUND
    up = (box.north - box.south) * _AROUND
    return Box(box.west - across, box.south - up, box.east + across, box.north + up)
