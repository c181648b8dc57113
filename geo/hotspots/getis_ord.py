"""Hot and cold spots: Getis-Ord Gi*, with an exact tail beside it.

Gi*'s normal p values are wrong on sparse counts, which is what wards have: on random surfaces
of 0.3 incidents a cell four in five show a "significant" cell even after correction. So a cell
is called hot or cold only when Gi* and the exact tail of its neighbourhood's sum agree.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from geo.statistics import benjamini_hochberg, binomial_two_sided, normal_two_sided

CLASSES = ("hot_99", "hot_95", "none", "cold_95", "cold_99", "undefined")
"""Classes of a cell: the number is 100 × (1 − false discovery rate)."""


def gi_star(values: ArrayLike, neighbours: csr_array) -> NDArray[np.float64]:
    """Getis-Ord Gi* as z, with binary weights.

    Parameters
    ----------
    values
        One number for each of n cells, zeros included.
    neighbours
        n × n matrix of 0 and 1, with ones on its diagonal: a cell is its own neighbour.

    Returns
    -------
    z of each cell, NaN where it is undefined: all values equal, or every cell a neighbour.

    Source: Ord & Getis 1995, equation 14.
    """
    x = np.asarray(values, float)
    n = len(x)
    mean = x.mean() if n else 0.0
    spread = np.sqrt(max(float((x * x).mean() - mean * mean), 0.0)) if n else 0.0
    count = np.asarray(neighbours.sum(axis=1), float).ravel()
    # With weights of 0 and 1 the sum of squared weights is the sum of weights.
    variance = (n * count - count * count) / max(n - 1, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (neighbours @ x - mean * count) / (spread * np.sqrt(variance))
    # Rounding leaves a spread of about 1e-8 of the mean on values that are all equal.
    undefined = (spread <= 1e-7 * abs(mean)) | (variance <= 0)
    return np.where(undefined, np.nan, z)


def neighbourhood_tail(
    counts: ArrayLike, neighbours: csr_array, inside_area: ArrayLike
) -> NDArray[np.float64]:
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
    """
    n, area = np.asarray(counts, float), np.asarray(inside_area, float)
    share = (neighbours @ area) / area.sum()
    return binomial_two_sided(neighbours @ n, int(n.sum()), share)


def hotspots(counts: ArrayLike, neighbours: csr_array, inside_area: ArrayLike) -> pd.DataFrame:
    """Class every cell of a masked study area, zero counts included.

    Parameters
    ----------
    counts, neighbours, inside_area
        As in `neighbourhood_tail`; `neighbours` with ones on its diagonal.

    Returns
    -------
    One row a cell, in the order given: `n`, `z`, `p`, `q` (Gi* and its Benjamini–Hochberg q),
    `p_count`, `q_count` (the exact tail and its q), `class` (one of `CLASSES`).
    """
    n = np.asarray(counts)
    z = gi_star(n, neighbours)
    p = normal_two_sided(z)
    p_count = np.where(np.isnan(z), np.nan, neighbourhood_tail(n, neighbours, inside_area))
    q, q_count = benjamini_hochberg(p), benjamini_hochberg(p_count)
    area = np.asarray(inside_area, float)
    surplus = neighbours @ n - n.sum() * (neighbours @ area) / area.sum()
    # Both tests must point the same way: at the city's edge, where cells are cut, they can differ.
    rate = np.where(np.sign(z) == np.sign(surplus), np.maximum(q, q_count), 1.0)
    called = np.full(len(n), "none", dtype=object)
    for level in (95, 99):
        significant = rate <= 1 - level / 100 + 1e-12
        called[significant & (z > 0)] = f"hot_{level}"
        called[significant & (z < 0)] = f"cold_{level}"
    called[np.isnan(z)] = "undefined"
    return pd.DataFrame(
        {"n": n, "z": z, "p": p, "q": q, "p_count": p_count, "q_count": q_count, "class": called}
    )
