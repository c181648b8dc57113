"""Where every row went: read = rejected + not asked + outside + counted."""

from __future__ import annotations

from dataclasses import dataclass, fields

from geo.coverage import no_data_words
from geo.period import Period


@dataclass(frozen=True)
class Compared:
    """The compared period, and what the comparison leaves out.

    Attributes
    ----------
    period, counted, months_missing
        Its days, how many incidents it has, and of which months there is no data.
    left_out
        What only one of the two periods covers, in a sentence; '' where that is nothing.
    not_compared
        Which areas are not compared, and why, in a sentence; '' where all are.
    """

    period: Period
    counted: int
    months_missing: list[str]
    left_out: str = ""
    not_compared: str = ""


@dataclass(frozen=True)
class Accounts:
    """Where every row went, and what the numbers rest on.

    Attributes
    ----------
    read, rejected, not_asked, outside, counted
        Rows: read = rejected + not asked + outside + counted. Not asked are accepted incidents
        that the Question leaves out; outside are those beyond the study area.
    in_no_area
        Counted incidents that lie in none of the layer's areas.
    without_place, without_place_outside
        Records without a place: of those counted, each in the area that is stated for it; and of
        those outside, for which no area of the layer is stated.
    in_several_areas
        Counted incidents that lie in two or more areas, which overlap; each of these counts them.
    period, months_published, months_missing, compared
        The days that were counted, and of which months there is no data.
    source, attribution, caveats
        Who published the incidents, on which terms, and what to keep in mind.
    crs, operation, mask
        The CRS, the operation that led to it, and the study area's layer.
    data_version, question
        The state of the store, and the options of the Question.
    left_out
        Those of `not_asked` that only their place leaves out.
    unknown
        Areas of which less is known than of the others, in a sentence; '' where there is none.
    """

    read: int
    rejected: int
    not_asked: int
    outside: int
    counted: int
    in_no_area: int
    period: Period
    months_published: list[str]
    months_missing: list[str]
    compared: Compared | None
    source: list[str]
    crs: str
    operation: str
    mask: str
    caveats: list[str]
    attribution: list[str]
    data_version: str
    question: dict[str, str]
    left_out: int = 0
    unknown: str = ""
    in_several_areas: int = 0
    without_place: int = 0
    without_place_outside: int = 0

    @property
    def gap(self) -> str:
        """Of how many months of the period there is no data; '' where there is of all."""
        if not self.months_missing:
            return ""
        return f"{no_data_words(self.months_missing, self.period.months)}: unknown, not zero"

    def as_dict(self) -> dict[str, object]:
        """The accounts as every JSON answer shows them."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        del values["months_published"], values["months_missing"], values["compared"]
        values["period"] = _first_and_last(self.period) | {
            "months_published": self.months_published,
            "months_missing": self.months_missing,
        }
        if self.compared:
            values["compared"] = _first_and_last(self.compared.period) | {
                "counted": self.compared.counted,
                "months_missing": self.compared.months_missing,
                "left_out": self.compared.left_out,
                "not_compared": self.compared.not_compared,
            }
        return values


def overlap_caveat(layer: str) -> str:
    """Word what it means that areas of a layer, named by its title, overlap."""
    return (
        f"Areas of {layer} overlap, and each area counts its own incidents: the areas add up to "
        "more than all incidents in them. Totals count each incident once."
    )


def overlap_numbers(*, several: int, total: int, located: int) -> str:
    """Word how much the counts of overlapping areas add up to.

    Parameters
    ----------
    several
        Incidents in two or more areas.
    total
        The sum of all areas' counts.
    located
        Incidents in some area, each once.

    Returns
    -------
    A sentence for people.
    """
    if not several:
        return "None of these incidents lies in two areas."
    lie = "1 incident lies" if several == 1 else f"{several:,} incidents lie"
    return (
        f"{lie} in two or more areas: the areas add up to {total:,}, for {located:,} incidents "
        "in them."
    )


def _first_and_last(period: Period) -> dict[str, object]:
    return {"from": period.first.isoformat(), "to": period.last.isoformat()}
