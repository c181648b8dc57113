"""Sites chosen from candidates, to cover the most demand or to need the least travel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from geo.allocation.solver import Model, Solution, Status, solve
from geo.errors import InputError

Floats = NDArray[np.float64]

SECONDS = 30.0


@dataclass(frozen=True)
class Sites:
    """The chosen sites.

    Attributes
    ----------
    chosen
        Their positions, ascending.
    value
        Demand covered, or weighted distance.
    bound
        No choice covers more, or is nearer.
    optimal
        Whether the choice is proven to be best.
    """

    chosen: tuple[int, ...]
    value: float
    bound: float
    optimal: bool


def maximal_covering(
    demand: ArrayLike, reach: ArrayLike, *, sites: int, seconds: float = SECONDS
) -> Sites:
    """Choose sites so that as much demand as possible lies in reach of one.

    Parameters
    ----------
    demand
        n numbers of at least 0.
    reach
        n × m truth values: whether the demand i is in reach of the site j.
    sites
        The number of the m sites to choose.
    seconds
        How long the solver may work, in seconds of a processor.

    Returns
    -------
    The sites, the demand they cover, and a bound.

    Raises
    ------
    InputError
        If there are fewer sites to choose from, or no choice was found in time.

    Source: Church & ReVelle 1974.
    """
    weight, within = np.asarray(demand, float), np.asarray(reach, bool)
    n, m = within.shape
    _check_sites(sites, m)
    # Columns: the demands covered, which are whole by themselves once the sites are, and the sites.
    covered = scipy.sparse.hstack(
        [scipy.sparse.eye_array(n), -scipy.sparse.csc_array(within.astype(float))], format="csc"
    )
    count = scipy.sparse.csc_array(np.append(np.zeros(n), np.ones(m))[None, :])
    model = Model(
        np.append(-weight, np.zeros(m)),
        scipy.sparse.vstack([covered, count], format="csc"),
        np.append(np.full(n, -np.inf), sites),
        np.append(np.zeros(n), sites),
        whole=np.append(np.zeros(n, bool), np.ones(m, bool)),
    )
    answer = _solved(model, seconds)
    chosen = np.flatnonzero(answer.x[n:] > 0.5)
    value = float(weight[within[:, chosen].any(axis=1)].sum())
    return Sites(tuple(chosen.tolist()), value, -answer.bound, answer.status == Status.OPTIMAL)


def p_median(
    weights: ArrayLike, distances: ArrayLike, *, sites: int, seconds: float = SECONDS
) -> Sites:
    """Choose sites so that the weighted distance to the nearest one is least.

    Parameters
    ----------
    weights
        n numbers of at least 0.
    distances
        n × m, in any unit.
    sites
        The number of the m sites to choose.
    seconds
        How long the solver may work, in seconds of a processor.

    Returns
    -------
    The sites, the weighted distance to them, and a bound.

    Raises
    ------
    InputError
        If there are fewer sites to choose from, or no choice was found in time.

    Source: ReVelle & Swain 1970.
    """
    way = np.asarray(distances, float)
    n, m = way.shape
    _check_sites(sites, m)
    cost = (np.asarray(weights, float)[:, None] * way).ravel()
    # Columns: n × m shares of a demand that go to a site, and the m sites. Rows: each demand is
    # served once, only by chosen sites, and the number of sites.
    served = scipy.sparse.kron(scipy.sparse.eye_array(n), np.ones((1, m)))
    opened = scipy.sparse.kron(np.ones((n, 1)), scipy.sparse.eye_array(m))
    matrix = scipy.sparse.block_array(
        [
            [served, None],
            [scipy.sparse.eye_array(n * m), -opened],
            [None, scipy.sparse.csc_array(np.ones((1, m)))],
        ],
        format="csc",
    )
    model = Model(
        np.append(cost, np.zeros(m)),
        matrix,
        np.concatenate([np.ones(n), np.full(n * m, -np.inf), [sites]]),
        np.concatenate([np.ones(n), np.zeros(n * m), [sites]]),
        whole=np.append(np.zeros(n * m, bool), np.ones(m, bool)),
    )
    answer = _solved(model, seconds)
    chosen = np.flatnonzero(answer.x[n * m :] > 0.5)
    value = float((np.asarray(weights, float) * way[:, chosen].min(axis=1)).sum())
    return Sites(tuple(chosen.tolist()), value, answer.bound, answer.status == Status.OPTIMAL)


def _check_sites(sites: int, candidates: int) -> None:
    if not 1 <= sites <= candidates:
        raise InputError(
            f"{sites} sites cannot be chosen from {candidates}; choose 1 to {candidates}"
        )


def _solved(model: Model, seconds: float) -> Solution:
    answer = solve(model, effort=seconds)
    if not answer.has_answer:
        raise InputError(
            f"no choice was found in {seconds:g} seconds of computing; allow more time"
        )
    return answer
