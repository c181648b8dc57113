"""Repair a layer so that its areas tile, for faults up to a given width; every change is listed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from boundaries.layers.read import NOTE_LENGTH, Layer
from boundaries.layers.topology import check_layer
from geo.errors import InputError

_WIDEST_M = 100
_UNCHANGED_M2 = 1e-4
_REPAIRED = ("overlap", "gap", "sliver", "mismatched edge")

# Looked up by name because the published type stubs end before shapely 2.1, which added it.
_coverage_clean: Callable[..., NDArray[np.object_]] = vars(shapely)["coverage_clean"]


def snap(areas: gpd.GeoDataFrame, metres: float) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Close narrow gaps and overlaps, and give neighbours the same vertices.

    Parameters
    ----------
    areas
        Valid polygons in metres indexed by code.
    metres
        Vertices closer than this become one; gaps and overlaps narrower than this go to the
        neighbour with the longest shared edge.

    Returns
    -------
    The repaired layer (`areas` itself if it has no such faults), and lines that list the
    changes: first how many faults there were, then each area that changed by at least a square
    centimetre.

    Raises
    ------
    InputError
        If the width is out of range, polygons are invalid, codes repeat, an overlap is wider
        than `metres`, an area would vanish, or the result still does not tile.
    """
    if not 0 < metres <= _WIDEST_M:
        raise InputError(f"--snap {metres:g}: give a width above 0 and up to {_WIDEST_M} metres")
    findings = check_layer(areas, sliver_m=metres)
    _refuse_unrepairable(findings, metres)
    faults = findings[findings["kind"].isin(_REPAIRED)]
    if faults.empty:
        return areas, []
    before = areas.geometry.to_numpy()
    after = _coverage_clean(before, gap_width=metres, snapping_distance=metres)
    vanished = areas.index[shapely.is_empty(after)]
    if len(vanished):
        raise InputError(f"{vanished[0]} would vanish when snapped by {metres:g} m; snap by less")
    if not shapely.coverage_is_valid(after):
        raise InputError(
            f"the layer does not tile even when snapped by {metres:g} m; snap by more, or repair "
            "the file"
        )
    kinds = faults["kind"].value_counts(sort=False)
    counts = ", ".join(f"{kind} {number}" for kind, number in kinds.items())
    lines = [f"snapped by {metres:g} m: {counts}", *_changes(areas, after)]
    return areas.set_geometry(gpd.GeoSeries(after, index=areas.index, crs=areas.crs)), lines


def snapped(layer: Layer, metres: float) -> Layer:
    """Repair a layer with `snap` and record the changes in its metadata.

    Parameters
    ----------
    layer
        The layer.
    metres
        As for `snap`.

    Returns
    -------
    The repaired layer.

    Raises
    ------
    InputError
        As for `snap`.
    """
    areas, lines = snap(layer.areas, metres)
    changes = [*layer.changes, *lines]
    return Layer(replace(layer.metadata, note="; ".join(changes)[:NOTE_LENGTH]), areas, changes)


def _changes(areas: gpd.GeoDataFrame, after: NDArray[np.object_]) -> list[str]:
    size = shapely.area(areas.geometry.to_numpy())
    change = shapely.area(after) - size
    return [
        f"{code}: area {more:+.4f} m² ({more / old * 100:+.4f} %)"
        for code, more, old in zip(areas.index, change, size, strict=True)
        if abs(more) >= _UNCHANGED_M2
    ]


def _refuse_unrepairable(findings: gpd.GeoDataFrame, metres: float) -> None:
    for kind, advice in (
        ("invalid ring", "repair the polygons first, with --repair"),
        ("duplicate code", "give each area its own code first"),
    ):
        faults = findings[findings["kind"] == kind]
        if len(faults):
            raise InputError(f"{faults['detail'].iloc[0]}; {advice}")
    wide = findings[(findings["kind"] == "overlap") & (findings["width_m"] > metres)]
    if len(wide):
        # Which of two areas a wide strip belongs to is no matter of rounding.
        widest = wide.sort_values("width_m", ascending=False, kind="stable").iloc[0]
        raise InputError(
            f"{widest['detail']} by about {widest['width_m']:.3g} m at {widest['x']:.0f}, "
            f"{widest['y']:.0f}: more than {metres:g} m; decide which area it belongs to and "
            "redraw it"
        )
