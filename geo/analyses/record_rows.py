"""The records that an Answer is about, the areas in which they count, and both accounts of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.analyses.analysis import as_layer
from geo.calendar_parts import parts_of
from geo.errors import QuestionError
from geo.incidents import LONDON
from geo.lookup import are_among
from geo.period import Period
from geo.properties import cached_property
from geo.question.answer import Answer
from geo.question.lives import NO_RECORDS
from geo.question.time_parts import part_columns, unit_of
from geo.records.flow import FATES, backlog_account, received_account
from geo.records.life import state_at

ELSEWHERE: Final = "elsewhere"
"""The table of records that count in no area of the layer."""

ALL: Final = "all"
"""The table of all records together."""

IN_NO_AREA: Final = "In no area of this layer"
NO_PLACE: Final = "Without a place or an area of this layer"

ACCOUNTS_OF_RECORDS: Final = ("received_account", "open_account")
"""The parameters of a result that hold both accounts, as sentences."""

_SINCE_EVER: Final = date(1970, 1, 1)
_MOST_NAMED: Final = 5


@dataclass(frozen=True)
class RecordRows:
    """The records of a Question up to the end of its period.

    Attributes
    ----------
    whole
        Each record once, indexed by `incident_id`, as `Answer.lives_of` returns them. `area_code`
        is '' for those in no area, and `where` says where these are.
    by_area
        The same with `area_code`; where areas overlap a record has a row for each of its own.
    moment
        The second at which their states are: the period's end, or the last extract of any of
        their lists; those of a list that was extracted earlier are as they were then.
    period
        The period.
    spells
        `geo.records.life.SPELL_COLUMNS`: when they were closed and opened again.
    known
        Sentences that say which lists are known to which day, where that is before the end.
    begins
        That nothing is known of the time before the period; '' where something is.
    """

    whole: pd.DataFrame
    by_area: pd.DataFrame
    moment: pd.Timestamp
    period: Period
    spells: pd.DataFrame
    known: tuple[str, ...] = ()
    begins: str = ""

    @property
    def before(self) -> pd.Timestamp:
        """The last second before the period."""
        return self.period.start - pd.Timedelta(seconds=1)

    @property
    def day(self) -> str:
        """The London day of the moment, for people."""
        return f"{self.moment.tz_convert(LONDON):%-d %B %Y}"

    @cached_property
    def states(self) -> pd.Series:
        """The state of each of `whole` at the moment."""
        return state_at(self.whole, self.moment, self.spells)

    @cached_property
    def flow(self) -> pd.Series:
        """The account of open records of the whole period, a value for each `FLOW_COLUMNS`."""
        return backlog_account(self.whole, self.before, self.moment, spells=self.spells).iloc[0]


def record_rows(answer: Answer) -> RecordRows:
    """The records that an Answer is about.

    Parameters
    ----------
    answer
        Its period's end is the last moment of which anything is said.

    Returns
    -------
    Its records. Those that lie in the study area but in no area, and those without a place of which
    no area of the layer is stated, are among them: so they are as many on every layer.

    Raises
    ------
    QuestionError
        If there are no records with lives.
    """
    return answer.once(_record_rows)


def _record_rows(answer: Answer) -> RecordRows:
    if not answer.facts.records.any:
        raise QuestionError("source", NO_RECORDS)
    period = answer.accounts.period
    until = Period(_SINCE_EVER, period.last)
    inside = answer.lives_of(until)
    inside = inside.assign(where=np.where(inside["area_code"] == "", IN_NO_AREA, ""))
    records = answer.facts.records
    placeless = answer.rows.resolved.select(
        records.placeless(answer.question.records, period), until
    )
    lost = placeless[~are_among(placeless.index, inside.index)]
    lost = lost.assign(area=-1, area_code="", area_name="", where=NO_PLACE)
    whole = pd.concat([inside, lost]) if len(lost) else inside
    sources = answer.accounts.source
    return RecordRows(
        whole,
        _by_area(answer, whole),
        records.moment(period, sources),
        period,
        records.read_spells(),
        # A Question by state says it of all its counts.
        () if answer.question.records.state else tuple(records.caveats(period, sources)),
        records.nothing_before(period, sources),
    )


def _by_area(answer: Answer, whole: pd.DataFrame) -> pd.DataFrame:
    if not answer.membership.overlapping:
        return whole
    point, area = answer.membership.of(whole)
    rows = whole.iloc[point]
    codes = answer.areas.index.astype(str).to_numpy(dtype=object)[area]
    return pd.concat([rows.assign(area_code=codes), whole[whole["area_code"] == ""]])


def received_in(lives: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Those of some lives that were received in a period.

    Parameters
    ----------
    lives
        n rows with `received`.
    period
        The days.

    Returns
    -------
    Their rows.
    """
    received = lives["received"]
    return lives[(received >= period.start) & (received < period.end)]


