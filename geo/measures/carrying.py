"""Carries values from the areas of one layer to those of another, with their totals preserved.

Counts, numerators and denominators are carried: whole areas by best fit where the old ones are much
smaller, else by surface, as if they were spread evenly. Rates, shares and means are made anew of
carried numerators and denominators, of which a mean needs the latter alone; without these they
stand only where old and new area are the same. What is unknown in a part of a new area makes the
whole unknown.

Sources: Office for National Statistics, best-fitting; Goodchild and Lam (1980), areal weighting.
"""

from __future__ import annotations

import hashlib
import threading
import weakref
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy
import shapely
from numpy.typing import NDArray

from geo.areal.best_fit import overlap_shares
from geo.lookup import are_among
from geo.measures.model import VALUE_COLUMNS, Measure, values_frame

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Way = Literal["as published", "same areas", "best fit", "by surface", "not carried"]

WHOLE: Final = 0.99
"""An area lies in another if so much of its surface does: lines drawn twice differ by slivers."""

_SMALLER: Final = 4
"""Old areas are much smaller if there are so many to each new one."""
_MOST: Final = 0.5
"""An old area that lies in no new one by more than this goes to none by best fit."""
_CACHED: Final = 32
_ADJUSTED: Final = 0.02
"""Values that differ by more than this share and their rounding from what their own counts make, in
most areas, were adjusted, for age say."""
_SUMS: Final = ("value", "numerator", "denominator")


@dataclass(frozen=True)
class Overlap:
    """How the n old areas of one layer lie in the m new areas of another.

    Attributes
    ----------
    weights
        Of m × n: how much of each old area's total goes to each new one.
    inside
        Of n: the position of the new area that an old one lies in wholly; −1 for none.
    same
        Of m: the position of the old area that is the same as the new one; −1 for none.
    way
        How totals are shared out.
    """

    weights: scipy.sparse.csr_array
    inside: Ints
    same: Ints
    way: Way


@dataclass(frozen=True)
class Carrying:
    """How values came to the areas that they are shown on.

    Attributes
    ----------
    way
        How they were carried.
    layer_id
        The layer that they are published on.
    estimated_share
        Of the total that was carried, the share from old areas that do not lie wholly in one new
        area; NaN where nothing adds up.
    total, placed, outside, unknown
        Of all known values together: what there was of the areas that touch a new one, what was
        placed, what fell in no new area, and what lies in new areas that are not known in full.
    lost_areas, lost_values
        How many areas the layer no longer has, and how many values of theirs are left out.
    note
        One line for readers; '' where the values are as they were published, all of them.
    """

    way: Way
    layer_id: str
    estimated_share: float = float("nan")
    total: float = float("nan")
    placed: float = float("nan")
    outside: float = float("nan")
    unknown: float = float("nan")
    note: str = ""
    lost_areas: int = 0
    lost_values: int = 0


_lock = threading.Lock()
_overlaps: OrderedDict[tuple[bytes, bytes], Overlap] = OrderedDict()


