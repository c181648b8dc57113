"""Imports boundary layers: reads a file of areas as asked, and says what it takes the place of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import geopandas as gpd

from api.settings import user_name
from boundaries.layers.read import Layer, read_layer
from boundaries.layers.selecting import features_where, features_within
from boundaries.layers.snapping import snapped
from boundaries.plans.plan_layers import read_layer_or_plan
from geo.errors import InputError
from geo.formats.bounded import read_input
from geo.formats.features import read_features
from geo.formats.geojson import feature_collection
from geo.formats.wkt_table import has_wkt
from geo.locate import overlaps_text
from geo.locate.overlaps import WIDTH_M
from geo.sources.point_table import points_as_geojson
from geo.sources.sheets import TABLE_ENDINGS, read_table_file
from geo.store.contract import LayerChange, LayerMetadata, Store, StoreReader


@dataclass(frozen=True)
class ReadingOptions:
    """How a file of areas is read.

    Attributes
    ----------
    inside
        Which layer of a file with several.
    repair
        Whether invalid polygons are repaired.
    snap_m
        Gaps and overlaps up to this many metres wide are closed; None for none.
    where
        `FIELD=VALUE[,VALUE]`: only these areas.
    within
        Only areas that lie in this layer of the store.
    crs
        Of the coordinates in a table of points; '' to recognise it.
    """

    inside: str = ""
    repair: bool = False
    snap_m: float | None = None
    where: str = ""
    within: str = ""
    crs: str = ""


@dataclass(frozen=True)
class StoredLayer:
    """A layer as it was stored, and what it took the place of.

    Attributes
    ----------
    replaced
        A sentence for each thing that was in the store before; none for a new layer.
    """

    layer: Layer
    replaced: list[str] = field(default_factory=list)

    @property
    def line(self) -> str:
        """How many areas there are, and which fields name them."""
        metadata = self.layer.metadata
        named = (
            f"names from {metadata.name_field}"
            if metadata.name_field
            else "no field of names: areas are named by their codes"
        )
        return (
            f"{metadata.layer_id}: {len(self.layer.areas)} areas, codes from "
            f"{metadata.code_field}, {named}"
        )

    @property
    def lines(self) -> list[str]:
        """All there is to say of it."""
        return [
            self.line,
            *self.replaced,
            *self.layer.changes,
            *overlap_lines(self.layer.areas),
        ]

    @property
    def facts(self) -> dict[str, object]:
        """The same as JSON members."""
        metadata = self.layer.metadata
        return {
            "layer": metadata.layer_id,
            "areas": len(self.layer.areas),
            "code_field": metadata.code_field,
            "name_field": metadata.name_field,
            "changes": self.layer.changes,
            "overlaps": overlaps_text(self.layer.areas),
            "replaced": self.replaced,
        }


def read_content(file: Path, how: ReadingOptions, *, notify: Callable[[str], None]) -> bytes:
    """Read the features of a file as GeoJSON.

    Other formats go through GDAL in a sandboxed process: its parsers are not trusted with files
    from outside.

    Parameters
    ----------
    file, how
        The file, and which of its features.
    notify
        Called with each line that a reader should know of the file.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    if not file.exists():
        raise InputError(f"there is no file {file}")
    content = _read(file, how, notify)
    if not how.where:
        return content
    chosen = features_where(content, *_condition(how.where), file=file.name)
    before, after = (
        len(feature_collection(one, file.name)["features"]) for one in (content, chosen)
    )
    if after < before:
        notify(f"--where {how.where} keeps {after:,} of {before:,} features")
    return chosen


def _read(file: Path, how: ReadingOptions, notify: Callable[[str], None]) -> bytes:
    # Old and OpenDocument spreadsheets too, of which the reader of tables says what to do.
    is_table = file.suffix.lower() in (*TABLE_ENDINGS, ".xls", ".ods")
    if is_table and not _is_wkt(file):
        table = read_table_file(file, sheet=how.inside)
        content, columns = points_as_geojson(table, crs=how.crs)
        for notice in (*table.notices, columns):
            notify(notice)
        return content
    if how.crs:
        raise InputError(f"--crs is for tables of coordinates; {file.name} says its own system")
    return read_features(file, layer=how.inside, notify=notify)


