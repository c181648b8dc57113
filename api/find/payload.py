"""A search's answer as GeoJSON."""

from __future__ import annotations

from api.find.finding import PlacedResult, SearchAnswer


def feature_collection(answer: SearchAnswer) -> dict[str, object]:
    """The answer as a FeatureCollection (RFC 7946), each feature with a point and a `bbox`."""
    return {
        "type": "FeatureCollection",
        "query": answer.text,
        "numberReturned": len(answer.results),
        "notes": list(answer.notes),
        "attribution": list(answer.credits),
        "features": [feature(result) for result in answer.results],
    }


def feature(result: PlacedResult) -> dict[str, object]:
    """One result as a feature."""
    entry = result.entry
    return {
        "type": "Feature",
        "bbox": [round(degrees, 7) for degrees in result.box],
        "geometry": {
            "type": "Point",
            "coordinates": [round(degrees, 7) for degrees in result.lonlat],
        },
        "properties": {
            "name": entry.name,
            "also": entry.also,
            "kind": entry.kind,
            "type": entry.type,
            "place": entry.place,
            "at": result.at,
            "layer": result.layer,
            "area_code": result.area_code,
            "area_name": result.area_name,
            "grid_reference": result.grid,
            "note": result.note,
        },
    }


def result_line(result: PlacedResult) -> str:
    """One result as a line for a terminal."""
    entry = result.entry
    lon, lat = result.lonlat
    kind = f"{entry.kind}, {entry.type}" if entry.type else entry.kind
    where = ", ".join(filter(None, (entry.name, entry.place)))
    area = f"in {result.area_name} ({result.area_code})" if result.area_code else ""
    parts = [where, kind, result.grid, f"{lat:.5f}, {lon:.5f}", area, result.note]
    return " · ".join(filter(None, parts))
