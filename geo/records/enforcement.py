"""The ladder of enforcement: engagement, then education, then enforcement.

As Derby's neighbourhood working of 2019 states it: officers first speak with people, then explain
and warn, and only then use their powers. Which outcome is which step is a stated vocabulary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd

from geo.errors import InputError
from geo.lookup import are_among
from geo.records.life import WITHDRAWN

ENGAGEMENT: Final = "engagement"
EDUCATION: Final = "education"
ENFORCEMENT: Final = "enforcement"

STEPS: Final = (ENGAGEMENT, EDUCATION, ENFORCEMENT)

LADDER: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("engagement", "advice", "advice given", "visit", "visited", "spoken to", "mediation"),
            ENGAGEMENT,
        ),
        **dict.fromkeys(
            (
                "education",
                "letter",
                "letter sent",
                "warning",
                "warning letter",
                "written warning",
                "acceptable behaviour contract",
                # A warning is what must come before a community protection notice can be issued
                # (Anti-social Behaviour, Crime and Policing Act 2014, section 43(5)).
                "community protection warning",
            ),
            EDUCATION,
        ),
        **dict.fromkeys(
            (
                "enforcement",
                "fixed penalty notice",
                "community protection notice",
                "abatement notice",
                "notice served",
                "injunction",
                "closure order",
                "prosecution",
                "court",
            ),
            ENFORCEMENT,
        ),
    }
)
"""The step of each outcome, in small letters; a council's own words take its place or add to it."""

STEP_COLUMNS: Final = ("records", "places", "stopped", "went_on", "without_step_before")
PLACE_COLUMNS: Final = ("steps", "highest", "records", "first", "last", "skipped")


@dataclass(frozen=True)
class EnforcementLadder:
    """How far up the ladder places, or single records, went.

    Attributes
    ----------
    steps
        A row for each of `STEPS` with `STEP_COLUMNS`: `records` with such an outcome, `places` that
        reached it, how many `stopped` there (it is the highest that they reached) and how many
        `went_on` to a higher one; `without_step_before`: places that reached it without any lower
        step before or with it.
    places
        A row for each place with `PLACE_COLUMNS`: its `steps` in the order of time, repeats left
        out, the `highest`, the records, the UTC times of the first and last, and whether a step was
        `skipped` on the way to the highest.
    no_step, without_place
        Records of kind enforcement whose outcome is no step, and records with a step that have no
        place; neither counts above.
    """

    steps: pd.DataFrame
    places: pd.DataFrame
    no_step: int
    without_place: int


def read_ladder(own: Mapping[str, str]) -> Mapping[str, str]:
    """The vocabulary of a council: its own outcomes beside, or in place of, those of `LADDER`.

    Raises
    ------
    InputError
        If one names something that is no step.
    """
    for outcome, step in own.items():
        if step not in (*STEPS, ""):
            raise InputError(
                f"the outcome {outcome[:60]!r} has the step {step[:40]!r}; "
                f"choose {', '.join(STEPS)}, or '' for none"
            )
    folded = {_folded(outcome): step for outcome, step in own.items()}
    return MappingProxyType({**LADDER, **folded})


def ladder_steps(lives: pd.DataFrame, ladder: Mapping[str, str] = LADDER) -> pd.DataFrame:
    """The steps that records state as their outcome.

    Parameters
    ----------
    lives
        n rows with the columns of a life. An outcome can name several, parted by semicolons. The
        kind does not matter: a request can end with advice. A withdrawn record has no step.
    ladder
        The step of each outcome, in small letters.

    Returns
    -------
    A row for each step of each record: `incident_id`, `step`, and `at`, when it was taken: the time
    of closing, else of the answer, else of receipt.
    """
    outcome = lives["outcome"].where(~lives[WITHDRAWN], "")
    by_text = {text: _steps_of(text, ladder) for text in outcome.unique()}
    at = lives["closed"].fillna(lives["answered"]).fillna(lives["received"])
    table = pd.DataFrame(
        {
            "incident_id": lives.index,
            "step": outcome.map(by_text).to_numpy(),
            "at": at.to_numpy(),
        }
    )
    table = table.explode("step").dropna(subset="step").reset_index(drop=True)
    table["at"] = pd.to_datetime(table["at"], utc=True)
    return table


def enforcement_ladder(
    lives: pd.DataFrame,
    place: pd.Series | None = None,
    *,
    ladder: Mapping[str, str] = LADDER,
) -> EnforcementLadder:
    """How far up the ladder each place went, and where it stopped.

    Parameters
    ----------
    lives
        n records.
    place
        The place of each of them, such as an area or a number of `geo.records.places`; missing
        without one. None for each record on its own.
    ladder
        The step of each outcome.

    Returns
    -------
    The ladder.
    """
    taken = ladder_steps(lives, ladder)
    own = pd.Series(lives.index, index=lives.index) if place is None else place
    taken["place"] = own.reindex(taken["incident_id"]).to_numpy()
    is_enforcement = (lives["kind"] == ENFORCEMENT) & ~lives[WITHDRAWN]
    placed = taken[taken["place"].notna()]
    places = _places(placed)
    return EnforcementLadder(
        steps=_steps(placed, places),
        places=places,
        no_step=int((is_enforcement & ~are_among(lives.index, taken["incident_id"])).sum()),
        without_place=int(taken.loc[taken["place"].isna(), "incident_id"].nunique()),
    )


def _places(taken: pd.DataFrame) -> pd.DataFrame:
    rank = {step: height for height, step in enumerate(STEPS)}
    ordered = taken.assign(height=taken["step"].map(rank)).sort_values(["at", "height"])
    rows = {}
    for place, part in ordered.groupby("place", sort=True):
        steps = list(dict.fromkeys(part["step"]))
        heights = [rank[step] for step in steps]
        top = max(heights)
        # What was taken by the time the highest was reached, not what came afterwards.
        before = set(heights[: heights.index(top)])
        rows[place] = (
            steps,
            STEPS[top],
            part["incident_id"].nunique(),
            part["at"].min(),
            part["at"].max(),
            len(before) < top,
        )
    index = pd.Index(list(rows), name="place")
    return pd.DataFrame(list(rows.values()), index=index, columns=list(PLACE_COLUMNS))


def _steps(taken: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for height, step in enumerate(STEPS):
        reached = places[np.array([step in steps for steps in places["steps"]], dtype=bool)]
        stopped = int((reached["highest"] == step).sum())
        lower = set(STEPS[:height])
        first = [
            height > 0 and lower.isdisjoint(steps[: steps.index(step)])
            for steps in reached["steps"]
        ]
        records = taken.loc[taken["step"] == step, "incident_id"].nunique()
        rows.append((records, len(reached), stopped, len(reached) - stopped, int(np.sum(first))))
    return pd.DataFrame(rows, index=pd.Index(STEPS, name="step"), columns=list(STEP_COLUMNS))


def _steps_of(outcome: str, ladder: Mapping[str, str]) -> list[str] | None:
    steps = {ladder.get(_folded(part), "") for part in outcome.split(";")}
    return [step for step in STEPS if step in steps] or None


def _folded(outcome: str) -> str:
    return " ".join(outcome.casefold().split())
