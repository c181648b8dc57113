"""Where every row went: read = rejected + not asked + outside + counted."""

from __future__ import annotations

from dataclasses import dataclass, fields

from geo.period import Period


@dataclass(frozen=True)
class Compared:
    """The period that is compared with, how many incidents it holds, and what it lacks."""

    period: Period
    counted: int
    months_missing: list[str]


@dataclass(frozen=True)
class Accounts:
    """Where every row went, and what the numbers rest on.

    `left_out` are those of `not_asked` that only their place left out.
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

    def as_dict(self) -> dict[str, object]:
        """The accounts as every JSON answer shows them."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        del values["months_published"], values["months_missing"], values["compared"]
        values["period"] = _span(self.period) | {
            "months_published": self.months_published,
            "months_missing": self.months_missing,
        }
        if self.compared:
            values["compared"] = _span(self.compared.period) | {
                "counted": self.compared.counted,
                "months_missing": self.compared.months_missing,
            }
        return values


def _span(period: Period) -> dict[str, object]:
    return {"from": period.first.isoformat(), "to": period.last.isoformat()}
