"""Parts of a report about how an area fares: rows of the profile and of the track as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from api.pages.measure_text import days_words
from api.reports.model import Column, ReportTable
from api.reports.sentences import JUDGED, counted, joined
from geo.calendar_parts import CalendarPart

INTERVAL_NOTE: Final = (
    "“Ratio” divides the area's value by that of the rest. Its interval of 95 % is of one row "
    "alone and takes incidents to be independent. A verdict also allows for how much counts vary "
    "from month to month, and for how many areas and measures are compared: an interval may leave "
    "out 1 where no difference is clear. Under 10 nothing is said."
)
_NUMBERS: Final = {2: "Two", 3: "Three", 4: "Four"}
_CHOSEN: Final = ("measure", "unit", "rest", "ratio", "lower", "upper", "verdict", "change_verdict")


def halves_table(
    profile: pd.DataFrame, track: pd.DataFrame, parts: Sequence[CalendarPart]
) -> ReportTable:
    """The measures of one area over parts of time, with the verdicts of the last part.

    Parameters
    ----------
    profile
        Rows of the area in the last part of time, one a measure.
    track
        Rows of the area, one a measure and part of time, with `first_day` and `last_day`.
    parts
        The parts of time, the oldest first.
    """
    labels = [one.label for one in parts]
    shown, longer = _in_parts(track, parts)
    values = shown.pivot_table(
        values="value", index="measure_id", columns="part", aggfunc="last", dropna=False, sort=False
    ).reindex(columns=labels)
    own = profile.set_index("measure_id")
    # What is judged is shown, also where months are missing of which the sentences speak.
    judged = own["value"].where(own["verdict"].isin(JUDGED))
    values[labels[-1]] = values[labels[-1]].fillna(judged)
    frame = own[list(_CHOSEN)].join(values)
    # Of what nothing is known is said why, below the table.
    frame = frame[frame[labels].notna().any(axis=1) | frame["verdict"].isin(JUDGED)]
    columns = (
        Column("measure", "Measure", "named"),
        *(Column(label, label, "measure") for label in labels),
        Column("rest", "Rest", "measure"),
        Column("ratio", "Ratio to the rest", "ratio"),
        Column("verdict", "Against the rest", "verdict"),
        Column("change_verdict", "Against a year before", "verdict"),
    )
    notes = (f"{joined(longer)}: values of longer times, each where its time ends.",)
    title = f"{_NUMBERS.get(len(labels), len(labels))} half-years" if len(labels) > 1 else labels[0]
    return ReportTable(title, frame.reset_index(), columns, notes=notes if longer else ())


def _in_parts(track: pd.DataFrame, parts: Sequence[CalendarPart]) -> tuple[pd.DataFrame, list[str]]:
    """The rows with the part of time in which each ends, and measures of which one is longer."""
    first, last = (pd.to_datetime(track[name]) for name in ("first_day", "last_day"))
    labels = pd.Series("", index=track.index, dtype=object)
    longer = labels != ""
    for one in parts:
        ends = last.between(pd.Timestamp(one.whole.first), pd.Timestamp(one.whole.last))
        labels[ends] = one.label
        longer |= ends & (first < pd.Timestamp(one.whole.first))
    inside = track.assign(part=labels)[labels != ""]
    return inside, sorted(set(track.loc[longer, "measure"].astype(str)))


def is_known(track: pd.DataFrame, part: CalendarPart) -> bool:
    """Whether any value of any area ends in a part of time.

    Parameters
    ----------
    track
        Rows with `last_day` and `value`.
    part
        The part.
    """
    days = pd.Timestamp(part.whole.first), pd.Timestamp(part.whole.last)
    ends = pd.to_datetime(track["last_day"]).between(*days)
    return bool((ends & track["value"].notna()).any())


def profile_table(title: str, profile: pd.DataFrame, history: pd.DataFrame) -> ReportTable:
    """The measures of one area, each with its date, its source and its history.

    Parameters
    ----------
    title
        Its caption.
    profile
        Rows of the area, one a measure.
    history
        Its values of all periods: `measure_id`, `first_day`, `last_day`, `value`.
    """
    known = history[history["value"].notna()]["measure_id"]
    profile = profile[profile["value"].notna() | profile["measure_id"].isin(known)]
    when = [
        days_words(first, last)
        for first, last in zip(profile["first_day"], profile["last_day"], strict=True)
    ]
    ordered = history.sort_values("last_day", kind="stable")
    charts = tuple(
        tuple(
            (days_words(row.first_day, row.last_day), float(row.value))
            for row in ordered[ordered["measure_id"] == measure_id].itertuples()
        )
        for measure_id in profile["measure_id"]
    )
    columns = (
        Column("measure", "Measure", "named"),
        Column("value", "Value", "measure"),
        Column("rest", "Rest", "measure"),
        Column("ratio", "Ratio to the rest", "ratio"),
        Column("verdict", "Against the rest", "verdict"),
        Column("change_verdict", "Against a year before", "verdict"),
        Column("when", "Period"),
    )
    frame = profile.assign(when=when)
    return ReportTable(title, frame, columns, charts=charts if len(history) else ())


def source_table(profile: pd.DataFrame) -> ReportTable:
    """Where each measure comes from, on which terms, and how it came to these areas.

    Parameters
    ----------
    profile
        Rows of any number of areas; each measure stands once.
    """
    frame = profile.drop_duplicates("measure_id")
    names = {"measure": "Measure", "source": "Source", "licence": "Licence"}
    shown = {**names, "carried": "How it came to these areas"}
    columns = [Column(name, title) for name, title in shown.items() if _says(frame[name])]
    return ReportTable("Sources", frame, tuple(columns), notes=tuple(_caveats(frame)))


def _says(values: pd.Series) -> bool:
    return bool((values.fillna("").astype(str) != "").any())


def _caveats(frame: pd.DataFrame) -> list[str]:
    """What to keep in mind of the measures, each caveat once with those that it is of."""
    known = frame[frame["caveat"].fillna("").astype(str) != ""]
    of = known.groupby(known["caveat"].astype(object), sort=False)["measure"]
    named = {str(caveat): joined(map(str, measures)) for caveat, measures in of}
    if len(named) == 1:
        return list(named)
    return [f"{measures}: {caveat}" for caveat, measures in named.items()]


def whole_sentence(profile: pd.DataFrame, *, areas: str, whole: str) -> str:
    """How many areas differ from the rest in anything, by name; no ranks.

    Parameters
    ----------
    profile
        Rows of all areas that the report is of.
    areas
        What they are called: `Priority estates`.
    whole
        The name of the whole.
    """
    n = profile["area_code"].nunique()
    said = []
    for verdict in ("worse", "better"):
        names = sorted(set(profile.loc[profile["verdict"] == verdict, "area_name"].astype(str)))
        if names:
            they = counted(len(names), "is", "are")
            said.append(f"{they} {verdict} in at least one measure ({joined(names)})")
    if not said:
        return (
            f"No measure shows a clear difference between any of the {counted(n, 'area')} of "
            f"{areas} and the rest of {whole}."
        )
    of = f"Of {counted(n, 'area')} of {areas}, each held against the rest of {whole}"
    return f"{of}, {'; '.join(said)}."


def by_area(frame: pd.DataFrame) -> Sequence[tuple[str, str, pd.DataFrame]]:
    """The rows of each area with its code and name, in the order of names."""
    names = frame.drop_duplicates("area_code").set_index("area_code")["area_name"].astype(str)
    order = names.index[np.argsort(names.to_numpy(), kind="stable")]
    return [(str(code), names[code], frame[frame["area_code"] == code]) for code in order]


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame, each by the names of its columns."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
