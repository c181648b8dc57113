"""Places chosen out of candidates: as much demand covered, or as short a way, as possible."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import block_array, csc_array, eye_array, hstack, kron, vstack

from geo.allocation.solver import Model, Solution, Status, solve
from geo.errors import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sites:
    """Chosen places.

    Attributes
    ----------
    chosen
        Positions of the places, ascending.
    value
        Demand covered, or weighted distance.
    bound
        No choice covers more, or is nearer.
    optimal
        Whether the choice is proven best.
    """

    chosen: tuple[int, ...]
    value: float
    bound: float
    optimal: bool


def maximal_covering(
    demand: ArrayLike, reach: ArrayLike, *, sites: int, seconds: float = 30.0
) -> Sites:
    """Choose sites so that as much demand as possible lies in reach of one.

    Parameters
    ----------
    demand
        n numbers of at least 0.
    reach
        n × m truth values: whether the demand i is in reach of the site j.
    sites
        How many of the m sites are chosen.

    Raises
    ------
    InputError
        If there are fewer sites to choose from.

    Source: Church & ReVelle 1974.
    """
    weight, within = np.asarray(demand, float), np.asarray(reach, bool)
    n, m = within.shape
    _check_sites(sites, m)
    # Columns: the demand covered, which needs no whole numbers, and the sites.
    covered = hstack([eye_array(n), -csc_array(within.astype(float))], format="csc")
    count = csc_array(np.append(np.zeros(n), np.ones(m))[None, :])
    model = Model(
        np.append(-weight, np.zeros(m)),
        vstack([covered, count], format="csc"),
        np.append(np.full(n, -np.inf), sites),
        np.append(np.zeros(n), sites),
        whole=np.append(np.zeros(n, bool), np.ones(m, bool)),
    )
    answer = _solved(model, seconds)
    chosen = np.flatnonzero(answer.x[n:] > 0.5)
    value = float(weight[within[:, chosen].any(axis=1)].sum())
    return Sites(_positions(chosen), value, -answer.bound, answer.status == Status.OPTIMAL)


def p_median(
    weights: ArrayLike, distances: ArrayLike, *, sites: int, seconds: float = 30.0
) -> Sites:
    """Choose sites so that the weighted distance to the nearest one is least.

    Parameters
    ----------
    weights
        n numbers of at least 0.
    distances
        n × m, in any unit.
    sites
        How many of the m sites are chosen.

    Raises
    ------
    InputError
        If there are fewer sites to choose from.

    Source: ReVelle & Swain 1970.
    """
    way = np.asarray(distances, float)
    n, m = way.shape
    _check_sites(sites, m)
    cost = (np.asarray(weights, float)[:, None] * way).ravel()
    # Columns: n × m shares of a demand that go to a site, and the m sites.
    each = kron(eye_array(n), np.ones((1, m)))
    opened = kron(np.ones((n, 1)), eye_array(m))
    matrix = block_array(
        [[each, None], [eye_array(n * m), -opened], [None, csc_array(np.ones((1, m)))]],
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
    return Sites(_positions(chosen), value, answer.bound, answer.status == Status.OPTIMAL)


def _check_sites(sites: int, there: int) -> None:
    if not 1 <= sites <= there:
        raise InputError(f"{sites} sites cannot be chosen out of {there}")


def _solved(model: Model, seconds: float) -> Solution:
    answer = solve(model, seconds=seconds)
    if not answer.has_answer:
        raise InputError(f"no choice was found within {seconds:g} s; allow more time")
    return answer


def _positions(chosen: NDArray[np.int64]) -> tuple[int, ...]:
    return tuple(int(one) for one in chosen)
