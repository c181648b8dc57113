"""What held-out months say of methods and windows, in words."""

from __future__ import annotations

from typing import Final

import pandas as pd

from geo.hotspots.held_out import FEWEST_MONTHS

COUNT: Final = "count"
"""The plainest method; its row stands for a window with too little history for any."""

SHRUNK: Final = "shrunk count"
"""It expects other numbers than the count, and takes the same cells."""

PLACES: Final = "ranked places"

BEST: Final = "found most"
ALIKE: Final = "within chance of the most"
FEWER: Final = "found fewer"
UNTOLD: Final = "too few months to tell"
UNJUDGED: Final = "cannot be judged"
BY_LOT: Final = "by lot"
"""Verdicts on a method and window at a share of the land."""

SHARES: Final = (0.01, 0.05)
"""The shares of the land that sentences speak of: what can be patrolled, what can be planned."""

_WORDS: Final = {
    COUNT: "{months} of counts",
    SHRUNK: "{months} of shrunk counts",
    "density": "density over {months}",
    "gi_star": "Gi* over {months}",
    "emerging": "cells that stay hot over {months}",
    PLACES: "ranked places of {months}",
}
_TWO_DIGITS: Final = 0.1
_ENDS: Final = ("", "_low", "_high")
_CALIBRATED: Final = (COUNT, SHRUNK, PLACES)


def sentences(frame: pd.DataFrame) -> list[str]:
    """What a summary says: what found most, what was within chance of it, and what is not known.

    Parameters
    ----------
    frame
        As `geo.analyses.proof.summary` made it.

    Returns
    -------
    Sentences; the first ones are on the windows of the best method.
    """
    said = [text for share in SHARES for text in _by_windows(frame[frame["asked_share"] == share])]
    said += [text for share in SHARES for text in _unjudged(frame[frame["asked_share"] == share])]
    # A window that is short has no months that were tested.
    unjudged = (frame["verdict"] == UNJUDGED) & (frame["method"] == COUNT) & frame["months"].isna()
    short = frame[unjudged].drop_duplicates("window")
    said += [
        f"{_months(row.window)} of history cannot be judged: {row.why}."
        for row in short.itertuples()
    ]
    return [*said, *_calibration(frame[frame["asked_share"] == SHARES[0]])]


def _by_windows(rows: pd.DataFrame) -> list[str]:
    if BEST not in set(rows["verdict"]):
        return []
    best = rows[rows["verdict"] == BEST].iloc[0]
    months = int(best["months"])
    tested = "the month tested" if months == 1 else f"the {months} months tested"
    share = percent(float(best["area_share"]))
    first = f"{_title(best)} found most here: {_hit_rate(best)} of the incidents of {tested} on "
    first = f"{first[:1].upper()}{first[1:]}{share} of the land"
    few = ""
    if months < FEWEST_MONTHS:
        n = f"{months} month{' is' if months == 1 else 's are'}"
        few = f"{n} too few to tell any difference from chance"
    parts = [first, *_windows(rows, str(best["method"]), "the difference to {} is within chance")]
    said = ["; ".join([*parts, *([few] if few else [])]) + "."]
    if best["method"] != COUNT and not few:
        plain = _windows(rows, COUNT, "the difference of {} is within chance")
        said += [f"Plain counts: {'; '.join(plain)}."] if plain else []
    return [*said, *_by_methods(rows, best)]


def _windows(rows: pd.DataFrame, method: str, alike: str) -> list[str]:
    """How the windows of a method did beside the best method and window."""
    own = rows[rows["method"].eq(method)].sort_values("window", kind="stable")
    said = []
    for verdict, words in ((ALIKE, alike), (FEWER, "{} found fewer, beyond chance")):
        some = own[own["verdict"] == verdict]
        names = [
            f"{_months(window)} ({_percent(rate)})"
            for window, rate in zip(some["window"], some["hit_rate"], strict=True)
        ]
        if names:
            said.append(words.format(_list(names)))
    return said


def _by_methods(rows: pd.DataFrame, best: pd.Series) -> list[str]:
    """How the other methods did with their best window."""
    others = rows[
        ~rows["method"].isin([best["method"], COUNT, SHRUNK, "random"]) & rows["hit_rate"].notna()
    ]
    others = others.sort_values("hit_rate", ascending=False, kind="stable")
    others = others.drop_duplicates("method")
    share = f"On about {_percent(float(rows['asked_share'].iloc[0]))} of the land"
    said = []
    for verdict, words in (
        (ALIKE, "within chance of that"),
        (FEWER, "fewer, beyond chance"),
        (UNTOLD, "with too few months to tell"),
    ):
        own = others[others["verdict"] == verdict]
        if len(own):
            names = [f"{_title(row)} ({_percent(row['hit_rate'])})" for _, row in own.iterrows()]
            said.append(f"{share}, {words}: {', '.join(names)}.")
    return said


def _calibration(rows: pd.DataFrame) -> list[str]:
    """What was expected of the chosen places for each incident that came."""
    said = []
    for method in _CALIBRATED:
        own = rows[(rows["method"] == method) & (rows["hits"] > 0)]
        if not len(own):
            continue
        row = own.iloc[(own["window"] - 12).abs().argmin()]
        ratio = _range(*(f"{row[f'predicted_over_observed{end}']:.2f}" for end in _ENDS))
        at = _title(row) if method == PLACES else f"the cells chosen by {_title(row)}"
        said.append(f"At {at}, {ratio} incidents were expected for each that came.")
    return said


def _hit_rate(row: pd.Series) -> str:
    return _range(*(_percent(row[f"hit_rate{end}"]) for end in _ENDS))


def _range(value: str, low: str, high: str) -> str:
    """A value with its interval, where it has one."""
    return value if "nan" in low + high else f"{value} ({low} to {high})"


def _unjudged(rows: pd.DataFrame) -> list[str]:
    """Why nothing can be said of the cells of a share of the land."""
    count = (rows["method"] == COUNT) & (rows["verdict"] == UNJUDGED) & rows["months"].notna()
    return [
        f"On {_percent(share)} of the land cells cannot be judged: {why}."
        for share, why in rows.loc[count, ["asked_share", "why"]].to_numpy()[:1]
    ]


def percent(share: float) -> str:
    """A share with two digits, which tell a whole number of cells from the share asked for."""
    return f"{100 * share:.2g} %" if share < _TWO_DIGITS else _percent(share)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _title(row: pd.Series) -> str:
    method = str(row["method"])
    words = _WORDS.get(method, f"{method} over {{months}}")
    return words.format(months=_months(row["window"]))


def _months(window: object) -> str:
    return "1 month" if window == 1 else f"{window} months"


def _list(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
