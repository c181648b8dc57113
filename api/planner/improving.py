"""Improve from here: the search for a better balanced plan, in rounds that a page can stop.

Each round is one request with a seed of its own, so that it can be repeated, and so that nothing
runs on when nobody waits for it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypedDict

from api.query import whole_number
from boundaries.plans.annealing import Alternative, AlternativeLimits, AnnealingProblem, anneal
from boundaries.plans.communities import Communities
from boundaries.plans.draft import Draft
from geo.analyses.analysis import Runner
from geo.errors import QuestionError

TERMS: Final = ("balance", "seed", "steps", "moved", "border", "compactness", "communities")
"""What a request may say of the search: `moved` and `border` in per cent."""

MOST_STEPS: Final = 500_000
"""Most changes that one round tries: some seconds for a city."""

_DEFAULT_STEPS: Final = 100_000


class AlternativePayload(TypedDict):
    """The best plan of a round; see `boundaries.plans.annealing.Alternative`."""

    version: int
    balance: str
    seed: int
    steps: int
    targets: dict[str, str]
    imbalance: tuple[float, float]
    furthest: tuple[float, float]
    cut_edges: tuple[int, int]


@dataclass(frozen=True)
class ImprovingTerms:
    """What is improved, how far the plan may change, and what is drawn by lot.

    Attributes
    ----------
    balance
        The column to balance.
    communities
        The layer whose areas are not to be divided further; '' for none.
    """

    balance: str
    seed: int
    steps: int
    limits: AlternativeLimits
    communities: str

    @classmethod
    def read(cls, query: Mapping[str, str]) -> ImprovingTerms:
        """Read the terms of a request; see `TERMS`.

        Raises
        ------
        QuestionError
            If one is not a number, or out of bounds.
        """
        defaults = AlternativeLimits()
        compactness = query.get("compactness", "")
        return cls(
            balance=query.get("balance") or "electors",
            seed=whole_number(query, "seed", default=0, lowest=0, highest=None),
            steps=whole_number(
                query, "steps", default=_DEFAULT_STEPS, lowest=1, highest=MOST_STEPS
            ),
            limits=AlternativeLimits(
                _number(query, "moved", 100 * defaults.moved_share) / 100,
                _number(query, "border", 100 * defaults.cut_edges_growth) / 100,
                _number(query, "compactness", 0.0) if compactness else None,
            ),
            communities=query.get("communities", ""),
        )


def improve(
    draft: Draft, terms: ImprovingTerms, *, communities: Communities | None, run: Runner
) -> AlternativePayload:
    """Search for a better balanced plan, in one round.

    Parameters
    ----------
    draft
        The plan to start from.
    terms
        What is improved, and how far the plan may change.
    communities
        Those of the layer that the terms name; None for none.
    run
        Runs the search; see `api.searches.Searches`.

    Raises
    ------
    InputError
        If the blocks do not have the column to balance.
    """
    problem = AnnealingProblem.of(
        draft.plan.now,
        draft.blocks,
        column=terms.balance,
        limits=terms.limits,
        communities=communities,
    )
    better: Alternative = run(anneal, problem, steps=terms.steps, seed=terms.seed)
    return {
        "version": draft.plan.metadata.version,
        "balance": terms.balance,
        "seed": better.seed,
        "steps": better.steps,
        "targets": better.targets,
        "imbalance": better.imbalance,
        "furthest": better.furthest,
        "cut_edges": better.cut_edges,
    }


def _number(query: Mapping[str, str], name: str, default: float) -> float:
    text = query.get(name, "").strip()
    try:
        number = float(text) if text else default
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise QuestionError(name, f"{text!r} is not a number")
    return number