@dataclass(frozen=True)
class Part:
    """A part of the period, of which there is a row for each area.

    Attributes
    ----------
    columns
        What names it; none for the whole period.
    period
        Its days.
    why
        Why nothing is known of it; '' where something is.
    """

    columns: Mapping[str, str]
    period: Period
    why: str = ""


def record_parts(answer: Answer, moment: pd.Timestamp) -> list[Part]:
    """The parts of the period into which a Question splits its records.

    Parameters
    ----------
    answer
        With the Question.
    moment
        Until when anything is known.

    Returns
    -------
    One without columns where it splits nothing.
    """
    period, by = answer.accounts.period, answer.question.by
    if not by:
        return [Part({}, period)]
    parts = parts_of(period, unit_of(by))
    missing = set(answer.accounts.months_missing)
    return [
        Part(part_columns(part), part.period, _unknown(part.period, missing, moment))
        for part in parts
    ]


def _unknown(period: Period, missing: set[str], moment: pd.Timestamp) -> str:
    if period.start > moment:
        return f"the last extract is of {moment.tz_convert(LONDON):%-d %B %Y}"
    return "no data of these months" if missing.issuperset(period.months) else ""


def unknown_parts(table: pd.DataFrame, parts: list[Part]) -> NDArray[np.object_]:
    """Why nothing is known of the part of time of each row of a table.

    Parameters
    ----------
    table
        n rows with the columns of the parts.
    parts
        Its parts.

    Returns
    -------
    n reasons; '' where something is known.
    """
    names = list(parts[0].columns)
    if not names:
        return np.full(len(table), parts[0].why, dtype=object)
    reasons = {tuple(part.columns.values()): part.why for part in parts}
    return np.array([reasons[tuple(row)] for row in table[names].to_numpy()], dtype=object)


def without_unknown(
    table: pd.DataFrame, parts: list[Part], *, counts: Sequence[str], texts: Sequence[str] = ()
) -> pd.DataFrame:
    """Empty the figures of parts of time of which nothing is known, and say why.

    Parameters
    ----------
    table
        n rows with the columns of the parts.
    parts
        Its parts.
    counts
        Columns of whole numbers.
    texts
        Columns that become '' there.

    Returns
    -------
    The table, in which those columns, and numbers that are no counts, are empty in such rows, with
    `why`.
    """
    why = unknown_parts(table, parts)
    unknown = why != ""
    table = table.copy()
    for name in table.columns.drop(list(parts[0].columns)):
        if name in counts:
            table[name] = table[name].astype("Int64").mask(unknown)
        elif name in texts:
            table[name] = table[name].fillna("").astype(object).mask(unknown, "")
        elif pd.api.types.is_numeric_dtype(table[name]):
            table[name] = table[name].astype(float).mask(unknown)
    return table.assign(why=why)


def cut_caveats(answer: Answer) -> list[str]:
    """Which parts of time are not whole; none where the Question splits nothing."""
    by, period = answer.question.by, answer.accounts.period
    parts = parts_of(period, unit_of(by)) if by else []
    return [f"{part.label}: only {part.period.title}." for part in parts if part.is_cut]


