"""The blocks that plans are made of: a layer of the store that tiles, and its neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd

from boundaries.layers.contiguity import BlockGraph, block_graph
from boundaries.layers.topology import refuse_unfit
from geo.errors import InputError
from geo.store.contract import StoreReader


@dataclass(frozen=True, eq=False)
class PlanBlocks:
    """A layer of blocks that is fit for plans.

    Checking a layer and finding its neighbours takes some tenths of a second for a city. It
    depends on the layer alone: a service keeps this by the layer's id and the data version's
    counter of layers, and hands it to every plan on that layer.

    Attributes
    ----------
    layer_id
        The layer.
    areas
        Its polygons in metres with their attributes, in the order of the graph.
    graph
        Which blocks lie side by side.
    """

    layer_id: str
    areas: gpd.GeoDataFrame
    graph: BlockGraph

    @classmethod
    def read(cls, store: StoreReader, layer_id: str) -> PlanBlocks:
        """Read the blocks of a layer.

        Raises
        ------
        NotFoundError
            If there is no such layer.
        InputError
            If its areas do not tile: with what was found, and how to repair it.
        """
        _, areas = store.layer(layer_id)
        try:
            refuse_unfit(areas)
        except InputError as error:
            raise InputError(f"layer {layer_id} cannot carry a plan: {error}") from error
        graph = block_graph(areas)
        return cls(layer_id, areas.loc[list(graph.codes)], graph)
