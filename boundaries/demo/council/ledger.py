"""Money that the demo city gave to its wards, and the hours of their officers, as entries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from boundaries.demo.council.catalogue import ESTATES, WARDS
from boundaries.demo.events.clock import LAST_DAY, month_days
from geo.incidents import months_between
from geo.measures.model import entries_frame

MONEY_YEARS: Final = (2024, 2025)
"""The financial years of the money, by the year in which they begin."""

WARD_POUNDS: Final = 10_000
CITY_POUNDS: Final = 6_000
"""For a campaign in the whole city, each year."""

PRIORITIES: Final = ("Anti-social behaviour", "Cleaner streets", "Young people")
UNSPENT: Final = "Saltmarsh"
"""The ward that has spent nothing of the last year's money."""

OVERSPENT: Final = "Harbour"
OVERSPENT_PENCE: Final = 24_050
REVERSED: Final = "Eastbank"
"""The ward in which a payment was entered twice, and one of the two reversed."""

TWICE_PENCE: Final = 48_000
ACROSS_WARDS: Final = "Dowsing Court"
"""An estate on the land of three wards: what is paid there can be placed in none of them."""

ACROSS_PENCE: Final = 60_000
ABSENT: Final = ("Silverpit", "2025-09", "2025-11")
"""The ward without its officer, and the first and last month of that."""

_PAYEES: Final = dict(
    zip(PRIORITIES, ("supplier", "council service", "voluntary group"), strict=True)
)
_HOURS: Final = {"office": 42.0, "patrol": 49.0, "engagement": 28.0, "cases": 21.0}
"""Of one officer in a month, by activity."""


def make_entries(
    wards: gpd.GeoDataFrame, estates: gpd.GeoDataFrame, *, rng: np.random.Generator
) -> pd.DataFrame:
    """All entries of money and time, as a frame of entries."""
    rows: list[dict[str, Any]] = []
    for year in MONEY_YEARS:
        for code, name in wards["area_name"].items():
            ledger = _WardLedger(year, {"layer_id": WARDS, "area_code": str(code)}, rng)
            ledger.spend(str(name), last=year == MONEY_YEARS[-1])
            rows += ledger.rows
        rows += _city(year, estates)
    return entries_frame(pd.concat([pd.DataFrame(rows), _time(wards, rng)], ignore_index=True))


class _Ledger:
    """Entries of money of one year, each with an id."""

    def __init__(self, year: int, place: Mapping[str, str]) -> None:
        self.year = year
        self.rows: list[dict[str, Any]] = []
        self._place = place

    def add(self, state: str, day: str, pence: int, priority: str, **more: str) -> str:
        """Enter an amount, and return its id."""
        where = self._place.get("area_code", "city")
        entry_id = f"money-{self.year}-{where}-{len(self.rows) + 1:02}"
        payee = _PAYEES[priority] if state == "paid" else ""
        own = {
            "entry_id": entry_id,
            "kind": "money",
            "state": state,
            "day": np.datetime64(day, "s"),
            "amount": pence,
            "priority": priority,
            "payee_kind": payee,
        }
        self.rows.append({**self._place, **own, **more})
        return entry_id