def rows_of_areas(
    answer: Answer,
    rows: RecordRows,
    parts: list[Part],
    table: Callable[[pd.DataFrame, Part], pd.DataFrame],
) -> pd.DataFrame:
    """A table with a row for each area and part of time.

    Parameters
    ----------
    answer
        With the areas.
    rows
        The records.
    parts
        The parts.
    table
        Makes the rows of a part, indexed by area code, of the records with `area_code`; areas
        without a row there have none that counts.

    Returns
    -------
    `area_code`, `area_name`, the columns of the parts, and those of the tables, by area and part.
    """
    codes = answer.areas.index.astype(str)
    own = rows.by_area[rows.by_area["area_code"] != ""]
    made = []
    for part in parts:
        frame = table(own, part).reindex(codes)
        frame.insert(0, "area_code", codes)
        frame.insert(1, "area_name", answer.areas["area_name"].astype(str).to_numpy())
        for at, (name, value) in enumerate(part.columns.items()):
            frame.insert(2 + at, name, value)
        made.append(frame.reset_index(drop=True).assign(order=range(len(codes))))
    joined = pd.concat(made, ignore_index=True)
    return joined.sort_values("order", kind="stable").drop(columns="order").reset_index(drop=True)


def on_shown_areas(answer: Answer, table: pd.DataFrame) -> gpd.GeoDataFrame:
    """A table of areas as a layer of those that the Question shows.

    Parameters
    ----------
    answer
        With the areas.
    table
        With `area_code`.

    Returns
    -------
    Its rows with the geometry of their areas.
    """
    codes = answer.areas.index.astype(str)
    at = codes.get_indexer(pd.Index(table["area_code"]))
    return answer.shown(as_layer(table, answer.areas.geometry.to_numpy()[at], answer))


def both_accounts(answer: Answer) -> dict[str, object]:
    """Both accounts of all records of a Question, as sentences and as numbers.

    Parameters
    ----------
    answer
        The Answer.

    Returns
    -------
    For the parameters of a result. The functions that make them check that they add up.
    """
    return answer.once(_both_accounts)


def _both_accounts(answer: Answer) -> dict[str, object]:
    rows = record_rows(answer)
    received = received_account(
        received_in(rows.whole, rows.period), rows.moment, target=answer.question.records.target
    ).iloc[0]
    flow = rows.flow
    fates = " + ".join(f"{received[name]:,} {name.replace('_', ' ')}" for name in FATES)
    return {
        "received_account": f"{received['received']:,} received = {fates}.",
        "open_account": (
            f"{flow['open_before']:,} open before + {flow['received']:,} received + "
            f"{flow['reopened']:,} reopened − {flow['closed']:,} closed or withdrawn − "
            f"{flow['vanished']:,} vanished = {flow['open_after']:,} open after."
        ),
        "as_of": f"{rows.moment.tz_convert(LONDON):%Y-%m-%d}",
    }


def record_caveats(rows: RecordRows) -> list[str]:
    """What to know of records in no area, and from and to which day lists are known."""
    caveats = []
    lost = rows.whole["where"].value_counts()
    if n := int(lost.get(IN_NO_AREA, 0)):
        caveats.append(f"{_records(n)} in the study area, but in no area of this layer.")
    if n := int(lost.get(NO_PLACE, 0)):
        caveats.append(
            f"{_records(n)} without a place, and no area of this layer is stated for them: they "
            "are in both accounts, and in no area."
        )
    return [*caveats, *filter(None, [rows.begins]), *rows.known]


def _records(n: int) -> str:
    return "1 record is" if n == 1 else f"{n:,} records are"


def listed(names: list[str]) -> str:
    """Some names for a sentence, the first of many."""
    return ", ".join(names[:_MOST_NAMED]) + (" …" if len(names) > _MOST_NAMED else "")
