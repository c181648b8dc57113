"""One area: where it lies, how it fares, and what is known of it, as the variables of its page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from api.answers import Answers
from api.areas.cover import OFFICERS, Cover, cover_of
from api.areas.facts import LayerFacts
from api.areas.fares import Fares, compared_over_time, fares_of
from api.areas.incidents import Incidents, incidents_of
from api.areas.money import Money, MoneyRow, money_of
from api.areas.raised import Raised, raised_in
from api.areas.surroundings import Composition, Neighbours, compositions, neighbours
from api.errors import LASTING
from api.pages.area_address import area_address
from geo.errors import NotFoundError
from geo.properties import cached_property
from geo.question.ask import Question

_NO_FIGURE: Final = re.compile(
    r"(ogc_)?fid\w*|objectid|gid|id|(bng_|east|north)\w*|long?|lat|longitude|latitude|[xy]|shape\w*",
    re.IGNORECASE,
)
"""Columns of published boundaries that number their rows or say where they lie."""

_TITLES: Final = {"imd_score": "Deprivation score (IMD)", "members": "Councillors"}


@dataclass(frozen=True)
class Attribute:
    """A figure of an area in its layer, with that of all areas together where it adds up."""

    title: str
    value: float


class Area:
    """One area of a layer.

    Parameters
    ----------
    facts
        About the layer.
    code
        The area.
    answers
        About the present state of the store.

    Raises
    ------
    NotFoundError
        If there is no such area, or it is not seen.
    """

    def __init__(self, facts: LayerFacts, code: str, answers: Answers) -> None:
        self.facts, self.code, self._answers = facts, code, answers
        codes = facts.areas.index.astype(str)
        if code not in codes:
            raise NotFoundError(
                f"there is no such area in {facts.title}; see {area_address(facts.layer_id)}"
            )
        # As a frame of one row: codes may be of any type in a layer.
        self.row: gpd.GeoDataFrame = facts.areas[codes == code]

    @property
    def name(self) -> str:
        """Its name; its code where it has none."""
        return str(self.row["area_name"].iloc[0]) or self.code

    @property
    def square_km(self) -> float:
        """Its land in square kilometres."""
        return float(self.row.area.iloc[0]) / 1e6

    @cached_property
    def neighbours(self) -> Neighbours:
        """The areas around it."""
        return neighbours(self.facts.areas, self.row.index[0])

    @cached_property
    def made_of(self) -> list[Composition]:
        """What it is made of in other layers."""
        return compositions(self.facts.snapshot, self.facts.layer, self.row)

    @cached_property
    def incidents(self) -> Incidents | None:
        """What is known of its incidents; None where the Question has no answer."""
        return incidents_of(self.facts, self.code)

    @cached_property
    def fares(self) -> Fares:
        """How it fares in each measure, or why that is not known."""
        return fares_of(self._answers, self.facts, self.code)

    @cached_property
    def compared_over_time(self) -> pd.DataFrame:
        """Its measures by quarters, each against the same one a year before."""
        return compared_over_time(self._answers, self.facts, self.code)

    @cached_property
    def money(self) -> tuple[Money, MoneyRow] | None:
        """The money of the latest financial year, and its row in it; None where none is known."""
        try:
            money = money_of(self._answers, Question(layer=self.facts.layer_id))
        except LASTING:
            return None
        row = money.row(self.code)
        return (money, row) if row else None

    @cached_property
    def raised(self) -> Raised | None:
        """What was raised and answered in it; None where no source has records."""
        try:
            return raised_in(self._answers, self.facts.question, self.code)
        except LASTING:
            return None

    @property
    def attributes(self) -> list[Attribute]:
        """Its figures in the layer; those that are not known are left out."""
        columns = [
            str(name)
            for name in self.row
            if is_numeric_dtype(self.row[name]) and not is_bool_dtype(self.row[name])
        ]
        figures = [name for name in columns if name != OFFICERS and not _NO_FIGURE.fullmatch(name)]
        values = {name: float(self.row[name].iloc[0]) for name in figures}
        return [
            Attribute(_TITLES.get(name, name.replace("_", " ").capitalize()), value)
            for name, value in values.items()
            if np.isfinite(value)
        ]

    @cached_property
    def cover(self) -> Cover:
        """Who covers it, as far as that is known."""
        return cover_of(self._answers, self.facts, self.row, self.made_of)

    @property
    def beside_in_order(self) -> tuple[tuple[str, str] | None, tuple[str, str] | None]:
        """Code and name of the areas before and after it in the order of names."""
        every = self.facts.named
        at = every.index((self.code, str(self.row["area_name"].iloc[0])))
        before = every[at - 1] if at else None
        return before, every[at + 1] if at + 1 < len(every) else None