class _WardLedger(_Ledger):
    """The money of a ward in a year: allocated, committed and paid."""

    def __init__(self, year: int, place: Mapping[str, str], rng: np.random.Generator) -> None:
        super().__init__(year, place)
        self._rng = rng

    def spend(self, name: str, *, last: bool) -> None:
        """Enter the year of the ward of a name."""
        # In steps of £500, so that a meeting could have decided them.
        first, second = np.sort(self._rng.choice(np.arange(4, 17), 2, replace=False)).tolist()
        pounds = [500 * first, 500 * (second - first), WARD_POUNDS - 500 * second]
        for priority, share in zip(PRIORITIES, pounds, strict=True):
            self.add("allocated", f"{self.year}-04-01", 100 * share, priority)
        if last and name == UNSPENT:
            return
        left = [
            self._spend_on(priority, 100 * share, last=last)
            for priority, share in zip(PRIORITIES, pounds, strict=True)
        ]
        if last and name == OVERSPENT:
            much = sum(left) + OVERSPENT_PENCE
            self.add("paid", f"{self.year + 1}-03-20", much, PRIORITIES[1])
        if last and name == REVERSED:
            self._pay_twice()

    def _spend_on(self, priority: str, pence: int, *, last: bool) -> int:
        """Spend a share on its priority; what is left of it neither paid nor committed."""
        paid = self._part(pence, 0.3, 0.5)
        committed = self._part(pence, 0.35, 0.48)
        self.add("paid", self._day(1, 5), paid, priority)
        commitment = self.add("committed", self._day(4, 7), committed, priority)
        if not last or self._rng.random() < 0.6:
            # Bills differ from orders: in the last year part of an order is still to come.
            bill = self._part(committed, 0.5, 0.9) if last else committed
            self.add("paid", self._day(8, 11), bill, priority, settles=commitment)
        return pence - paid - committed

    def _pay_twice(self) -> None:
        days = [f"{self.year}-10-{day:02}" for day in (6, 7, 21)]
        _, again = (
            self.add("paid", day, TWICE_PENCE, PRIORITIES[0], note="Lighting of a footpath")
            for day in days[:2]
        )
        # Without the id of the other: a note with so many figures is taken for a telephone number.
        self.add("paid", days[2], -TWICE_PENCE, PRIORITIES[0], reverses=again, note="Entered twice")

    def _part(self, pence: int, low: float, high: float) -> int:
        """A part of an amount, in whole pounds and 50 pence."""
        return int(pence * self._rng.uniform(low, high)) // 50 * 50

    def _day(self, first: int, last: int) -> str:
        """A day of the months of the financial year, April being 0."""
        month = np.datetime64(f"{self.year}-04", "M") + self._rng.integers(first, last + 1)
        return str(month.astype("datetime64[D]") + self._rng.integers(0, 28))


def _city(year: int, estates: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """What is in no ward: of the whole city, and of an estate across several wards."""
    city = _Ledger(year, {})
    city.add("allocated", f"{year}-04-01", 100 * CITY_POUNDS, PRIORITIES[0])
    city.add("paid", f"{year}-11-14", 312_500, PRIORITIES[0], note="Campaign in the whole city")
    code = estates.index[estates["area_name"] == ACROSS_WARDS][0]
    estate = _Ledger(year, {"layer_id": ESTATES, "area_code": str(code)})
    estate.add("paid", f"{year}-09-04", ACROSS_PENCE, PRIORITIES[2])
    return city.rows + estate.rows


def _time(wards: gpd.GeoDataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The minutes of each ward's officer by activity and month, entered on its last day."""
    months = months_between(f"{MONEY_YEARS[0]}-04", str(LAST_DAY)[:7])
    grid = pd.MultiIndex.from_product(
        [wards.index.astype(str), months, list(_HOURS)], names=["area_code", "month", "activity"]
    ).to_frame(index=False)
    name = grid["area_code"].map(wards["area_name"])
    # Quarters of an hour, as time sheets have them.
    hours = grid["activity"].map(_HOURS) * rng.uniform(0.8, 1.2, len(grid))
    quarters = (4 * hours).round().astype("int64")
    absent = (name == ABSENT[0]) & grid["month"].between(*ABSENT[1:])
    last_days = {month: month_days(month)[-1].astype("datetime64[s]") for month in months}
    number = grid.groupby("area_code").cumcount() + 1
    time = grid.assign(
        entry_id="time-" + grid["area_code"] + "-" + number.astype(str).str.zfill(3),
        kind="time",
        layer_id=WARDS,
        day=grid["month"].map(last_days),
        amount=15 * quarters,
        post="Officer of " + name,
    )
    return time[~absent].drop(columns="month")
