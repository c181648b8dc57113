"""What a map's page says of the tiles under it; in a file of its own the tiles themselves."""

from __future__ import annotations

import base64
import math
from collections.abc import Container, Sequence
from itertools import islice
from typing import Final

from api.addresses import own_address
from api.basemap.sources import TileSource
from api.formats.encoding import to_json
from geo.errors import InputError
from geo.tiles.build import packed_tile
from geo.tiles.grid import Box, tiles_of
from geo.tiles.tile_file import StoredTile, is_packed, media_type_of

EMBEDDED_BYTES: Final = 6_000_000
"""Most bytes of the tiles in one file, so that it can still be sent by e-mail."""

_MOST_OF_ZOOM: Final = 4_000
"""Tiles of one zoom that are read: more would take seconds."""

_AROUND: Final = 0.15
"""How much of the surroundings is shown, as a share of the sides of what the map shows."""

_BESIDE: Final = 0.75
"""The same at zooms that show all of it at once, as a share of its longer side: a window is wider
or higher than what it shows."""

_WINDOW_TILES: Final = 6
"""Tiles of 256 pixels along what a window shows at once: deeper zooms show less than all of it."""


def sources_script(
    sources: Sequence[TileSource], box: Box | None, *, most: int = EMBEDDED_BYTES
) -> str:
    """The element that basemap.js reads.

    Parameters
    ----------
    sources
        The vector tiles under the map, the lowest first.
    box
        What the map shows, in degrees, where the page must hold its tiles; None links them.
    most
        Most bytes of the tiles that it holds.
    """
    described = [_described(source, box, most // len(sources)) for source in sources]
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
    tiles, last = _around(source, box, most)
    return {**facts, "last": last, "tiles": tiles}


def _around(source: TileSource, box: Box, most: int) -> tuple[dict[str, str], int]:
    """The tiles of what a map shows and its surroundings, as `embedded_tiles` gives them.

    Depth comes first: surroundings, without which the basemap ends in a straight edge beside what
    is shown, take what it leaves.
    """
    texts, last = embedded_tiles(source, _wider(box), most)
    most -= sum(map(len, texts.values()))
    surroundings = _surroundings(box)
    for zoom in range(source.first, last + 1):
        shown = tiles_of(box, zoom)
        columns = shown.last_column - shown.first_column
        if max(columns, shown.last_row - shown.first_row) > _WINDOW_TILES:
            break
        wide = _of_zoom(source, surroundings, zoom, most, without=texts)
        if wide is None:
            break
        most -= sum(map(len, wide.values()))
        texts |= wide
    return texts, last


def embedded_tiles(source: TileSource, box: Box, most: int) -> tuple[dict[str, str], int]:
    """The tiles of a box as texts, by zoom, column and row.

    Parameters
    ----------
    source
        Vector tiles or pictures.
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
        of_zoom = _of_zoom(source, box, zoom, most)
        if of_zoom is None:
            break
        most -= sum(map(len, of_zoom.values()))
        texts |= of_zoom
        last = zoom
    return texts, last


def pictures_script(source: TileSource, box: Box, *, most: int = EMBEDDED_BYTES) -> str:
    """The element that basemap_pictures.js reads: the pictures under a map in a file of its own.

    Parameters
    ----------
    source
        Pictures.
    box
        What the map shows, in degrees.
    most
        Most bytes of the pictures together, as for `embedded_tiles`.
    """
    tiles, last = _around(source, box, most)
    described = {
        "first": source.first,
        "last": last,
        "attribution": source.attribution,
        "tiles": tiles,
    }
    text = to_json(described).decode().replace("<", "\\u003c")
    return f'<script type="application/json" id="basemap-pictures">{text}</script>\n'


def _of_zoom(
    source: TileSource, box: Box, zoom: int, most: int, *, without: Container[str] = ()
) -> dict[str, str] | None:
    """The tiles of a zoom as texts; None where they are too many or too large.

    Those that there are are asked for, not each of the box: an archive may have few of them.
    """
    texts: dict[str, str] = {}
    try:
        for tile in islice(source.tiles(zoom, box), _MOST_OF_ZOOM + 1):
            if f"{zoom}/{tile.column}/{tile.row}" in without:
                continue
            text = _text(source, tile)
            most -= len(text)
            if most < 0 or len(texts) == _MOST_OF_ZOOM:
                return None
            if text:
                texts[f"{zoom}/{tile.column}/{tile.row}"] = text
    except InputError:
        # Of a file that is served as it is: from where it is damaged on it has no tiles.
        return None
    return texts


def _text(source: TileSource, tile: StoredTile) -> str:
    """A tile as text: packed in base64, a picture as an address; '' where it is damaged."""
    media_type = media_type_of(tile.data, source.kind) if tile.data else None
    if not media_type:
        return ""
    if source.kind == "pictures":
        return f"data:{media_type};base64,{base64.b64encode(tile.data).decode()}"
    return base64.b64encode(tile.data if is_packed(tile.data) else packed_tile(tile.data)).decode()


def _wider(box: Box) -> Box:
    across = (box.east - box.west) * _AROUND
    up = (box.north - box.south) * _AROUND
    return Box(box.west - across, box.south - up, box.east + across, box.north + up)


def _surroundings(box: Box) -> Box:
    """As much on all sides of a box as a window shows of them."""
    high = math.cos(math.radians((box.south + box.north) / 2))
    across = _BESIDE * max(box.east - box.west, (box.north - box.south) / high)
    up = across * high
    return Box(box.west - across, box.south - up, box.east + across, box.north + up)
