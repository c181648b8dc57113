"""The names of a layer's areas, lines and points, as a gazetteer holds them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd
import shapely
from numpy.typing import ArrayLike

from boundaries.gazetteer.names import NAME_COLUMNS, Kind, NameBatch
from boundaries.layers.features import layer_kind, read_features_layer
from boundaries.layers.read import read_layer
from geo.crs import Projection
from geo.errors import InputError
from geo.formats.features import read_features
from geo.geometry_types import LayerKind
from geo.hotspots.street_names import street_names, streets
from geo.store.contract import LayerMetadata

SEGMENT_GAP_M: Final = 500.0
"""Metres between the middles of two lines of one name beyond which they are two streets."""

INCIDENT_GAP_M: Final = 1_500.0
"""The same between incidents, which lie along a long road in some places only."""

_KINDS: Final[dict[LayerKind, tuple[Kind, int]]] = {
    "areas": ("area", 0),
    "lines": ("street", 5),
    "points": ("site", 7),
}


def id_of(path: Path) -> str:
    """An id made from a file's name."""
    words = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")[:60]
    return words if re.match(r"[a-z]", words) else f"names-{words}".rstrip("-")


def read_layer_names(
    path: Path,
    *,
    projection: Projection,
    layer: str = "",
    name_field: str = "",
    notify: Callable[[str], None] | None = None,
) -> Iterator[NameBatch]:
    """Read the names of a layer file.

    Parameters
    ----------
    path
        Any file that `geo.formats.features.read_features` reads.
    projection
        To the working CRS.
    layer
        Which layer, where the file has several.
    name_field
        The field with the names; found where it is not given.
    notify
        Called with each line that a reader should know.

    Yields
    ------
    batch
        All names.

    Raises
    ------
    InputError
        If it is no layer, or has no names.
    """
    content = read_features(path, layer=layer, notify=notify)
    metadata = LayerMetadata(id_of(path), file=path.name, name_field=name_field)
    kind = layer_kind(content, path.name)
    rejected: Counter[str] = Counter()
    if kind == "areas":
        areas = read_layer(content, metadata, projection=projection)
        frame, used = areas.areas.rename(columns={"area_name": "name"}), areas.metadata
    else:
        features = read_features_layer(content, metadata, projection=projection)
        frame, used = features.features, features.metadata
        rejected.update({why: len(numbers) for why, numbers in features.rejected.items()})
    if not used.name_field:
        raise InputError(f"{path.name} has no field of names; name one with --name-field")
    nameless = frame["name"].isna() | (frame["name"].astype("str").str.strip() == "")
    if kind == "lines":  # "No location" names no street
        nameless |= street_names(frame["name"].astype("str").tolist()) == ""
    read = len(frame) + sum(rejected.values())
    if nameless.any():
        rejected["it has no name"] += int(nameless.sum())
    names = names_of(frame[~nameless], kind)
    joined = read - sum(rejected.values()) - len(names)
    yield NameBatch(read, names, rejected=rejected, joined=joined)


def names_of(
    features: gpd.GeoDataFrame, kind: LayerKind, *, title: str = "", layer_id: str = ""
) -> pd.DataFrame:
    """The names of features; lines of one name that lie close are one street.

    Parameters
    ----------
    features
        With `name`, indexed by code, in metres.
    kind
        What they are.
    title
        Of their layer.
    layer_id
        Of a layer of the store, whose areas and points are found by code too.

    Returns
    -------
    A frame with `NAME_COLUMNS`.
    """
    own, order = _KINDS[kind]
    codes = features.index.astype("str")
    bounds = features.geometry.bounds.to_numpy(float)
    table = pd.DataFrame(bounds, columns=["west", "south", "east", "north"])
    table["name"] = features["name"].astype("str").to_numpy()
    table["also"] = codes.to_numpy() if layer_id and kind != "lines" else ""
    table["ref"] = [f"{layer_id}/{code}" for code in codes] if layer_id else ""
    if kind == "lines":
        middle = shapely.line_interpolate_point(
            shapely.get_geometry(features.geometry.to_numpy(), 0), 0.5, normalized=True
        )
        table["street"] = streets(
            shapely.get_x(middle), shapely.get_y(middle), table["name"].tolist(), gap=SEGMENT_GAP_M
        )
        table = _joined(table[table["street"] >= 0])
    frame = pd.DataFrame(
        {
            "name": table["name"],
            "also": table["also"],
            "kind": own,
            "type": title,
            "order": order,
            "place": "",
            "x": (table["west"] + table["east"]) / 2,
            "y": (table["south"] + table["north"]) / 2,
            "half_x": (table["east"] - table["west"]) / 2,
            "half_y": (table["north"] - table["south"]) / 2,
            "ref": table["ref"],
        }
    )
    return frame[list(NAME_COLUMNS)]


def _joined(table: pd.DataFrame) -> pd.DataFrame:
    """One row for each street."""
    how = {"name": "first", "also": "first", "ref": "first", "west": "min", "south": "min",
           "east": "max", "north": "max"}  # fmt: skip
    return table.groupby("street", sort=True).agg(how).reset_index(drop=True)


def streets_of(x: ArrayLike, y: ArrayLike, location: pd.Series) -> pd.DataFrame:
    """The streets that incidents name in the text of their place.

    Parameters
    ----------
    x, y
        Metres, of n incidents.
    location
        n texts.

    Returns
    -------
    A frame with `NAME_COLUMNS`; a street's box is that of its incidents.
    """
    points = pd.DataFrame({"x": x, "y": y, "location": location}).drop_duplicates()
    texts = points["location"].astype("str").tolist()
    points["name"] = street_names(texts)
    points["street"] = streets(points["x"], points["y"], texts, gap=INCIDENT_GAP_M)
    points = points[points["street"] >= 0]
    grouped = points.groupby("street", sort=True)
    low, high = grouped[["x", "y"]].min(), grouped[["x", "y"]].max()
    frame = pd.DataFrame(
        {
            "name": grouped["name"].first(),
            "also": "",
            "kind": "street",
            "type": "",
            "order": 5,
            "place": "",
            "x": (low["x"] + high["x"]) / 2,
            "y": (low["y"] + high["y"]) / 2,
            "half_x": (high["x"] - low["x"]) / 2,
            "half_y": (high["y"] - low["y"]) / 2,
            "ref": "",
        }
    )
    return frame[list(NAME_COLUMNS)].reset_index(drop=True)
