"""Where a collection's description leads, and the metadata of a layer in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.formats.registry import FEATURE_FILES, GEOJSON, HTML, JSON, SCHEMA
from geo.store.contract import LayerMetadata

QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
"""How a link says that it leads to what a collection can be filtered by."""


def link(href: str, rel: str, media_type: str, title: str) -> dict[str, str]:
    """A link as the standard writes it."""
    return {"href": href, "rel": rel, "type": media_type, "title": title}


def collection_links(
    address: str, *, root: str, about: Mapping[str, Any], layer: str = ""
) -> list[dict[str, str]]:
    """What a collection's description links to.

    Parameters
    ----------
    about
        What it says of itself.
    layer
        The layer that its Question means where it names none, '' where it asks none.
    """
    found = [
        link(address, "self", JSON.media_type, "This document"),
        link(f"{address}?f=html", "alternate", HTML.media_type, "This document as HTML"),
        # GDAL takes the GeoJSON link among the items for the one that has pages.
        link(f"{address}/items", "items", GEOJSON.media_type, "The features"),
        link(f"{address}/items?f=html", "items", HTML.media_type, "The features as HTML"),
        *(
            link(f"{address}/items?f={one.name}", "enclosure", one.media_type, one.label)
            for one in FEATURE_FILES
        ),
        link(
            f"{address}/tiles",
            "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector",
            JSON.media_type,
            "Vector tiles",
        ),
        link(
            f"{address}/queryables",
            QUERYABLES,
            SCHEMA.media_type,
            "What can be filtered by",
        ),
        link(
            f"{address}/schema",
            "http://www.opengis.net/def/rel/ogc/1.0/schema",
            SCHEMA.media_type,
            "The properties of the features",
        ),
    ]
    if str(about.get("metadata", {}).get("source", "")).startswith(("http://", "https://")):
        source = about["metadata"]["source"]
        found.append(link(source, "describedby", HTML.media_type, "Where the layer was published"))
    if layer:
        title = "The metadata of the layer that is meant where the Question names none"
        found.append(link(f"{root}/collections/{layer}", "related", JSON.media_type, title))
    return found


def layer_metadata(metadata: LayerMetadata) -> dict[str, Any]:
    """A layer's metadata, as the description of its collection tells them."""
    told = {
        "title": metadata.title or metadata.layer_id,
        "description": metadata.source,
        "attribution": metadata.authority,
        "license": metadata.licence,
    }
    names = ("authority", "licence", "source", "valid_from", "valid_to", "file", "sha256", "note")
    kept = {name: text for name in names if (text := getattr(metadata, name))}
    return {name: text for name, text in told.items() if text} | {"metadata": kept}
