"""Files of features: layers of areas, points of incidents, lines of streets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import orjson
import pandas as pd
import shapely

from api.formats.points import PointFile, as_spreadsheets
from api.look.facts import Check, FileFacts, Part
from api.look.fields import describe_fields, frame_columns
from api.look.kinds import Kind
from api.look.options import Options, layer_id_for
from api.look.tables import look_at_incidents
from api.look.tally import place_of
from boundaries.layers.area_codes import code_columns, level_and_year
from boundaries.layers.features import layer_kind, read_features_layer
from boundaries.layers.lines import read_lines
from boundaries.layers.read import code_field_of, read_faulty, read_layer
from geo.errors import InputError
from geo.formats.bounded import read_input
from geo.formats.features import read_features
from geo.formats.gdal import LIMITS, list_layers
from geo.formats.geojson import LINES, POLYGONS, collection_crs, feature_collection
from geo.sources.sample import SAMPLE
from geo.store.contract import LayerMetadata
from geo.temporary import TemporaryFolder

_POINTS = ("Point", "MultiPoint")


@dataclass(frozen=True)
class Content:
    """A layer as GeoJSON, its CRS, and the properties of its features."""

    data: bytes
    crs: str
    properties: pd.DataFrame


def look_at_features(path: Path, kind: Kind, options: Options) -> FileFacts:
    """Look at a layer of a file in a format of GIS programs.

    Raises
    ------
    InputError
        If it cannot be read, or no command takes it.
    """
    parts = _parts(path, kind)
    layer = options.layer
    if not layer and len(parts) > 1:
        layer = max(parts, key=lambda part: part.rows or 0).name
    notices: list[str] = []
    data = read_features(path, layer=layer, notify=notices.append)
    collection = feature_collection(data, path.name)
    features = collection["features"]
    kinds = Counter(_geometry(feature) for feature in features)
    properties = pd.DataFrame([feature.get("properties") or {} for feature in features])
    content = Content(data, collection_crs(collection, path.name), properties)
    facts = FileFacts(
        path.name,
        str(kind),
        path.stat().st_size,
        parts=parts if len(parts) > 1 else (),
        part=layer if len(parts) > 1 else "",
        rows=len(features),
        fields=describe_fields(frame_columns(properties[:SAMPLE])),
        notices=tuple(notices),
    )
    kinds.pop("", None)  # of features without a geometry the readers tell
    most = next(iter(kinds.most_common(1)), ("", 0))[0]
    if most in POLYGONS:
        return _areas(path, facts, content, options)
    if most in _POINTS:
        return _points(path, facts, content, options)
    if most in LINES:
        return _lines(path, facts, content, options)
    layer_kind(data, path.name)  # refuses what is no layer, in the words of its import
    raise AssertionError("what is of no kind is refused")


def _parts(path: Path, kind: Kind) -> tuple[Part, ...]:
    if kind in {Kind.GEOPACKAGE, Kind.GML, Kind.KML, Kind.ZIPPED_SHAPEFILE}:
        return tuple(
            Part(layer.name, layer.features, layer.geometry) for layer in list_layers(path)
        )
    if kind is not Kind.TOPOJSON:
        return ()
    objects = _json(path).get("objects")
    if not isinstance(objects, Mapping):
        return ()
    sizes = {str(name): _size(thing) for name, thing in objects.items()}
    return tuple(Part(name, size) for name, size in sizes.items())


def _json(path: Path) -> dict[str, Any]:
    content = read_input(path, most=LIMITS.topojson_bytes).removeprefix(b"\xef\xbb\xbf")
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}  # its reader says what is wrong
    return value if isinstance(value, dict) else {}


def _size(thing: Any) -> int | None:
    members = thing.get("geometries") if isinstance(thing, dict) else None
    return len(members) if isinstance(members, list) else None


def _geometry(feature: Mapping[str, Any]) -> str:
    geometry = feature.get("geometry")
    return str(geometry.get("type")) if isinstance(geometry, dict) else ""


def _inside(facts: FileFacts) -> tuple[str, ...]:
    return ("--layer", facts.part) if facts.part else ()


# Areas


def _areas(path: Path, facts: FileFacts, content: Content, options: Options) -> FileFacts:
    properties = content.properties
    code_field = code_field_of(properties)
    by_itself = bool(code_field)
    code_field = code_field or next(iter(code_columns(properties)), "") or _unique(properties)
    metadata = LayerMetadata("areas", file=path.name, code_field=code_field)
    areas, problem, repaired = _tried(content.data, metadata, options)
    level, year = level_and_year(code_field, [str(code) for code in areas.index[:SAMPLE]])
    layer_id = layer_id_for(facts.part or path.stem, level, year)
    code_option = ("--code-field", code_field) if code_field and not by_itself else ()
    repair = ("--repair",) if repaired else ()
    command = options.command(
        "layers", "add", path, "--id", layer_id, *_inside(facts), *code_option, *repair
    )
    check = options.command("layers", "check", path, *_inside(facts), *code_option)
    usable = not problem or repaired
    place = None
    if len(areas):
        middles = shapely.centroid(areas.geometry.to_numpy())
        place = place_of(
            shapely.get_x(middles),
            shapely.get_y(middles),
            crs=content.crs,
            projection=options.projection,
            what="areas",
            outline=shapely.get_coordinates(areas.geometry.to_numpy()),
        )
    named = f"areas with their codes in {code_field}" if code_field else "areas without codes"
    return replace(
        facts,
        title=named,
        place=place,
        check=Check(len(properties), len(properties) if usable else 0, {}, problem),
        commands=(command,) if usable else (check,),
        use="layer",
        proposal={
            "id": layer_id,
            "code_field": code_field,
            "layer": facts.part,
            "repair": "yes" if repaired else "",
        },
    )


def _tried(
    content: bytes, metadata: LayerMetadata, options: Options
) -> tuple[gpd.GeoDataFrame, str, bool]:
    """The areas as `layers add` reads them, what refuses them, and whether --repair helps."""
    projection = options.projection
    try:
        layer_kind(content, metadata.file)
        return read_layer(content, metadata, projection=projection).areas, "", False
    except InputError as error:
        problem = str(error)
    try:
        repaired = read_layer(content, metadata, projection=projection, repair=True)
    except InputError:
        pass
    else:
        return repaired.areas, problem, True
    try:
        return read_faulty(content, metadata, projection=projection), problem, False
    except InputError:
        return gpd.GeoDataFrame(geometry=[]), problem, False


def _unique(properties: pd.DataFrame) -> str:
    """The first field with a different text in each row, '' if there is none."""
    texts = (name for name in properties.columns if properties[name].map(_is_code).all())
    return next((str(name) for name in texts if properties[name].is_unique), "")


def _is_code(value: object) -> bool:
    return isinstance(value, str | int) and 0 < len(str(value)) <= 60


# Points and lines


def _points(path: Path, facts: FileFacts, content: Content, options: Options) -> FileFacts:
    """Incidents, or places such as premises where no field holds a date."""
    looked = _as_incidents(path, facts, options)
    dated = any(field.kind.startswith("date") for field in facts.fields)
    if looked.use or dated or options.mapping:
        return looked
    return _point_layer(path, facts, content, options)


def _point_layer(path: Path, facts: FileFacts, content: Content, options: Options) -> FileFacts:
    facts = replace(facts, title="points without dates, such as premises")
    metadata = LayerMetadata("points", file=path.name)
    try:
        layer = read_features_layer(content.data, metadata, projection=options.projection)
    except InputError as error:
        return replace(facts, check=Check(facts.rows or 0, 0, {}, str(error)))
    at = shapely.get_coordinates(shapely.centroid(layer.features.geometry.to_numpy()))
    layer_id = layer_id_for(facts.part or path.stem, "", "")
    add = options.command("layers", "add", path, "--id", layer_id, *_inside(facts))
    rejected = {reason: len(rows) for reason, rows in layer.rejected.items()}
    return replace(
        facts,
        place=place_of(*at.T, crs=content.crs, projection=options.projection, what="points"),
        check=Check(facts.rows or 0, len(layer.features), rejected),
        notices=(*facts.notices, *layer.notes),
        commands=(add,),
        use="features",
        proposal={"id": layer_id, "layer": facts.part},
    )


def _as_incidents(path: Path, facts: FileFacts, options: Options) -> FileFacts:
    with TemporaryFolder() as folder:
        made: dict[bool, PointFile] = {}

        def converted(place: Sequence[str]) -> PointFile:
            """The points as a table; which coordinates it has can depend on the mapping."""
            degrees = tuple(place) == ("longitude", "latitude")
            if degrees not in made:
                below = Path(folder) / str(degrees)
                below.mkdir()
                made[degrees] = next(as_spreadsheets([path], below, place, layer=facts.part))
            return made[degrees]

        try:
            converted(())
        except InputError as error:
            return replace(facts, title="points", check=Check(problem=str(error)))
        return look_at_incidents(path, facts, options, converted)


def _lines(path: Path, facts: FileFacts, content: Content, options: Options) -> FileFacts:
    facts = replace(facts, title="lines, such as streets")
    try:
        lines = read_lines(content.data, file=path.name, projection=options.projection, kinds=LINES)
    except InputError as error:
        return replace(facts, check=Check(facts.rows or 0, 0, {}, str(error)))
    middles = shapely.centroid(lines.geometry.to_numpy())
    place = place_of(
        shapely.get_x(middles),
        shapely.get_y(middles),
        crs=content.crs,
        projection=options.projection,
        what="lines",
        outline=shapely.get_coordinates(lines.geometry.to_numpy()),
    )
    travel = options.command("patrols", "--travel", path, "-o", "patrols.geojson")
    check = Check(facts.rows or 0, facts.rows or 0)
    basemap = options.command("basemap", "add", path, *_inside(facts))
    layer_id = layer_id_for(facts.part or path.stem, "", "")
    layer = options.command("layers", "add", path, "--id", layer_id, *_inside(facts))
    return replace(
        facts,
        place=place,
        check=check,
        commands=(layer, travel, basemap),
        use="features",
        proposal={"id": layer_id, "layer": facts.part},
    )
