"""Repair a layer so that its areas tile: only faults narrower than was asked for, and told."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import shapely

from boundaries.layers.read import Layer
from boundaries.layers.topology import check_layer
from geo.errors import InputError

_UNCHANGED_M2 = 1e-4


def snap(areas: gpd.GeoDataFrame, metres: float) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Close gaps and overlaps up to some metres wide, and give neighbours the same corners.

    Parameters
    ----------
    areas
        Valid polygons by code, in metres.
    metres
        Corners that lie nearer to each other become one; narrower gaps and overlaps go to the
        neighbour with the longest edge.

    Returns
    -------
    The mended layer, and lines that say what was changed: first how many faults there were, then
    each area that changed by a square centimetre or more.

    Raises
    ------
    InputError
        If the width is not above nought, rings are invalid, an overlap is wider than may be
        mended, an area would vanish, or the layer does not tile even then.
    """
    if not 0 < metres <= 100:
        raise InputError(f"--snap mends from above 0 to 100 metres, and not {metres:g}")
    findings = check_layer(areas, sliver_m=metres)
    _refuse_unmendable(findings, metres)
    faults = findings[findings["kind"].isin(["overlap", "gap", "sliver", "mismatched edge"])]
    if faults.empty:
        return areas, []
    before = areas.geometry.to_numpy()
    after = shapely.coverage_clean(before, gap_width=metres, snapping_distance=metres)
    vanished = areas.index[shapely.is_empty(after)]
    if len(vanished):
        raise InputError(f"{vanished[0]} would vanish when snapped by {metres:g} m; snap by less")
    if not shapely.coverage_is_valid(after):
        raise InputError(f"the layer does not tile even when snapped by {metres:g} m")
    kinds = faults["kind"].value_counts(sort=False)
    told = ", ".join(f"{kind} {number}" for kind, number in kinds.items())
    lines = [f"snapped by {metres:g} m: {told}"]
    change = shapely.area(after) - shapely.area(before)
    for position in np.flatnonzero(np.abs(change) >= _UNCHANGED_M2):
        share = change[position] / shapely.area(before[position]) * 100
        code = areas.index[position]
        lines.append(f"{code}: area {change[position]:+.4f} m² ({share:+.4f} %)")
    return areas.set_geometry(gpd.GeoSeries(after, index=areas.index, crs=areas.crs)), lines


def snapped(layer: Layer, metres: float) -> Layer:
    """A layer mended by `snap`, with what was changed in its metadata."""
    areas, lines = snap(layer.areas, metres)
    changes = [*layer.changes, *lines]
    return Layer(replace(layer.metadata, note="; ".join(changes)[:2000]), areas, changes)


def _refuse_unmendable(findings: gpd.GeoDataFrame, metres: float) -> None:
    for kind, advice in (
        ("invalid ring", "mend the rings first, with --repair"),
        ("duplicate code", "give each area a code of its own first"),
    ):
        found = findings[findings["kind"] == kind]
        if len(found):
            raise InputError(f"{found['detail'].iloc[0]}; {advice}")
    wide = findings[(findings["kind"] == "overlap") & (findings["width_m"] > metres)]
    if len(wide):
        worst = wide.sort_values("width_m", ascending=False).iloc[0]
        raise InputError(
            f"{worst['detail']} by about {worst['width_m']:.3g} m at {worst['x']:.0f}, "
            f"{worst['y']:.0f}: more than {metres:g} m, so a person must decide whose it is"
        )
