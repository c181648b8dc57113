"""The records that a Question means, of sources whose incidents have lives.

A record is an incident. One without a place counts in the area that the council states for it, in
Questions on the layer of that area, and nowhere else: it is never spread over other areas.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache, partial
from typing import Final

import pandas as pd

from geo.errors import QuestionError
from geo.incidents import ANSWER_COLUMNS, LONDON, empty_incidents
from geo.period import Period
from geo.question.kinds import one_of
from geo.question.model import MOST_NAMES, RecordTerms
from geo.records.life import STATED_LAYER, empty_lives, no_spells, state_at
from geo.store.contract import ImportRecord, StoreReader

PLACED: Final = "placed"
"""Column, bool: whether the place of a record is known."""

SINCE_EVER: Final = date(1970, 1, 1)
"""Before every incident: none that is older is imported."""

NO_RECORDS: Final = (
    "no source has records that are received and closed; import an extract by a mapping with [life]"
)


def no_records() -> pd.DataFrame:
    """Records of a store that has none, as `StoreReader.records` returns them."""
    lives = empty_lives().assign(**{STATED_LAYER: pd.Series(dtype="str")})
    return empty_incidents()[list(ANSWER_COLUMNS)].join(lives, how="right")


@dataclass(frozen=True)
class Records:
    """The records of a store, read when they are first needed.

    Attributes
    ----------
    read
        Reads all of them, as `StoreReader.records` does.
    placeless_count
        How many have no place.
    extracted
        The day of the latest extract; None where there is none.
    read_spells
        Reads when records were closed that were opened again, as `StoreReader.closed_spells` does.
    """

    read: Callable[[], pd.DataFrame] = no_records
    placeless_count: int = 0
    extracted: date | None = None
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
        days = [date.fromisoformat(one.extracted) for one in imports if one.extracted]
        if not days:
            return cls()
        records, spells = (cache(partial(read, one)) for one in (_records_of, _spells_of))
        return cls(records, store.placeless_count(), max(days), spells)

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
        As `StoreReader.records` returns them.

        Raises
        ------
        QuestionError
            If there are no records, or none of a service.
        """
        if self.extracted is None:
            if terms.chosen:
                raise QuestionError(terms.chosen, NO_RECORDS)
            return no_records()
        records = self.read()
        _check_services(terms.service, records)
        for name in ("channel", "kind", "service"):
            if wanted := getattr(terms, name):
                records = records[records[name].isin(wanted)]
        if terms.state:
            states = state_at(records, self.moment(period), self.read_spells())
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

    def moment(self, period: Period) -> pd.Timestamp:
        """The last second of a period of which anything is known: at most that of the extract."""
        end = period.end
        if self.extracted is not None:
            after = self.extracted + timedelta(days=1)
            end = min(end, pd.Timestamp(after, tz=LONDON).tz_convert("UTC"))
        return end - pd.Timedelta(seconds=1)


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


def _records_of(store: StoreReader) -> pd.DataFrame:
    return store.records()


def _spells_of(store: StoreReader) -> pd.DataFrame:
    return store.closed_spells()


def _have(n: int) -> str:
    return "1 record has" if n == 1 else f"{n:,} records have"


def _them(n: int) -> str:
    return "it" if n == 1 else "them"


def _check_services(services: Sequence[str], records: pd.DataFrame) -> None:
    known = sorted(set(records["service"]) - {""})
    for service in services:
        if service not in known:
            advice = f"choose {one_of(known[:MOST_NAMES])}" if known else "no record names any"
            raise QuestionError("service", f"unknown value {service!r}; {advice}")
