"""The roster: which role answers for which areas, who holds it, and who covers a vacancy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from boundaries.tasking.history import Signed, Step, redacted, replayed
from geo.errors import InputError


@dataclass(frozen=True, kw_only=True)
class RosterTerms:
    """What an entry of the roster says.

    Attributes
    ----------
    role
        Such as `public protection officer`.
    holder
        Who holds it, as the council names them; '' where it is vacant.
    covered_by
        The role, or the id of the entry, that does its work meanwhile; '' for none.
    layer, areas
        The layer, and the codes of the areas that it answers for; none for the whole city.
    contact_for
        Those of its areas whose named contact it is.
    first, last
        The days from and to which it holds; `last` is None where it goes on.
    """

    role: str
    holder: str = ""
    covered_by: str = ""
    layer: str = ""
    areas: tuple[str, ...] = ()
    contact_for: tuple[str, ...] = ()
    first: date
    last: date | None = None

    def __post_init__(self) -> None:
        if not self.role.strip():
            raise InputError("an entry of the roster needs a role")
        if self.areas and not self.layer:
            raise InputError("areas need their layer: CODE,CODE@LAYER")
        if other := [code for code in self.contact_for if code not in self.areas]:
            raise InputError(f"the contact of {other[0]} must answer for it; add it to the areas")
        if self.last and self.last < self.first:
            raise InputError(
                f"the entry ends on {self.last:%-d %B %Y}, before it begins on "
                f"{self.first:%-d %B %Y}"
            )

    def terms(self) -> dict[str, Any]:
        """What it says as plain JSON, as stores keep it: keys never change."""
        return {
            "role": self.role.strip(),
            "holder": self.holder.strip(),
            "covered_by": self.covered_by.strip(),
            "layer": self.layer,
            "areas": list(self.areas),
            "contact_for": list(self.contact_for),
            "first": self.first.isoformat(),
            "last": self.last.isoformat() if self.last else "",
        }

    @property
    def is_vacant(self) -> bool:
        """Whether nobody holds it."""
        return not self.holder

    def holds_on(self, day: date) -> bool:
        """Whether it holds on a day."""
        return self.first <= day and (self.last is None or day <= self.last)


@dataclass(frozen=True, kw_only=True)
class RosterEntry(RosterTerms):
    """An entry after all its steps.

    Attributes
    ----------
    entry_id
        Such as `R-0003`.
    steps
        `set` and `redact`, the first one first.
    """

    entry_id: str
    steps: tuple[Step, ...]

    @property
    def version(self) -> int:
        """The number of its steps."""
        return len(self.steps)

    @classmethod
    def begin(cls, entry_id: str, terms: RosterTerms, *, signed: Signed) -> RosterEntry:
        """Add an entry.

        Parameters
        ----------
        entry_id
            Its id, from `next_id(…, letter="R")`.
        terms
            What it says.
        signed
            Who adds it.

        Returns
        -------
        The entry, with its first step.
        """
        return cls.of(entry_id, [Step("set", signed, "", terms.terms())])

    @classmethod
    def of(cls, entry_id: str, steps: Sequence[Step]) -> RosterEntry:
        """The entry that some steps make.

        Parameters
        ----------
        entry_id
            Its id.
        steps
            All of them, the first one first.

        Returns
        -------
        The entry, after all of them.
        """
        values = replayed(steps)
        last = values["last"]
        return cls(
            entry_id=entry_id,
            steps=tuple(steps),
            role=values["role"],
            holder=values["holder"],
            covered_by=values["covered_by"],
            layer=values["layer"],
            areas=tuple(values["areas"]),
            contact_for=tuple(values["contact_for"]),
            first=date.fromisoformat(values["first"]),
            last=date.fromisoformat(last) if last else None,
        )

    def set(self, *, signed: Signed, note: str = "", **changes: Any) -> RosterEntry:
        """The entry with other values.

        Parameters
        ----------
        signed
            Who changes it.
        note
            Why, '' for nothing.
        changes
            New values of `RosterTerms`, as plain JSON.

        Returns
        -------
        A new entry; this one stays as it is.
        """
        unknown = sorted(set(changes) - set(self.terms()))
        if unknown or not changes:
            raise InputError(f"the roster has no {unknown[0]}" if unknown else "nothing to change")
        return RosterEntry.of(self.entry_id, [*self.steps, Step("set", signed, note, changes)])

    def redact(self, *, step: int, text: str, signed: Signed, why: str) -> RosterEntry:
        """The entry without a text, such as the name of a former holder.

        Parameters
        ----------
        step, text, signed, why
            As `history.redacted` takes them.

        Returns
        -------
        A new entry; this one stays as it is.
        """
        steps = redacted(self.steps, number=step, text=text, signed=signed, why=why)
        return RosterEntry.of(self.entry_id, steps)


def contacts(
    roster: Iterable[RosterEntry], *, layer: str, area: str, day: date
) -> list[RosterEntry]:
    """Who is the named contact of an area on a day; nobody else is.

    Parameters
    ----------
    roster
        All entries.
    layer, area
        The area.
    day
        The day.

    Returns
    -------
    The entries, vacant ones too; what covers them is in `covered_by`.
    """
    of_layer = (one for one in roster if one.layer == layer and one.holds_on(day))
    return [one for one in of_layer if area in one.contact_for]
