"""Hot and cold spots against a baseline: what a cell's count is held against.

A baseline says how incidents would be spread if nothing made one place worse than another: over
the land, over a source's snap points, over residents, over premises, or as all other incidents
are. The count of a cell's neighbourhood (the cell and those that touch it), given the total, is
then binomial with the neighbourhood's share of the baseline as its chance.

Getis-Ord Gi* stays beside it as `z`, `p` and `q`: it has no baseline but the mean of all cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import scipy
from numpy.typing import ArrayLike, NDArray

from geo.errors import InputError
from geo.hotspots import getis_ord
from geo.statistics import (
    benjamini_hochberg,
    binomial_two_sided,
    hypergeometric_two_sided,
    overdispersed_two_sided,
)

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FALSE_DISCOVERY_RATE: Final = 0.05
"""Of the cells that are called hot or cold, the share that may be false alarms."""

LEVELS: Final = ((FALSE_DISCOVERY_RATE, "95"), (0.01, "99"))
"""False discovery rates of the classes, the stricter one last: it replaces the other."""


@dataclass(frozen=True)
class Baseline:
    """How much of a baseline lies in each of n cells.

    Attributes
    ----------
    amounts
        n numbers of at least 0, in any one unit: square metres, points, residents, incidents.
    labels
        Whether the amounts are all incidents, of which those that are tested are some. The test is
        then how they are labelled (hypergeometric): a baseline of few incidents varies itself.
    """

    amounts: Floats
    labels: bool = False

    def __post_init__(self) -> None:
        """Refuse amounts that are no amounts."""
        if not (np.isfinite(self.amounts).all() and (self.amounts >= 0).all()):
            raise InputError("a baseline needs a number of at least 0 for each cell")

    @property
    def shares(self) -> Floats:
        """The share of each cell, which add up to 1; all 0 where there is no baseline at all."""
        total = self.amounts.sum()
        return self.amounts / total if total > 0 else np.zeros(len(self.amounts))

    @classmethod
    def mixed(cls, parts: Sequence[tuple[Baseline, float]]) -> Baseline:
        """The baseline of incidents of several sources: expected counts add.

        Parameters
        ----------
        parts
            The baseline of each source and its total of incidents.

        Returns
        -------
        The incidents that are to be expected in each cell. Their sum in a neighbourhood is
        Poisson-binomial, which is never more spread than the binomial of the same mean and number
        (Hoeffding 1956): a binomial tail of it errs on the side of caution.
        """
        if len(parts) == 1:
            return parts[0][0]
        return cls(np.sum([baseline.shares * total for baseline, total in parts], axis=0))


def hotspots(
    counts: ArrayLike,
    neighbours: scipy.sparse.csr_array,
    baseline: Baseline,
    *,
    ids: Sequence[str],
    tested: ArrayLike | None = None,
    weighted: ArrayLike | None = None,
    dispersion: float = 1.0,
    gi: bool = False,
) -> pd.DataFrame:
    """Class every cell of a masked study area, zero counts included.

    Parameters
    ----------
    counts
        Incidents in each of n cells, whole numbers.
    neighbours
        n × n matrix of 0 and 1 that stores its ones alone, with ones on its diagonal.
    baseline
        Of the n cells.
    ids
        The id of each cell; those of hotspots are made of them.
    tested
        Of the counts those that are evidence: incidents of one series count once. The counts
        themselves where not given.
    weighted
        The harm of each cell's incidents: Gi* is then of the harm. The tail is of the counts, so
        that one grave incident alone makes no hotspot.
    dispersion
        Variance over mean of such counts beyond the baseline, at least 1; see
        `geo.hotspots.dispersion`.
    gi
        Whether a cell must also be hot or cold by Gi* (which then decides what is undefined).

    Returns
    -------
    One row for each cell, in the order given: `n`, `baseline` (the cell's share of it), `expected`
    (that share of all incidents that can be judged), `z`, `p`, `q` (Gi* and its
    Benjamini–Hochberg q), `p_count`, `q_count` (the two-sided tail of the neighbourhood, exact
    without a dispersion, and its q), `class` (one of `getis_ord.CLASSES`), `cluster_id` (of joined
    hot cells and of the cells beside them, else '') and `beside`. With harm also the columns of
    `getis_ord.with_harm`.

    A hot cell holds incidents: an empty one in a hot neighbourhood is `beside`. A cell in whose
    neighbourhood there is no baseline is `undefined`, and its incidents are in no expected count.

    Source: Przyborowski & Wilenski 1940 (a Poisson count, given the total, is binomial); Hoeffding
    1956 (mixed sources); Fisher 1935 (labels); `geo.statistics.overdispersed_two_sided`
    (dispersion); Benjamini & Hochberg 1995 (one family of all cells).
    """
    n = np.asarray(counts)
    evidence = n if tested is None else np.asarray(tested)
    judged = neighbours @ baseline.amounts > 0
    p_count, surplus = neighbourhood_tails(evidence, neighbours, baseline, dispersion=dispersion)
    q_count = benjamini_hochberg(p_count)
    frame = getis_ord.statistics(n if weighted is None else weighted, neighbours)
    rate = q_count
    if gi:
        agree = np.sign(frame["z"].to_numpy()) == np.sign(surplus)
        rate = np.where(agree, np.maximum(frame["q"].to_numpy(), q_count), 1.0)
        rate = np.where(frame["z"].isna() | np.isnan(q_count), np.nan, rate)
    classes, beside = _classes(rate, surplus, occupied=n > 0)
    frame.insert(0, "n", n)
    frame.insert(1, "baseline", baseline.shares)
    frame.insert(2, "expected", baseline.shares * n[judged].sum())
    hot = np.char.startswith(classes.astype(str), "hot")
    clusters = cluster_ids(hot, neighbours, n, ids)
    frame = frame.assign(
        p_count=p_count,
        q_count=q_count,
        **{"class": classes},
        cluster_id=_with_beside(clusters, beside, neighbours),
        beside=beside,
    )
    return frame if weighted is None else getis_ord.with_harm(frame, np.asarray(weighted, float))


def neighbourhood_tails(
    counts: ArrayLike,
    neighbours: scipy.sparse.csr_array,
    baseline: Baseline,
    *,
    dispersion: float = 1.0,
) -> tuple[Floats, Floats]:
    """How far the count of each neighbourhood lies from what its baseline leads one to expect.

    Parameters
    ----------
    counts
        Whole numbers of n cells: incidents that are evidence.
    neighbours, baseline, dispersion
        As for `hotspots`.

    Returns
    -------
    The two-sided p of each neighbourhood, exact without a dispersion, NaN where it has no baseline;
    and its count less the expected one.

    Source: as `hotspots`.
    """
    evidence = np.asarray(counts, float)
    amounts = neighbours @ baseline.amounts
    judged = amounts > 0
    around, total = neighbours @ evidence, float(evidence[judged].sum())
    p = np.full(len(evidence), np.nan)
    if total > 0:
        p[judged] = _tail(
            around[judged],
            total,
            neighbourhoods=amounts[judged],
            baseline=baseline,
            dispersion=dispersion,
        )
    return p, around - total * np.minimum(neighbours @ baseline.shares, 1.0)


def _tail(
    around: Floats, total: float, *, neighbourhoods: Floats, baseline: Baseline, dispersion: float
) -> Floats:
    """The two-sided tail of each neighbourhood's count; each distinct one is computed once."""
    amounts, of_amount = np.unique(neighbourhoods, return_inverse=True)
    if 2 * len(amounts) > len(neighbourhoods):
        # Of residents hardly two are the same: to look for more would take as long as the tails.
        return _tails(around, neighbourhoods, total, baseline=baseline, dispersion=dispersion)
    sums, of_sum = np.unique(around, return_inverse=True)
    pairs, of_pair = np.unique(of_amount * len(sums) + of_sum, return_inverse=True)
    amount, count = amounts[pairs // len(sums)], sums[pairs % len(sums)]
    return _tails(count, amount, total, baseline=baseline, dispersion=dispersion)[of_pair]


def _tails(
    count: Floats, amount: Floats, total: float, *, baseline: Baseline, dispersion: float
) -> Floats:
    everything = baseline.amounts.sum()
    share = np.minimum(amount / everything, 1.0)
    if baseline.labels:
        return hypergeometric_two_sided(count, int(total), amount, int(everything))
    if dispersion > 1:
        # Of a large share of the total the rest says nearly all: its variance is smaller.
        spread = np.maximum(dispersion * (1 - share), 1.0)
        return overdispersed_two_sided(count, total * share, spread)
    return binomial_two_sided(count, int(total), share)


def _classes(
    rate: Floats, surplus: Floats, *, occupied: Bools
) -> tuple[NDArray[np.object_], Bools]:
    """The class of each cell, and whether it is empty in a hot neighbourhood."""
    classes = np.full(len(rate), "none", dtype=object)
    beside = np.zeros(len(rate), dtype=bool)
    for level, name in LEVELS:
        # Rounding may leave a q a hair above its level.
        clear = rate <= level + 1e-12
        classes[clear & (surplus > 0) & occupied] = f"hot_{name}"
        classes[clear & (surplus < 0)] = f"cold_{name}"
        beside |= clear & (surplus > 0) & ~occupied
    classes[np.isnan(rate)] = "undefined"
    return classes, beside


def cluster_ids(
    hot: Bools, neighbours: scipy.sparse.csr_array, counts: ArrayLike, ids: Sequence[str]
) -> NDArray[np.object_]:
    """The id of the hotspot that each hot cell belongs to: joined hot cells are one.

    Parameters
    ----------
    hot
        n flags.
    neighbours
        n × n matrix of 0 and 1.
    counts
        Incidents in each cell.
    ids
        The id of each cell.

    Returns
    -------
    `c-` and the id of the hotspot's cell with the most incidents, of equals the first; '' where a
    cell is not hot.
    """
    names = np.full(len(hot), "", dtype=object)
    cells = np.flatnonzero(hot)
    if not len(cells):
        return names
    _, component = scipy.sparse.csgraph.connected_components(
        neighbours[cells][:, cells], directed=False
    )
    n = np.asarray(counts)[cells]
    # By component, then the busiest first, then in the order of the cells.
    order = np.lexsort([cells, -n, component])
    first = order[np.searchsorted(component[order], np.arange(component.max() + 1))]
    names[cells] = np.array([f"c-{ids[cells[at]]}" for at in first], dtype=object)[component]
    return names


def _with_beside(
    clusters: NDArray[np.object_], beside: Bools, neighbours: scipy.sparse.csr_array
) -> NDArray[np.object_]:
    """The same ids; a cell beside hotspots has the first in the alphabet that it touches."""
    names = clusters.copy()
    for cell in np.flatnonzero(beside):
        around = neighbours.indices[neighbours.indptr[cell] : neighbours.indptr[cell + 1]]
        names[cell] = min((name for name in clusters[around] if name), default="")
    return names
