"""Imports housing sites: a layer of their own, and their electors in the forecasts of blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import shapely

from api.settings import user_name
from boundaries.layers.housing import AddedSites, add_sites
from boundaries.layers.read import NOTE_LENGTH
from geo.crs import Projection
from geo.store.contract import LayerMetadata, Store
from geo.store.layer_ids import check_areas


@dataclass(frozen=True)
class ImportedSites:
    """Housing sites that were imported.

    Attributes
    ----------
    layer_id
        The layer that holds the sites.
    added
        What they add to the blocks.
    """

    layer_id: str
    added: AddedSites


def sites_layer(blocks_layer: str) -> str:
    """The id of the layer of the housing sites of a layer of blocks."""
    return f"{blocks_layer}-sites"


def import_sites(
    store: Store,
    file: Path,
    read: Callable[[Projection], gpd.GeoDataFrame],
    *,
    layer: str,
    forecast_year: int | None,
    by: str = "",
) -> ImportedSites:
    """Store housing sites, in place of those before, and add them to the forecasts of blocks.

    Parameters
    ----------
    file
        The file that the sites come from.
    read
        Reads the sites, given the projection of the store.
    layer
        The layer of blocks.
    forecast_year
        The year of its `electors_forecast`; None where it has none.
    by
        Who does it; by default the user who runs this process.

    Raises
    ------
    NotFoundError
        If there is no such layer.
    InputError
        If the file is at fault, or the blocks have no forecast.
    """
    sites = read(store.projection)
    signed, what = by or user_name(), f"housing sites from {file.name}"[:NOTE_LENGTH]
    with store.transaction():
        metadata, areas = store.layer(layer)
        check_areas(store.layers(), metadata)
        added = add_sites(areas, sites, forecast_year=forecast_year)
        store.put_layer(metadata, added.areas, by=signed, what=what)
        own = LayerMetadata(
            sites_layer(layer),
            title=f"Housing sites of {metadata.title or layer}",
            file=file.name,
            geometry_type="MultiPolygon" if _are_polygons(sites) else "Point",
        )
        store.put_layer(own, _as_layer(sites, added), by=signed, what=what)
    return ImportedSites(own.layer_id, added)


def _are_polygons(sites: gpd.GeoDataFrame) -> bool:
    return bool((shapely.get_dimensions(sites.geometry.to_numpy()) == 2).any())


def _as_layer(sites: gpd.GeoDataFrame, added: AddedSites) -> gpd.GeoDataFrame:
    """The sites with what they add, named as layers of their kind name code and name."""
    table = added.sites.drop(columns=["area_name"])
    full = sites.assign(**{str(name): table[name] for name in table})
    if _are_polygons(sites):
        return full
    return full.rename(columns={"area_name": "name"}).rename_axis("code")