def _is_wkt(file: Path) -> bool:
    """Whether a table holds geometries as well-known text, as an exported layer does."""
    return file.suffix.lower() == ".csv" and has_wkt(read_input(file), file.name)


def read_areas(
    store: StoreReader, content: bytes, metadata: LayerMetadata, how: ReadingOptions
) -> Layer:
    """Read features as the areas of a layer; nothing is stored.

    Parameters
    ----------
    store
        Its coordinates, and the layer of `how.within`.
    content
        As `read_content` returns it.
    metadata, how
        Which fields hold codes and names, and what to repair.

    Raises
    ------
    InputError
        If they are not the areas of a layer.
    """
    if how.within:
        outer = read_layer_or_plan(store, how.within)[1]
        content = features_within(
            content,
            outer,
            projection=store.projection,
            file=metadata.file,
            layer=how.within,
        )
    layer = read_layer(content, metadata, projection=store.projection, repair=how.repair)
    return layer if how.snap_m is None else snapped(layer, how.snap_m)


def put_layer(
    store: Store, content: bytes, metadata: LayerMetadata, how: ReadingOptions, *, by: str = ""
) -> StoredLayer:
    """Read features as a layer and store it.

    Parameters
    ----------
    store, content, metadata, how
        As `read_areas` takes them.
    by
        Who does it, for the records of changes; by default the user who runs this process.

    Raises
    ------
    InputError
        If they are not the areas of a layer, or its id is not allowed.
    """
    layer = read_areas(store, content, metadata, how)
    with store.transaction():
        stored = StoredLayer(layer, replaced_lines(store, layer.metadata.layer_id, layer.areas))
        store.put_layer(layer.metadata, layer.areas, by=by or user_name())
    return stored


def replaced_lines(store: StoreReader, layer_id: str, features: gpd.GeoDataFrame) -> list[str]:
    """What a layer takes the place of: another file under the same id, and figures with it.

    Parameters
    ----------
    store
        As it is before.
    layer_id, features
        The layer that will be put.
    """
    before = next((one for one in store.layers() if one.layer_id == layer_id), None)
    if before is None:
        return []
    old = store.features(layer_id)[1]
    size = f"{len(old)} {before.kind[:-1] if len(old) == 1 else before.kind}"
    lines = [f"it replaces {before.title or before.file or layer_id}: {size}"]
    if lost := [str(name) for name in old.columns if name not in features.columns]:
        lines.append(f"no longer in {layer_id}: {', '.join(lost)}; add them again if needed")
    return lines


def undone_line(change: LayerChange) -> str:
    """What undoing a change of a layer did, in a sentence."""
    before = change.areas_before
    features = "1 feature" if before == 1 else f"{before:,} features"
    done = (
        f"{change.layer_id} is as it was before, with {features}"
        if before
        else f"{change.layer_id} was new and is removed"
    )
    return f"layer change {change.change_id} ({change.what or 'no file'}) undone: {done}"


def overlap_lines(areas: gpd.GeoDataFrame) -> list[str]:
    """What it means for counts that areas overlap; nothing where they do not."""
    pairs = overlaps_text(areas)
    if not pairs:
        return []
    line = (
        f"areas overlap by more than a sliver of {WIDTH_M:g} m ({pairs}): each counts its own "
        "incidents, so they add up to more than all; posts, patches and plans need a layer "
        "without overlaps"
    )
    return [line]


def check_day(option: str, day: str) -> None:
    """Refuse what is no day.

    Parameters
    ----------
    option
        What the day was given for, for the message.
    day
        As `2025-05-01`; '' is none given.

    Raises
    ------
    InputError
        If it is not a date.
    """
    try:
        date.fromisoformat(day or "2000-01-01")
    except ValueError as error:
        raise InputError(f"{option} {day!r} is not a date; write it as 2025-05-01") from error


def _condition(where: str) -> tuple[str, list[str]]:
    field_name, equals, values = where.partition("=")
    wanted = [value.strip() for value in values.split(",") if value.strip()]
    if not (field_name and equals and wanted):
        raise InputError(f"--where {where!r}: write it as LAD25CD=E06000015")
    return field_name, wanted
