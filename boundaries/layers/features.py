"""Read a layer of points or lines: premises, assets, schools, streets.

Unlike areas, such features need neither codes nor names, and one that cannot be placed is
rejected by itself: the others stand.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from boundaries.layers.attributes import free_name
from boundaries.layers.read import NOTE_LENGTH, first_of, storable, text_of
from geo.crs import Projection, implausible
from geo.errors import InputError
from geo.formats.geojson import LINES, collection_crs, feature_collection, read_geometry
from geo.geometry_types import GeometryType, LayerKind
from geo.store.contract import LayerMetadata
from geo.store.layer_ids import check_layer_id

_KINDS: Final[Mapping[str, LayerKind]] = {
    "Point": "points",
    "MultiPoint": "points",
    "LineString": "lines",
    "MultiLineString": "lines",
    "Polygon": "areas",
    "MultiPolygon": "areas",
}
_TYPES: Final[Mapping[LayerKind, tuple[str, ...]]] = {
    "points": ("Point", "MultiPoint"),
    "lines": LINES,
}
# Unique identifiers as British registers and OpenStreetMap name them: of properties, streets,
# schools and of the features of Ordnance Survey.
_IDENTIFIERS: Final = ("code", "uprn", "usrn", "urn", "toid", "osm_id", "identifier", "id")
_NAMES: Final = ("name", "title", "street_name", "road_name", "street", "address", "organisation")
_NUMBERS_NAMED = 5

HEIGHTS_LEFT_OUT: Final = "heights (Z) and measures (M) are left out"


@dataclass(frozen=True)
class FeatureLayer:
    """A layer of points or lines with its metadata.

    Attributes
    ----------
    metadata
        The layer's metadata, with its type of geometry and the fields that were read.
    features
        Indexed by `code`, sorted, in metres of the working CRS, with `name` (None where the file
        has none), the file's other attributes and the geometry.
    rejected
        The numbers of the features that were rejected, from 1 in the order of the file, by reason.
    notes
        What else there is to know, one line each.
    """

    metadata: LayerMetadata
    features: gpd.GeoDataFrame
    rejected: Mapping[str, Sequence[int]] = field(default_factory=dict)
    notes: Sequence[str] = ()

    @property
    def rejections(self) -> list[str]:
        """A line for each reason: how many features were rejected, and the first of them."""
        return [
            f"rejected: {len(numbers):,} because {reason} ({_numbered(numbers)})"
            for reason, numbers in self.rejected.items()
        ]


def layer_kind(content: bytes, file: str) -> LayerKind:
    """Recognise by their geometries what the features of a file are.

    Parameters
    ----------
    content
        A GeoJSON FeatureCollection.
    file
        The name of the file, for messages.

    Returns
    -------
    The kind of all features that have a geometry.

    Raises
    ------
    InputError
        If it is no FeatureCollection, has features of several kinds, or none with a geometry.
    """
    types = Counter(
        geometry.get("type") if isinstance(geometry, dict) else None
        for geometry in (
            feature.get("geometry") for feature in feature_collection(content, file)["features"]
        )
    )
    types.pop(None, None)
    kinds: Counter[str] = Counter()
    for name, number in types.items():
        kinds[_KINDS.get(str(name), "geometry collections")] += number
    if not kinds:
        raise InputError(f"{file}: none of its features has a geometry")
    if len(kinds) > 1 or "geometry collections" in kinds:
        listed = " and ".join(
            f"{number:,} {kind[:-1] if number == 1 else kind}"
            for kind, number in kinds.most_common()
        )
        raise InputError(
            f"{file} holds {listed}; a layer is of points, of lines or of areas: save each in a "
            "file of its own, or choose some with --where"
        )
    return next(kind for kind in _KINDS.values() if kind in kinds)


def read_features_layer(
    content: bytes, metadata: LayerMetadata, *, projection: Projection
) -> FeatureLayer:
    """Read a GeoJSON FeatureCollection of points or of lines.

    Parameters
    ----------
    content
        The file's bytes, in CRS84 or in the CRS of its `crs` member.
    metadata
        The layer's metadata. A code field that is left empty is found in the file if a register's
        identifier is unique there, else codes are made from the order of the features.
    projection
        To the working CRS.

    Returns
    -------
    The layer in metres; what could not be placed is counted in `rejected`.

    Raises
    ------
    InputError
        If the id, the file or its fields are unusable, if codes of the named field repeat, or if
        every feature is rejected.
    """
    check_layer_id(metadata.layer_id)
    file = metadata.file or metadata.layer_id
    kind = layer_kind(content, file)
    collection = feature_collection(content, file)
    features = collection["features"]
    shapes, rejected = _placed(features, kind, collection_crs(collection, file), projection)
    properties = pd.DataFrame([feature.get("properties") or {} for feature in features])
    for required in (metadata.code_field, metadata.name_field):
        if required and required not in properties:
            listed = ", ".join(map(str, properties.columns)) or "none"
            raise InputError(f"{file} has no field {required!r}; choose one of: {listed}")
    if metadata.code_field:
        texts = properties[metadata.code_field].map(text_of)
        _reject(rejected, f"{metadata.code_field} is empty", np.flatnonzero(texts == ""))
    out = [number - 1 for numbers in rejected.values() for number in numbers]
    rows = np.setdiff1d(np.arange(len(features)), out)
    if not len(rows):
        reasons = "; ".join(f"{len(numbers):,} because {why}" for why, numbers in rejected.items())
        raise InputError(f"{file}: every feature is rejected: {reasons}")
    properties = properties.iloc[rows]
    metadata, codes = _with_codes(metadata, properties, rows + 1, file)
    frame, metadata = _attributes(properties, metadata, codes)
    notes = [
        *([HEIGHTS_LEFT_OUT] if any(map(_has_heights, features)) else []),
        *_identical(shapes[rows], properties, rows + 1),
    ]
    layer = FeatureLayer(metadata, gpd.GeoDataFrame(), rejected, notes)
    metadata = replace(
        metadata,
        geometry_type=_geometry_type(shapes[rows]),
        sha256=hashlib.sha256(content).hexdigest(),
        note="; ".join([*layer.rejections, *notes])[:NOTE_LENGTH],
    )
    placed = gpd.GeoDataFrame(frame, geometry=shapes[rows], crs=projection.crs)
    return replace(layer, metadata=metadata, features=placed.sort_index())


def _placed(
    features: Sequence[Mapping[str, Any]], kind: LayerKind, crs: str, projection: Projection
) -> tuple[NDArray[np.object_], defaultdict[str, list[int]]]:
    """Geometries in metres, None where there is none that can be used, and why there is none."""
    rejected: defaultdict[str, list[int]] = defaultdict(list)
    shapes = np.full(len(features), None, dtype=object)
    for row, feature in enumerate(features):
        if feature.get("geometry") is None:
            rejected["it has no geometry"].append(row + 1)
            continue
        try:
            shapes[row] = read_geometry(feature, "it", kinds=_TYPES[kind])
        except InputError as error:
            rejected[str(error)].append(row + 1)
    if kind == "lines":
        flat = np.flatnonzero(shapely.length(shapes) == 0)
        _reject(rejected, "it is a line without length", flat)
        shapes[flat] = None
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    reasons = implausible(xy[:, 0], xy[:, 1], source=crs, projection=projection)
    bad = np.flatnonzero(reasons != "")
    rows, first = np.unique(owner[bad], return_index=True)
    for row, reason in zip(rows.tolist(), reasons[bad][first], strict=True):
        rejected[f"it lies {reason}" if reason.startswith("outside") else reason].append(row + 1)
        shapes[row] = None
    return projection.geometries_to_metres(shapes, source=crs), rejected


def _reject(rejected: defaultdict[str, list[int]], reason: str, rows: NDArray[np.int64]) -> None:
    already = {number for numbers in rejected.values() for number in numbers}
    if numbers := [row + 1 for row in rows.tolist() if row + 1 not in already]:
        rejected[reason] += numbers


def _with_codes(
    metadata: LayerMetadata, properties: pd.DataFrame, numbers: NDArray[np.int64], file: str
) -> tuple[LayerMetadata, list[str]]:
    """The metadata with the field of codes, and the code of each feature that was kept."""
    if metadata.code_field:
        codes = properties[metadata.code_field].map(text_of)
        repeated = codes.duplicated()
        if repeated.any():
            second = int(repeated.to_numpy().argmax())
            first = int((codes == codes.iloc[second]).to_numpy().argmax())
            raise InputError(
                f"{file}, feature {numbers[second]}: the {metadata.code_field} "
                f"{codes.iloc[second]!r} is already used by feature {numbers[first]} "
                f"({int(repeated.sum()):,} repeat); name another field with --code-field"
            )
        return metadata, codes.tolist()
    for name in _IDENTIFIERS:
        column = first_of((name,), [str(one) for one in properties.columns])
        codes = properties[column].map(text_of) if column else pd.Series([""])
        if (codes != "").all() and codes.is_unique:
            return replace(metadata, code_field=column), codes.tolist()
    # As many digits in each, so that the order of codes is that of the file.
    digits = len(str(numbers[-1]))
    return metadata, [f"{number:0{digits}d}" for number in numbers.tolist()]


def _attributes(
    properties: pd.DataFrame, metadata: LayerMetadata, codes: Sequence[str]
) -> tuple[pd.DataFrame, LayerMetadata]:
    columns = [str(name) for name in properties.columns]
    name_field = metadata.name_field or first_of(_NAMES, columns)
    frame = pd.DataFrame(index=pd.Index(list(codes), name="code", dtype="str"))
    names = properties[name_field].map(text_of) if name_field else pd.Series([""] * len(codes))
    frame["name"] = pd.Series([name or None for name in names], index=frame.index, dtype=object)
    others = properties.columns.difference([metadata.code_field, name_field], sort=False)
    for column in others:
        taken = [*frame.columns, "code"]
        frame[free_name(str(column), taken)] = storable(properties[column]).to_numpy()
    return frame, replace(metadata, name_field=name_field)


def _geometry_type(shapes: NDArray[np.object_]) -> GeometryType:
    types = shapely.get_type_id(shapes)
    if (types == shapely.GeometryType.POINT).all():
        return "Point"
    return "MultiPoint" if shapely.get_dimensions(shapes).max() == 0 else "MultiLineString"


def _has_heights(feature: Mapping[str, Any]) -> bool:
    geometry = feature.get("geometry")
    position = geometry.get("coordinates") if isinstance(geometry, dict) else None
    while isinstance(position, list) and position and isinstance(position[0], list):
        position = position[0]
    return isinstance(position, list) and len(position) > 2


def _identical(
    shapes: NDArray[np.object_], properties: pd.DataFrame, numbers: NDArray[np.int64]
) -> Iterator[str]:
    """Name the features that are alike in place and all attributes: they may be entered twice."""
    texts = properties.astype(str).assign(geometry=shapely.to_wkb(shapes, hex=True))
    repeated = numbers[texts.duplicated().to_numpy()]
    if len(repeated):
        alike = "1 feature is" if len(repeated) == 1 else f"{len(repeated):,} features are"
        yield (
            f"{alike} the same as an earlier one in place and attributes, and kept "
            f"({_numbered(repeated.tolist())})"
        )


def _numbered(numbers: Sequence[int]) -> str:
    listed = ", ".join(map(str, numbers[:_NUMBERS_NAMED]))
    more = len(numbers) - _NUMBERS_NAMED
    word = "feature" if len(numbers) == 1 else "features"
    return f"{word} {listed}" + (f" and {more:,} more" if more > 0 else "")
