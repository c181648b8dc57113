"""What an Answer reads of measures and entries, on the areas that it is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol

import geopandas as gpd
import pandas as pd

from geo.errors import NotFoundError, PatchmapError
from geo.lookup import are_among
from geo.measures.carry_cache import carried_once
from geo.measures.carrying import Carrying, overlap_of, without_areas
from geo.measures.model import EntryKind, Measure, no_entries, no_values, values_frame
from geo.measures.placing import PlacedEntries, place_entries
from geo.period import Period
from geo.properties import cached_property

RESIDENTS: Final = "residents"
"""The attribute of a layer, or the measure, that says how many people live in an area."""

_MOST_NAMED: Final = 4_096
"""With more old areas than these all values are read, and those far away left out."""


class ValueReader(Protocol):
    """Reads measures and entries: a store, or a state of one."""

    def measures(self) -> list[Measure]:
        """Every measure."""

    def measure_values(
        self,
        measure_ids: Sequence[str] | None = None,
        *,
        area_codes: Sequence[str] | None = None,
        period: Period | None = None,
    ) -> pd.DataFrame:
        """Values as they were published.

        Parameters
        ----------
        measure_ids, area_codes, period
            The only ones that are wanted.

        Returns
        -------
        With `VALUE_COLUMNS`.
        """

    def measure_periods(self, measure_ids: Sequence[str] | None = None) -> pd.DataFrame:
        """The periods of which measures have values."""

    def values_of_other_areas(
        self, measure_id: str, area_codes: Sequence[str], *, period: Period | None = None
    ) -> pd.Series:
        """How many values there are of areas that are not among some.

        Parameters
        ----------
        measure_id, area_codes, period
            Of this measure; of no area among these; of periods that share a day with this one.

        Returns
        -------
        Numbers of values, by area code.
        """

    def entries(
        self, kind: EntryKind | None = None, *, period: Period | None = None
    ) -> pd.DataFrame:
        """Entries as they were added.

        Parameters
        ----------
        kind, period
            The only ones that are wanted.

        Returns
        -------
        With `ENTRY_COLUMNS`.
        """


class NoTables:
    """A store that has neither measures nor entries."""

    def measures(self) -> list[Measure]:
        """No measure."""
        return []

    def measure_values(
        self,
        measure_ids: Sequence[str] | None = None,
        *,
        area_codes: Sequence[str] | None = None,
        period: Period | None = None,
    ) -> pd.DataFrame:
        """No value, whatever is asked for.

        Parameters
        ----------
        measure_ids, area_codes, period
            As `ValueReader` takes them.

        Returns
        -------
        No row.
        """
        del measure_ids, area_codes, period
        return no_values()

    def measure_periods(self, measure_ids: Sequence[str] | None = None) -> pd.DataFrame:
        """No period."""
        del measure_ids
        return no_values()[["measure_id", "first_day", "last_day"]].assign(areas=0)

    def values_of_other_areas(
        self, measure_id: str, area_codes: Sequence[str], *, period: Period | None = None
    ) -> pd.Series:
        """No value, whatever is asked for.

        Parameters
        ----------
        measure_id, area_codes, period
            As `ValueReader` takes them.

        Returns
        -------
        No row.
        """
        del measure_id, area_codes, period
        return pd.Series(dtype="int64")

    def entries(
        self, kind: EntryKind | None = None, *, period: Period | None = None
    ) -> pd.DataFrame:
        """No entry, whatever is asked for.

        Parameters
        ----------
        kind, period
            As `ValueReader` takes them.

        Returns
        -------
        No row.
        """
        del kind, period
        return no_entries()


NO_TABLES: Final = NoTables()


class CarriedValues(NamedTuple):
    """Values of a measure on the areas of an Answer, and how they came there."""

    values: pd.DataFrame
    carrying: Carrying


class Measured:
    """Measures, values and entries on the areas of one layer.

    Parameters
    ----------
    reader
        The store.
    layer_id, areas
        The layer, indexed by code, in metres.
    layer_of
        Reads the areas of another layer; raises where there is none.
    """

    def __init__(
        self,
        reader: ValueReader,
        layer_id: str,
        areas: gpd.GeoDataFrame,
        layer_of: Callable[[str], gpd.GeoDataFrame],
    ) -> None:
        self._reader = reader
        self.layer_id = layer_id
        self.areas = areas
        self._layer_of = layer_of
        self._denominators: dict[str, pd.Series | None] = {}

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        """Every measure, in the order in which they were added."""
        return tuple(self._reader.measures())

    @cached_property
    def _codes(self) -> pd.Index:
        """The codes of the areas."""
        codes: pd.Index = self.areas.index.astype(str)
        return codes

    @cached_property
    def _codes_as_tuple(self) -> tuple[str, ...]:
        """The same for every measure: a list of a country's codes takes a while to make."""
        return tuple(self._codes)

    def on(self, layer_id: str, areas: gpd.GeoDataFrame) -> Measured:
        """The same measures and entries on the areas of another layer.

        Parameters
        ----------
        layer_id, areas
            The layer, indexed by code, in metres.

        Returns
        -------
        What is known of them there.
        """
        return Measured(self._reader, layer_id, areas, self._layer_of)

    def measure(self, measure_id: str) -> Measure:
        """One measure.

        Raises
        ------
        NotFoundError
            If there is no such measure; the message lists those that exist.
        """
        known = {one.measure_id: one for one in self.measures}
        if measure_id not in known:
            names = ", ".join(known) or "none yet"
            raise NotFoundError(f"there is no measure {measure_id!r}; there are: {names}")
        return known[measure_id]

    def periods(self, measure_id: str) -> list[Period]:
        """The periods of which a measure has values, by their last days."""
        return list(self._periods.get(measure_id, ()))

    @cached_property
    def _periods(self) -> dict[str, list[Period]]:
        """The periods of all measures, which are read at once."""
        frame = self._reader.measure_periods().sort_values(["last_day", "first_day"])
        periods: dict[str, list[Period]] = {}
        names = ["measure_id", "first_day", "last_day"]
        for own, first, last in frame[names].itertuples(index=False, name=None):
            periods.setdefault(str(own), []).append(Period(first.date(), last.date()))
        return periods

    def values(
        self, measure_id: str, *, period: Period | None = None, area_code: str | None = None
    ) -> CarriedValues:
        """Values of a measure on the areas of the layer.

        Parameters
        ----------
        measure_id
            Of a measure that has values of its own; one made of incidents has none.
        period
            Of periods that share a day with this one; None for all.
        area_code
            The only area that is wanted; None for all. Of a measure that is published on another
            layer others may be given with it, as its values are carried to all areas at once.

        Returns
        -------
        values, carrying
            With `VALUE_COLUMNS`, and how they came to these areas. Of a measure that is published
            on this layer the values are as they are stored; else there is a row for each area and
            period.

        Raises
        ------
        NotFoundError
            If there is no such measure, or its layer is no longer in the store.
        """
        measure = self.measure(measure_id)
        if measure.layer_id == self.layer_id:
            wanted = None if area_code is None else [area_code]
            values = self._reader.measure_values([measure_id], area_codes=wanted, period=period)
            own = values[are_among(values["area_code"], self._codes)].reset_index(drop=True)
            published = Carrying("as published", self.layer_id, 0.0)
            every = self._codes_as_tuple
            return CarriedValues(own, self._without_lost(published, measure_id, every, period))
        if not measure.layer_id:
            return CarriedValues(no_values(), Carrying("as published", self.layer_id, 0.0))
        old = self._layer_of(measure.layer_id)
        # Of a layer of the whole country few areas are near.
        near = old.index[overlap_of(old, self.areas).weights.sum(axis=0) > 0].astype(str)
        nearby = list(near) if len(near) <= _MOST_NAMED else None
        values = self._reader.measure_values([measure_id], area_codes=nearby, period=period)
        codes = old.index.astype(str)
        if nearby is None:
            values = values[are_among(values["area_code"], codes)]
        carried, how = carried_once(values, measure, old, self.areas, target=self.layer_id)
        return CarriedValues(carried, self._without_lost(how, measure_id, tuple(codes), period))

    def _without_lost(
        self, carrying: Carrying, measure_id: str, codes: tuple[str, ...], period: Period | None
    ) -> Carrying:
        """Tell of the values of areas that the measure's layer had once, and has no more."""
        lost = self._reader.values_of_other_areas(measure_id, codes, period=period)
        return without_areas(carrying, areas=len(lost), values=int(lost.sum()))

    def latest(self, measure_id: str, *, by: Period | None = None) -> CarriedValues:
        """The values of the last period of a measure.

        Parameters
        ----------
        measure_id
            As `values` takes it.
        by
            The period that it ends in or before; None for the last there is.

        Returns
        -------
        values, carrying
            As `values` gives them, of one period; empty where there is none.
        """
        periods = [one for one in self.periods(measure_id) if by is None or one.last <= by.last]
        if not periods:
            return CarriedValues(no_values(), Carrying("as published", self.layer_id))
        last = periods[-1]
        values, carrying = self.values(measure_id, period=last)
        own = values["first_day"].dt.date.eq(last.first) & values["last_day"].dt.date.eq(last.last)
        return CarriedValues(values_frame(values[own]), carrying)

    def denominator(self, per: str) -> pd.Series | None:
        """How many there are in each area of what a measure is counted per.

        Parameters
        ----------
        per
            An attribute of the layer, such as `residents`, or the id of a measure.

        Returns
        -------
        By area code, NaN where unknown; None where neither is known.
        """
        if per not in self._denominators:
            self._denominators[per] = self._denominator(per)
        return self._denominators[per]

    def _denominator(self, per: str) -> pd.Series | None:
        codes = pd.Index(self.areas.index.astype(str), name="area_code")
        if per in self.areas.columns and pd.api.types.is_numeric_dtype(self.areas[per]):
            return pd.Series(self.areas[per].to_numpy(float), index=codes, name=per)
        try:
            values = self.latest(per).values
        except PatchmapError:
            return None
        if values.empty:
            return None
        return values.set_index("area_code")["value"].reindex(codes).rename(per)

    @cached_property
    def residents(self) -> pd.Series | None:
        """Residents of each area, by code; None where they are not known."""
        return self.denominator(RESIDENTS)

    def entries(
        self, kind: EntryKind | None = None, *, period: Period | None = None
    ) -> PlacedEntries:
        """Entries on the areas of the layer.

        Parameters
        ----------
        kind
            `money` or `time`; None for both.
        period
            Of these days; None for all.

        Returns
        -------
        Each entry whole in one area, city-wide, or not placed.
        """
        entries = self._reader.entries(kind, period=period)
        return place_entries(entries, self.layer_id, self.areas, self._layer_of)
