"""What to know of layers of points and lines: how many there are, repeated, and without a name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import geopandas as gpd
import shapely

from geo.question.quality import Note
from geo.store.contract import LayerMetadata


def layer_quality(layers: Iterable[tuple[LayerMetadata, gpd.GeoDataFrame]]) -> list[Note]:
    """Describe the layers of points and lines of a store.

    Parameters
    ----------
    layers
        Each layer with its features, in metres. Layers of areas are passed over: `layers check`
        finds their faults.

    Returns
    -------
    A note for each layer of points or lines; its `source` is the id of the layer.
    """
    return [
        Note(f"layer of {one.kind}", one.layer_id, "", ", ".join(_facts(one, features)))
        for one, features in layers
        if one.kind != "areas"
    ]


def _facts(metadata: LayerMetadata, features: gpd.GeoDataFrame) -> Iterator[str]:
    noun = metadata.kind[:-1]
    yield f"{len(features):,} {noun if len(features) == 1 else metadata.kind}"
    # As text: an attribute can be of a kind that nothing compares.
    texts = features.drop(columns="geometry").astype(str)
    texts["geometry"] = shapely.to_wkb(features.geometry.to_numpy(), hex=True)
    if repeated := int(texts.duplicated().sum()):
        yield f"{repeated:,} the same as another in place and attributes"
    if placed := int(texts["geometry"].duplicated().sum()) - repeated:
        yield f"{placed:,} at the place of another"
    names = features["name"].fillna("")
    if (names == "").all():
        yield "none has a name"
    elif unnamed := int((names == "").sum()):
        yield f"{unnamed:,} without a name"
