"""What was decided in an area: its tasks, priorities and named contact, read anew for each page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import urlencode

from api.addresses import own_address
from api.pages.tasking_text import state_words
from api.snapshot import Snapshot
from boundaries.tasking.places import area_codes
from boundaries.tasking.priority import Priority
from boundaries.tasking.roster import RosterEntry, contacts
from boundaries.tasking.storage import read_priorities, read_roster
from boundaries.tasking.transitions import OPEN
from geo.question.store_settings import london_day
from geo.store.tasking_contract import TaskRow

SHOWN: Final = 5
_UNFINISHED: Final = (*OPEN, "waiting")


@dataclass(frozen=True)
class Decided:
    """What was decided in an area.

    Attributes
    ----------
    tasks
        In it: those that are not finished first, then the last changed; with how each stands.
    priorities
        Of the area, open ones.
    contacts
        Its named contacts today.
    roles
        The entries of the roster by their ids, for who covers a vacancy.
    address
        Of all its tasks.
    """

    tasks: list[tuple[TaskRow, str]]
    priorities: list[Priority]
    contacts: list[RosterEntry]
    roles: Mapping[str, str]
    address: str

    @property
    def is_empty(self) -> bool:
        """Whether nothing was decided, and nobody named."""
        return not (self.tasks or self.priorities or self.contacts)


def decided_in(snapshot: Snapshot, layer_id: str, code: str) -> Decided:
    """Read what was decided in an area.

    Parameters
    ----------
    snapshot
        What the reader sees.
    layer_id, code
        The area. Tasks are joined by their places, whatever layer they were decided with;
        priorities and contacts are those of this layer.
    """
    rows = snapshot.tasks()
    codes = area_codes([row.wkb for row in rows], snapshot.layer(layer_id)[1]) if rows else []
    own = [row for row, inside in zip(rows, codes, strict=True) if inside == code]
    own.sort(key=lambda row: row.updated_at, reverse=True)
    own.sort(key=lambda row: row.state not in _UNFINISHED)
    roster = read_roster(snapshot)
    today = date.fromisoformat(london_day())
    return Decided(
        tasks=[(row, state_words(row, today)) for row in own],
        priorities=[
            one
            for one in read_priorities(snapshot)
            if one.is_open and (one.layer, one.area) == (layer_id, code)
        ],
        contacts=contacts(roster, layer=layer_id, area=code, day=today),
        roles={one.entry_id: one.role for one in roster},
        address=own_address("/tasks") + "?" + urlencode({"area": f"{code}@{layer_id}"}, safe="@"),
    )