def overlap_of(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> Overlap:
    """Find how old areas lie in new ones; computed once for two layers of these shapes.

    Parameters
    ----------
    old, new
        n and m valid polygons, in the same CRS in metres.

    Returns
    -------
    Overlap
        By position. Where new areas overlap, each has its own share, and they add up to more.
    """
    key = (_digest(old), _digest(new))
    with _lock:
        known = _overlaps.get(key)
    if known is None:
        known = _overlap(old, new)
        with _lock:
            _overlaps[key] = known
            while len(_overlaps) > _CACHED:
                _overlaps.popitem(last=False)
    return known


def carry_values(
    values: pd.DataFrame,
    measure: Measure,
    old: gpd.GeoDataFrame,
    new: gpd.GeoDataFrame,
    *,
    target: str,
) -> tuple[pd.DataFrame, Carrying]:
    """Carry the values of a measure from the areas of its layer to others.

    Parameters
    ----------
    values
        Of this measure, with `VALUE_COLUMNS`; any periods.
    measure
        What is measured.
    old, new
        Its layer, and the layer to carry to: n and m areas indexed by code, in metres.
    target
        The id of the new layer, for the note.

    Returns
    -------
    values, carrying
        m rows for each period, with `VALUE_COLUMNS`, and how they were made. Values of areas that
        the layer no longer has are left out, and counted.
    """
    stands = are_among(values["area_code"], old.index.astype(str))
    lost, values = values[~stands], values[stands]
    overlap, adjusted = overlap_of(old, new), is_adjusted(values, measure)
    values = values if adjusted else _with_sums(values, measure)
    spans = (
        values[["first_day", "last_day"]].drop_duplicates().sort_values("first_day", kind="stable")
    )
    parts = [
        _carried(
            part.set_index("area_code").reindex(old.index.astype(str)),
            measure,
            overlap,
            adjusted=adjusted,
        )
        for part in (
            values[(values["first_day"] == first) & (values["last_day"] == last)]
            for first, last in spans.itertuples(index=False, name=None)
        )
    ]
    frames = [
        frame.assign(
            measure_id=measure.measure_id,
            area_code=new.index.astype(str),
            first_day=first,
            last_day=last,
        )
        for (frame, _), (first, last) in zip(
            parts, spans.itertuples(index=False, name=None), strict=True
        )
    ]
    amounts = np.sum([own for _, own in parts], axis=0) if parts else np.zeros(5)
    carried = values_frame(pd.concat(frames)) if frames else values[:0]
    lacks = _what_lacks(values, adjusted=adjusted)
    carrying = _carrying(carried, measure, overlap, amounts, target=target, lacks=lacks)
    return carried, without_areas(carrying, areas=lost["area_code"].nunique(), values=len(lost))


def without_areas(carrying: Carrying, *, areas: int, values: int) -> Carrying:
    """Tell of values that were left out, as their layer no longer has their areas.

    Parameters
    ----------
    carrying
        How the other values came to the areas that they are shown on.
    areas, values
        How many areas the layer no longer has, and how many values of theirs there are.

    Returns
    -------
    The same, with the numbers and a note of them.
    """
    if not values:
        return carrying
    what = f"{values:,} value{'' if values == 1 else 's'}"
    whose = "1 area" if areas == 1 else f"{areas:,} areas"
    lost = f"{what} of {whose} that {carrying.layer_id} no longer has left out"
    note = "; ".join(part for part in (carrying.note, lost) if part)
    return replace(carrying, note=note, lost_areas=areas, lost_values=values)


def _what_lacks(values: pd.DataFrame, *, adjusted: bool) -> str:
    """What a rate, share or mean was published with or without, so that it cannot be made anew."""
    if adjusted:
        return "with values that are no ratio of their counts, as if adjusted for age"
    has_sizes = bool((values["denominator"] > 0).any())
    return "without numerators" if has_sizes else "without denominators"


def _with_sums(values: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    """Values with the numerators that means imply: each is its sum over its denominator."""
    if measure.kind != "mean":
        return values
    implied = values["value"] * values["denominator"] / measure.multiplier
    return values.assign(numerator=values["numerator"].fillna(implied))


def is_adjusted(values: pd.DataFrame, measure: Measure) -> bool:
    """Whether values of a rate, share or mean are not what their counts make.

    Parameters
    ----------
    values
        With `VALUE_COLUMNS`, as they were published.
    measure
        What is measured.

    Returns
    -------
    False of what adds up.
    """
    if measure.adds_up:
        return False
    made = measure.multiplier * values["numerator"] / values["denominator"]
    published = values["value"]
    decimals = next(
        (n for n in range(4) if (published.dropna().round(n) == published.dropna()).all()), 4
    )
    apart = ((published - made).abs() - 0.5 * 10.0**-decimals) / made.where(made > 0)
    return bool(apart.median() > _ADJUSTED)


def _carried(
    old: pd.DataFrame, measure: Measure, overlap: Overlap, *, adjusted: bool
) -> tuple[pd.DataFrame, Floats]:
    """The values of one period on the new areas, and the amounts that were shared out."""
    # Of counts that are not what a value was made of no value can be made.
    known = old.assign(numerator=np.nan, denominator=np.nan) if adjusted else old
    sums = {name: _shared(known[name].to_numpy(float), overlap) for name in _SUMS}
    if measure.adds_up:
        value, amounts = sums["value"], _amounts(old["value"].to_numpy(float), overlap)
    else:
        denominator = np.where(sums["denominator"] > 0, sums["denominator"], np.nan)
        value = measure.multiplier * sums["numerator"] / denominator
        amounts = _amounts(known["numerator"].to_numpy(float), overlap)
    frame = pd.DataFrame({**sums, "value": value}).reindex(columns=list(VALUE_COLUMNS))
    # Where it is the same area, what was published stands, with its limits and its note.
    same = overlap.same >= 0
    for name in (*_SUMS, "lower", "upper", "note"):
        published = old[name].to_numpy(object)[overlap.same[same]]
        frame[name] = frame[name].astype(object)
        frame.loc[same, name] = published
    return frame, amounts


def _shared(amounts: Floats, overlap: Overlap) -> Floats:
    """Amounts of old areas on the new ones; NaN where a part is unknown, or nothing is known."""
    unknown = np.isnan(amounts)
    shared: Floats = overlap.weights @ np.where(unknown, 0.0, amounts)
    matters = overlap.weights.copy()
    # A sliver of a neighbour makes nothing unknown.
    matters.data = (matters.data > 1 - WHOLE).astype(float)
    lacks = (matters @ unknown.astype(float)) > 0
    known = (matters @ (~unknown).astype(float)) > 0
    return np.where(lacks | ~known, np.nan, shared)


def _amounts(amounts: Floats, overlap: Overlap) -> Floats:
    """What there was, was placed, fell outside, lies where not all is known, and is estimated."""
    known = np.nan_to_num(amounts)
    share = np.minimum(overlap.weights.sum(axis=0), 1.0)
    # Of old areas far away nothing was to be carried.
    touching = share > 0
    total = known[touching].sum()
    outside = (known * (1 - share))[touching].sum()
    shown = ~np.isnan(_shared(amounts, overlap))
    placed = (overlap.weights @ known)[shown].sum()
    estimated = known[touching & (overlap.inside < 0)].sum()
    return np.array([total, placed, outside, total - placed - outside, estimated])


def _carrying(
    carried: pd.DataFrame,
    measure: Measure,
    overlap: Overlap,
    amounts: Floats,
    *,
    target: str,
    lacks: str,
) -> Carrying:
    total, placed, outside, unknown, estimated = map(float, _without_rounding(amounts))
    own = measure.layer_id
    if (overlap.same >= 0).all():
        return Carrying("same areas", own, 0.0, total, placed, outside, unknown)
    missing = carried.groupby("area_code")["value"].apply(lambda column: column.isna().all())
    if not measure.adds_up and missing.any() and not total:
        shown = int((~missing).sum())
        same = "1 area that is" if shown == 1 else f"{shown:,} areas that are"
        some = f" but on the {same} the same" if shown else ""
        note = f"published on {own} {lacks}; cannot be shown on {target}{some}"
        return Carrying("not carried", own, note=note)
    share = estimated / total if total else float("nan")
    return Carrying(
        overlap.way, own, share, total, placed, outside, unknown,
        _note(own, overlap, share, outside=outside / total if total else 0.0),
    )  # fmt: skip


def _note(layer_id: str, overlap: Overlap, share: float, *, outside: float) -> str:
    if overlap.way == "best fit":
        way, crossing = f"carried from {layer_id} by best fit of whole areas", "straddle several"
    else:
        way = f"carried from {layer_id} by surface, as if spread evenly over its areas"
        crossing = "were cut"
    parts = [way]
    if share > 0:
        parts.append(f"{_per_cent(share)} of the total lies in areas that {crossing}")
    if outside > 0:
        parts.append(f"{_per_cent(outside)} of it lies outside")
    return "; ".join(parts)


def _per_cent(share: float) -> str:
    return "less than 1 %" if share < 0.01 else f"{share:.0%}".replace("%", " %")


def _without_rounding(amounts: Floats) -> Floats:
    """The remainder of a complete sharing is rounding, and nobody's."""
    return np.where(np.abs(amounts) > 1e-9 * np.abs(amounts).max(initial=0), amounts, 0.0)


def _overlap(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> Overlap:
    n, m = len(old), len(new)
    numbered = [
        gpd.GeoDataFrame(geometry=frame.geometry.to_numpy(), index=range(len(frame)), crs=frame.crs)
        for frame in (old, new)
    ]
    pairs = overlap_shares(*numbered)
    at, to = pairs["block_code"].to_numpy(int), pairs["area_code"].to_numpy(int)
    share = pairs["share"].to_numpy(float)
    of_new = pairs["area_m2"].to_numpy(float) / shapely.area(new.geometry.to_numpy())[to]
    inside, same = np.full(n, -1), np.full(m, -1)
    lies_in = share >= WHOLE
    inside[at[lies_in]] = to[lies_in]
    alike = lies_in & (of_new >= WHOLE)
    same[to[alike]] = at[alike]
    covered = np.bincount(at, share, minlength=n)
    # The largest share of each old area comes first.
    fits = np.append(True, at[1:] != at[:-1])[: len(at)] & (covered[at] > _MOST)
    if fits.sum() >= _SMALLER * m and len(np.unique(to[fits])) == m:
        weights = scipy.sparse.csr_array((np.ones(int(fits.sum())), (to[fits], at[fits])), (m, n))
        return Overlap(weights, inside, same, "best fit")
    # What lies wholly in one area leaves no sliver to its neighbours, and a sliver is no share.
    shared = (covered[at] > 1 - WHOLE) & ((inside[at] < 0) | (inside[at] == to))
    whole = np.where((covered >= WHOLE) & (covered <= 2 - WHOLE), covered, 1.0)
    weight = np.where(inside[at] == to, 1.0, share / whole[at])
    weights = scipy.sparse.csr_array((weight[shared], (to[shared], at[shared])), (m, n))
    return Overlap(weights, inside, same, "by surface")


_digests: dict[int, tuple[weakref.ref[gpd.GeoDataFrame], bytes]] = {}


def _digest(areas: gpd.GeoDataFrame) -> bytes:
    """A hash of the shapes of a layer, computed once for each frame; frames are not changed."""
    own = id(areas)
    known = _digests.get(own)
    if known is not None and known[0]() is areas:
        return known[1]
    digest = hashlib.blake2b(digest_size=16)
    for shape in shapely.to_wkb(areas.geometry.to_numpy()):
        digest.update(shape)
    # The number of a frame that is gone may be given to another one.
    gone = weakref.ref(areas, lambda _: _digests.pop(own, None))
    _digests[own] = (gone, digest.digest())
    return digest.digest()
