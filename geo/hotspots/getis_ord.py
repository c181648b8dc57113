"""Hot and cold spots: Getis-Ord Gi*, checked by an exact tail.

Gi*'s normal p values are wrong on sparse counts, which is what wards have: on random surfaces
of 0.3 incidents a cell four in five show a "significant" cell even after correction. So a cell
is called hot or cold only when Gi* and the exact tail of its neighbourhood's sum agree.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy
from numpy.typing import ArrayLike, NDArray

from geo.errors import InputError
from geo.statistics import benjamini_hochberg, binomial_two_sided, normal_two_sided

CLASSES = ("hot_99", "hot_95", "none", "cold_95", "cold_99", "undefined")
"""Classes of a cell: the number is 100 × (1 − false discovery rate)."""

TOP = 20
"""As many places as a force can task at a time: a rank flips where harm changes this list."""

MOST_SUM = 1_000_000
"""The largest sum of neighbours whose permutations are counted: it bounds the memory."""

Floats = NDArray[np.float64]


def gi_star(values: ArrayLike, neighbours: scipy.sparse.csr_array) -> Floats:
    """Getis-Ord Gi* as z, with binary weights.

    Parameters
    ----------
    values
        One number for each of n cells, zeros included.
    neighbours
        n × n matrix of 0 and 1 that stores its ones alone, with ones on its diagonal: a cell is
        its own neighbour.

    Returns
    -------
    z of each cell, NaN where it is undefined: all values equal, or every cell a neighbour.

    Source: Ord & Getis 1995, equation 14.
    """
    x = np.asarray(values, float)
    count = _row_counts(neighbours)
    return _standardised(neighbours @ x, count, x.sum(), (x * x).sum(), n=len(x))


def gi(values: ArrayLike, neighbours: scipy.sparse.csr_array) -> Floats:
    """Getis-Ord Gi as z: as `gi_star`, but of the neighbours alone, among all other cells.

    Parameters
    ----------
    values, neighbours
        As in `gi_star`; the ones on the diagonal are taken off here.

    Returns
    -------
    z of each cell, NaN where it is undefined.

    Source: Ord & Getis 1995, equation 7.
    """
    x = np.asarray(values, float)
    count = _row_counts(neighbours) - 1
    others, squares = x.sum() - x, (x * x).sum() - x * x
    return _standardised(neighbours @ x - x, count, others, squares, n=len(x) - 1)


def _row_counts(neighbours: scipy.sparse.csr_array) -> Floats:
    """The number of ones in each row: the matrix stores nothing else."""
    counts: Floats = np.diff(neighbours.indptr).astype(float)
    return counts


def _standardised(
    around: Floats, count: Floats, total: Floats, squares: Floats, *, n: int
) -> Floats:
    """Z of the sum `around` of `count` values, out of `n` of a given total and sum of squares."""
    mean = total / max(n, 1)
    spread = np.sqrt(np.maximum(squares / max(n, 1) - mean * mean, 0.0))
    # With weights of 0 and 1 the sum of squared weights is the sum of weights.
    variance = (n * count - count * count) / max(n - 1, 1)
    # Rounding leaves a spread of about 1e-8 of the mean on values that are all equal.
    defined = (spread > 1e-7 * np.abs(mean)) & (variance > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (around - mean * count) / (spread * np.sqrt(variance))
    return np.where(defined, z, np.nan)


def neighbourhood_tail(
    counts: ArrayLike, neighbours: scipy.sparse.csr_array, inside_area: ArrayLike
) -> Floats:
    """Exact two-sided p of each neighbourhood's sum, given the total.

    If the incidents were spread evenly over the mask, the sum over a cell and its neighbours
    would be binomial: as many draws as there are incidents, with the neighbourhood's share of
    the mask's area as the chance.

    Parameters
    ----------
    counts
        Whole numbers of n cells.
    neighbours
        n × n matrix of 0 and 1 with ones on its diagonal.
    inside_area
        Area of each cell inside the mask, in any one unit.

    Returns
    -------
    p of each cell, at most 1.

    Source: Przyborowski & Wilenski 1940 (a Poisson count, given the total, is binomial).
    """
    n, area = np.asarray(counts, float), np.asarray(inside_area, float)
    share = (neighbours @ area) / area.sum()
    # Most neighbourhoods are whole and their sums small: each distinct tail is computed once.
    shares, of_share = np.unique(share, return_inverse=True)
    sums, of_sum = np.unique(neighbours @ n, return_inverse=True)
    pairs, of_pair = np.unique(of_share * len(sums) + of_sum, return_inverse=True)
    of_share, of_sum = np.divmod(pairs, max(len(sums), 1))
    tails = binomial_two_sided(sums[of_sum], int(n.sum()), shares[of_share])
    return np.asarray(tails[of_pair])


def permutation_p(counts: ArrayLike, neighbours: scipy.sparse.csr_array) -> Floats:
    """Exact two-sided p of Gi* under permutation, as if there were infinitely many permutations.

    A cell keeps its own count, and its neighbours draw theirs from all other cells without
    replacement. Gi* grows with the neighbourhood's sum alone, so p is twice the smaller tail of
    that sum, at most 1. The sum's distribution follows from how many cells have each count: the
    ways to draw j cells that sum to t are the coefficient of yʲzᵗ in Π (1 + y·zᵛ)^cells(v).

    Parameters
    ----------
    counts
        Whole numbers of n cells, none below zero.
    neighbours
        n × n matrix of 0 and 1 with ones on its diagonal; a few ones in each row.

    Returns
    -------
    p of each cell, never 0: at least the chance of exactly the neighbours that were drawn.

    Raises
    ------
    InputError
        If a count is not whole, or so large that the sums are beyond `MOST_SUM`.

    Source: conditional permutation as in Anselin 1995, section 4, carried to its limit.
    """
    x = np.asarray(counts)
    if len(x) == 0:
        return np.zeros(0)
    if (x != np.floor(x)).any() or (x < 0).any():
        raise InputError("the permutation test needs whole counts, not weights")
    x = x.astype(np.int64)
    draws = _row_counts(neighbours).astype(np.int64) - 1
    drawn = (neighbours @ x.astype(float)).astype(np.int64) - x
    if draws.max() * x.max() > MOST_SUM:
        raise InputError(
            f"a cell has {x.max():,} incidents, too many for the permutation test; "
            "use the normal p of Gi*, which is accurate there"
        )
    ways = _ways_to_draw(np.bincount(x), most=int(draws.max()))
    p = np.empty(len(x))
    # Cells with the same count leave the same others to draw from, so they share one distribution.
    order = np.argsort(x, kind="stable")
    for cells in np.split(order, np.flatnonzero(np.diff(x[order])) + 1):
        others = _without_one(ways, int(x[cells[0]]), n=len(x))
        p[cells] = _tails(others, draws[cells], drawn[cells])
    floor = _chance_of_one_draw(len(x) - 1, most=int(draws.max()))
    return np.asarray(np.maximum(p, floor[draws]))


def _ways_to_draw(cells: NDArray[np.int64], *, most: int) -> Floats:
    """Ways to draw j cells that sum to t, for j up to `most`, in units of nʲ ways.

    Parameters
    ----------
    cells
        How many cells have each count.
    """
    n, largest = int(cells.sum()), len(cells) - 1
    ways = np.zeros((most + 1, most * largest + 1))
    ways[0, 0] = 1.0
    for value in np.flatnonzero(cells):
        before, times = ways.copy(), 1.0
        for j in range(1, min(most, int(cells[value])) + 1):
            times *= (cells[value] - j + 1) / (j * n)
            shift = j * value
            ways[j:, shift:] += times * before[:-j, : ways.shape[1] - shift]
    return ways


def _without_one(ways: Floats, value: int, *, n: int) -> Floats:
    """The same ways where one cell of that value is not drawn from."""
    rest = ways.copy()
    for j in range(1, len(rest)):
        rest[j, value:] -= rest[j - 1, : rest.shape[1] - value] / n
    # Rounding can leave a zero slightly negative.
    return np.maximum(rest, 0.0)


def _tails(ways: Floats, draws: NDArray[np.int64], drawn: NDArray[np.int64]) -> Floats:
    at_most = np.cumsum(ways, axis=1)
    at_least = np.cumsum(ways[:, ::-1], axis=1)[:, ::-1]
    smaller = np.minimum(at_most[draws, drawn], at_least[draws, drawn])
    return np.asarray(np.minimum(1.0, 2.0 * smaller / at_most[draws, -1]))


def _chance_of_one_draw(n: int, *, most: int) -> Floats:
    """One over the ways to draw j of n cells, for j up to `most`."""
    j = np.arange(1, most + 1)
    return np.cumprod(np.append(1.0, j / (n - j + 1)))


def statistics(values: ArrayLike, neighbours: scipy.sparse.csr_array) -> pd.DataFrame:
    """Gi* of each cell as `z`, its normal two-sided `p`, and the Benjamini–Hochberg `q` of that.

    Parameters
    ----------
    values, neighbours
        As in `gi_star`.

    Returns
    -------
    A row for each cell; NaN where z is undefined.
    """
    z = gi_star(values, neighbours)
    p = normal_two_sided(z)
    return pd.DataFrame({"z": z, "p": p, "q": benjamini_hochberg(p)})


def hotspots(
    counts: ArrayLike,
    neighbours: scipy.sparse.csr_array,
    inside_area: ArrayLike,
    *,
    weighted: ArrayLike | None = None,
) -> pd.DataFrame:
    """Class every cell of a masked study area, zero counts included.

    Parameters
    ----------
    counts, neighbours, inside_area
        As in `neighbourhood_tail`; `neighbours` with ones on its diagonal.
    weighted
        The harm of each cell's incidents. Gi* is then of the harm; the exact tail is always of
        the counts, so that one grave incident alone makes no hotspot.

    Returns
    -------
    One row for each cell, in the order given: `n`, `z`, `p`, `q` (Gi* and its Benjamini–Hochberg
    q), `p_count`, `q_count` (the exact tail and its q), `class` (one of `CLASSES`). With harm also
    `weighted`, `rank_n` and `rank_weighted` (1 is the most; equals share the better rank), and
    `rank_flips`: whether the cell is surely among the first `TOP` by one of the two and surely
    not by the other, however equals are ordered.

    Source: Ord & Getis 1995 (Gi*); Benjamini & Hochberg 1995 (q).
    """
    n = np.asarray(counts)
    z = gi_star(n if weighted is None else weighted, neighbours)
    p = normal_two_sided(z)
    p_count = np.where(np.isnan(z), np.nan, neighbourhood_tail(n, neighbours, inside_area))
    q, q_count = benjamini_hochberg(p), benjamini_hochberg(p_count)
    area = np.asarray(inside_area, float)
    surplus = neighbours @ n - n.sum() * (neighbours @ area) / area.sum()
    # Both tests must agree on the sign: at the edge, where cells are cut, they can differ.
    rate = np.where(np.sign(z) == np.sign(surplus), np.maximum(q, q_count), 1.0)
    classes = np.full(len(n), "none", dtype=object)
    # In this order: 99 % overwrites 95 %.
    for level in (95, 99):
        significant = rate <= 1 - level / 100 + 1e-12
        classes[significant & (z > 0)] = f"hot_{level}"
        classes[significant & (z < 0)] = f"cold_{level}"
    classes[np.isnan(z)] = "undefined"
    frame = pd.DataFrame(
        {"n": n, "z": z, "p": p, "q": q, "p_count": p_count, "q_count": q_count, "class": classes}
    )
    return frame if weighted is None else with_harm(frame, np.asarray(weighted, float))


def with_harm(frame: pd.DataFrame, weighted: Floats) -> pd.DataFrame:
    """Put harm beside the counts of cells, and where it changes the first `TOP` of them.

    Parameters
    ----------
    frame
        With `n` as its first column.
    weighted
        The harm of each cell.

    Returns
    -------
    The frame with `weighted`, `rank_n` and `rank_weighted` (1 is the most; equals share the better
    rank) and `rank_flips`: whether the cell is surely among the first by one of the two and surely
    not by the other, however equals are ordered.
    """
    frame.insert(1, "weighted", weighted)
    best = frame[["n", "weighted"]].rank(ascending=False, method="min").astype(int)
    worst = frame[["n", "weighted"]].rank(ascending=False, method="max")
    within, beyond = worst <= TOP, best > TOP
    flips = (within["n"] & beyond["weighted"]) | (within["weighted"] & beyond["n"])
    return frame.assign(
        rank_n=best["n"], rank_weighted=best["weighted"], rank_flips=flips.to_numpy()
    )
