"""Load a layer with its metadata, checked and in metres."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from boundaries.layers.geojson_areas import areas_of
from boundaries.layers.rings import invalid_rings, repair_rings
from geo.crs import Projection, crs_name, implausible
from geo.errors import InputError
from geo.store.contract import LayerMetadata
from geo.store.layer_ids import check_layer_id

_NAMED_FAULTS = 3


@dataclass(frozen=True)
class Layer:
    """A layer with its metadata.

    `areas` is indexed by `area_code`, sorted, in the working CRS in metres, with `area_name`, the
    file's other attributes and the geometry; `changes` says what was mended on the way in.
    """

    metadata: LayerMetadata
    areas: gpd.GeoDataFrame
    changes: list[str] = field(default_factory=list)


def read_layer(
    content: bytes,
    metadata: LayerMetadata,
    *,
    projection: Projection,
    repair: bool = False,
) -> Layer:
    """Read a GeoJSON FeatureCollection of polygons.

    Parameters
    ----------
    content
        The file's bytes, in CRS84 or in the CRS that its `crs` member names.
    metadata
        What is known of the layer; empty code and name fields are found in the file.
    projection
        Leads to the working CRS.
    repair
        Mend invalid rings instead of refusing them.

    Raises
    ------
    InputError
        With one line that names the feature and the place of the first faults.
    """
    check_layer_id(metadata.layer_id)
    file = metadata.file or metadata.layer_id
    metadata, areas = _areas(content, metadata, projection=projection)
    _refuse_repeated(areas.index, file)
    areas, changes = _check_rings(areas, file, repair=repair)
    metadata = replace(
        metadata, sha256=hashlib.sha256(content).hexdigest(), note="; ".join(changes)[:2000]
    )
    return Layer(metadata, _in_metres(areas, projection).sort_index(), changes)


def read_faulty(
    content: bytes, metadata: LayerMetadata, *, projection: Projection
) -> gpd.GeoDataFrame:
    """Read the areas of a file to be checked: with invalid rings, and codes that stand twice.

    Returns
    -------
    As `Layer.areas`, in the order of the file.

    Raises
    ------
    InputError
        If the file is no layer, or lies where no layer can.
    """
    return _in_metres(_areas(content, metadata, projection=projection)[1], projection)


def _areas(
    content: bytes, metadata: LayerMetadata, *, projection: Projection
) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
    metadata, areas = areas_of(content, metadata)
    _check_places(areas, metadata.file or metadata.layer_id, projection)
    return metadata, areas


def _in_metres(areas: gpd.GeoDataFrame, projection: Projection) -> gpd.GeoDataFrame:
    source = crs_name(str(areas.crs))
    metres = projection.geometries_to_metres(areas.geometry.to_numpy(), source=source)
    return areas.set_geometry(metres).set_crs(projection.crs, allow_override=True)


def _refuse_repeated(codes: pd.Index, file: str) -> None:
    if codes.has_duplicates:
        again = int(codes.duplicated().argmax())
        first = int((codes == codes[again]).argmax())
        raise InputError(
            f"{file}, feature {again + 1}: the code {codes[again]} is that of feature "
            f"{first + 1} already"
        )


def _check_places(areas: gpd.GeoDataFrame, file: str, projection: Projection) -> None:
    corners = shapely.get_coordinates(areas.geometry.to_numpy(), return_index=True)
    xy, owner = corners
    reasons = implausible(
        xy[:, 0], xy[:, 1], source=crs_name(str(areas.crs)), projection=projection
    )
    faulty = np.flatnonzero(reasons != "")
    if len(faulty):
        first = faulty[0]
        raise InputError(
            f"{file}, area {areas.index[owner[first]]}, at {xy[first, 0]:.6g}, "
            f"{xy[first, 1]:.6g}: {reasons[first]}"
        )


def _check_rings(
    areas: gpd.GeoDataFrame, file: str, *, repair: bool
) -> tuple[gpd.GeoDataFrame, list[str]]:
    if repair:
        try:
            return repair_rings(areas)
        except InputError as error:
            raise InputError(f"{file}: {error}") from error
    findings = invalid_rings(areas)
    if findings:
        named = "; ".join(str(finding) for finding in findings[:_NAMED_FAULTS])
        more = len(findings) - _NAMED_FAULTS
        raise InputError(
            f"{file} has invalid polygons: {named}"
            + (f"; and {more} more" if more > 0 else "")
            + ". Mend the file, or add it with --repair"
        )
    return areas, []
