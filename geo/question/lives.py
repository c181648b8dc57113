"""The records that a Question means, of sources whose incidents have lives.

A record is an incident. One without a place counts in the area that the council states for it, in
Questions on the layer of that area, and nowhere else: it is never spread over other areas.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache, partial
from typing import Final, NamedTuple

import pandas as pd

from geo.errors import QuestionError
from geo.incidents import ANSWER_COLUMNS, LONDON, empty_incidents
from geo.period import Period
from geo.question.kinds import one_of
from geo.question.model import MOST_NAMES, RecordTerms
from geo.records.life import (
    KNOWN_UNTIL,
    LIFE_TIME_TYPE,
    STATED_LAYER,
    empty_lives,
    no_spells,
    state_at,
)
from geo.store.contract import ImportRecord, StoreReader

PLACED: Final = "placed"
"""Column, bool: whether the place of a record is known."""

SINCE_EVER: Final = date(1970, 1, 1)
"""Before every incident: none that is older is imported."""

NO_RECORDS: Final = (
    "no source has records that are received and closed; import an extract by a mapping with [life]"
)


@cache
def no_records() -> pd.DataFrame:
    """Records of a store that has none, as `Records.chosen` returns them; not to be changed."""
    texts = dict.fromkeys((STATED_LAYER, "partition_id"), pd.Series(dtype="str"))
    until = pd.Series(dtype=LIFE_TIME_TYPE)
    lives = empty_lives().assign(**texts, **{KNOWN_UNTIL: until})
    return empty_incidents()[list(ANSWER_COLUMNS)].join(lives, how="right")


class LastExtract(NamedTuple):
    """Until when a list of records is known: a partition of which extracts are imported.

    Attributes
    ----------
    source, partition_id
        Whose list it is.
    day
        Of the latest extract.
    """

    source: str
    partition_id: str
    day: date

    @property
    def until(self) -> pd.Timestamp:
        """The last second of the day."""
        after = pd.Timestamp(self.day + timedelta(days=1), tz=LONDON).tz_convert("UTC")
        return after - pd.Timedelta(seconds=1)


@dataclass(frozen=True)
class Records:
    """The records of a store, read when they are first needed.

    Attributes
    ----------
    read
        Reads all of them, as `StoreReader.records` does.
    placeless_count
        How many have no place.
    extracts
        The latest extract of each list, by its name.
    read_spells
        Reads when records were closed that were opened again, as `StoreReader.closed_spells` does.
    """

    read: Callable[[], pd.DataFrame] = no_records
    placeless_count: int = 0
    extracts: tuple[LastExtract, ...] = ()
    read_spells: Callable[[], pd.DataFrame] = no_spells

    @classmethod
    def of(
        cls,
        store: StoreReader,
        imports: Sequence[ImportRecord],
        read: Callable[[Callable[[StoreReader], pd.DataFrame]], pd.DataFrame],
    ) -> Records:
        """The records of a store.

        Parameters
        ----------
        store
            In the state that is asked about.
        imports
            Its current imports.
        read
            Returns what a function reads of the store in that state.

        Returns
        -------
        Which read nothing yet.
        """
        last: dict[str, LastExtract] = {}
        for one in imports:
            if not one.extracted:
                continue
            day = date.fromisoformat(one.extracted)
            earlier = last.get(one.partition_id)
            if earlier is None or earlier.day < day:
                last[one.partition_id] = LastExtract(one.source, one.partition_id, day)
        if not last:
            return cls()
        extracts = tuple(last[name] for name in sorted(last))
        records = cache(partial(_records_of, read, extracts))
        return cls(records, store.placeless_count(), extracts, cache(partial(read, _spells_of)))

    @property
    def any(self) -> bool:
        """Whether an extract of records is imported."""
        return bool(self.extracts)

    def chosen(self, terms: RecordTerms, period: Period) -> pd.DataFrame:
        """The records that the options of a Question choose, of all times and places.

        Parameters
        ----------
        terms
            The options.
        period
            Of the Question: a state is that at its end.

        Returns
        -------
        As `StoreReader.records` returns them, with `geo.records.life.KNOWN_UNTIL`.

        Raises
        ------
        QuestionError
            If there are no records, or none of a service.
        """
        if not self.any:
            if terms.chosen:
                raise QuestionError(terms.chosen, NO_RECORDS)
            return no_records()
        records = self.read()
        check_services(terms.service, records)
        for name in ("channel", "kind", "service"):
            if wanted := getattr(terms, name):
                records = records[records[name].isin(wanted)]
        if terms.state:
            end = period.end - pd.Timedelta(seconds=1)
            states = state_at(records, end, self.read_spells())
            records = records[states.isin(terms.state)]
        return records

    def placeless(self, terms: RecordTerms, period: Period) -> pd.DataFrame:
        """Those of `chosen` that have no place; nothing is read where all have one.

        Parameters
        ----------
        terms, period
            As `chosen` takes them.

        Returns
        -------
        As `chosen` returns them.
        """
        if not self.placeless_count and not terms.chosen:
            return no_records()
        records = self.chosen(terms, period)
        return records[records["x"].isna()]

    def moment(self, period: Period, sources: Sequence[str]) -> pd.Timestamp:
        """The last second of a period of which anything is known.

        Parameters
        ----------
        period
            The days.
        sources
            Whose records are asked for: at most the last second of the latest of their extracts.

        Returns
        -------
        With a time zone. Records of a list that was extracted earlier are known to that day alone.
        """
        end = period.end - pd.Timedelta(seconds=1)
        return min(end, max((one.until for one in self._of(sources)), default=end))

    def nothing_before(self, period: Period, sources: Sequence[str]) -> str:
        """That no list reaches back to before a period; '' where one does.

        Parameters
        ----------
        period
            The days.
        sources
            Whose records are asked for.

        Returns
        -------
        A sentence with the day of the first record: what was open before then is not known.
        """
        records = self.read()
        first = records.loc[records["source"].isin(sources), "received"].min()
        if pd.isna(first) or first < period.start:
            return ""
        return (
            f"The first record was received on {first.tz_convert(LONDON):%-d %B %Y}: what was open "
            "before is not known, and none of it counts."
        )

    def caveats(self, period: Period, sources: Sequence[str]) -> list[str]:
        """Which lists are known to an earlier day than the others, or than the period's last.

        Parameters
        ----------
        period, sources
            As `moment` takes them.

        Returns
        -------
        A sentence for each list; none where all are known to the end.
        """
        own, end = self._of(sources), period.end - pd.Timedelta(seconds=1)
        older = [one for one in own if one.until < end]
        if len({one.day for one in own}) < 2 and older:
            day = f"{older[0].day:%-d %B %Y}"
            return [f"The last extract is of {day}: nothing is known of later days."]
        return [
            f"The last extract of {one.partition_id} is of {one.day:%-d %B %Y}: nothing is known "
            "of later days, and its records count as they were then."
            for one in older
        ]

    def _of(self, sources: Sequence[str]) -> list[LastExtract]:
        return [one for one in self.extracts if one.source in sources]


@dataclass(frozen=True)
class Placeless:
    """The records without a place that an Answer counts in the areas that are stated for them.

    Attributes
    ----------
    counted, compared, earlier, history
        As those of the Answer; `x` and `y` are NaN.
    elsewhere
        How many the Question means whose stated area is not on its layer.
    """

    counted: pd.DataFrame = field(default_factory=no_records)
    compared: pd.DataFrame = field(default_factory=no_records)
    earlier: pd.DataFrame = field(default_factory=no_records)
    history: pd.DataFrame = field(default_factory=no_records)
    elsewhere: int = 0

    @property
    def caveats(self) -> list[str]:
        """Where they count, in sentences; none where there are none."""
        lines = []
        if n := len(self.counted):
            lines.append(
                f"{_have(n)} no place: counted in the area stated for {_them(n)}, off the map."
            )
        if n := self.elsewhere:
            lines.append(
                f"{_have(n)} no place, and no area of this layer is stated for {_them(n)}: counted "
                "among those outside."
            )
        return lines


def _records_of(
    read: Callable[[Callable[[StoreReader], pd.DataFrame]], pd.DataFrame],
    extracts: Sequence[LastExtract],
) -> pd.DataFrame:
    """The records of a store, each with the moment until which its list is known."""
    records = read(lambda store: store.records())
    until = records["partition_id"].map({one.partition_id: one.until for one in extracts})
    return records.assign(**{KNOWN_UNTIL: pd.to_datetime(until, utc=True).astype(LIFE_TIME_TYPE)})


def _spells_of(store: StoreReader) -> pd.DataFrame:
    return store.closed_spells()


def _have(n: int) -> str:
    return "1 record has" if n == 1 else f"{n:,} records have"


def _them(n: int) -> str:
    return "it" if n == 1 else "them"


def check_services(services: Sequence[str], records: pd.DataFrame) -> None:
    """Refuse services that none of some records names.

    Parameters
    ----------
    services
        As a Question names them.
    records
        With `service`: those that the reader sees, whose services the refusal lists.

    Raises
    ------
    QuestionError
        If one is unknown.
    """
    known = sorted(set(records["service"]) - {""})
    for service in services:
        if service not in known:
            advice = f"choose {one_of(known[:MOST_NAMES])}" if known else "no record names any"
            raise QuestionError("service", f"unknown value {service!r}; {advice}")
