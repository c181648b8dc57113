"""Roles and what each of them may do: one table that a person can read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final


class Capability(StrEnum):
    """Something that a route lets its callers do. Every route declares one."""

    READ_RELEASES = "read releases"
    """Published tables and maps, and pages that hold no data of the store."""
    READ_ANSWERS = "read answers"
    """Counts, hotspots, maps and layers; no single incident."""
    READ_INCIDENTS = "read incidents"
    """Single incidents, with their time and point."""
    READ_LOCATIONS = "read locations"
    """The location text of incidents: street names and addresses."""
    READ_PLANS = "read plans"
    EDIT_PLANS = "edit plans"
    """Take steps, and begin plans, also on smaller blocks that are made of layers that are here."""
    EDIT_TASKS = "edit tasks"
    """Raise tasks, set priorities, and take steps with them; in one's own areas if one has some."""
    EDIT_ROSTER = "edit roster"
    """Change the roster, and write an allocation's posts or patches into it."""
    IMPORT = "import"
    """Bring files in, and undo what was imported."""
    REVIEW_RELEASES = "review releases"
    """Releases that are not published yet, and how far their numbers are off."""
    MAKE_RELEASES = "make releases"
    APPROVE_RELEASES = "approve releases"
    USE_KEYS = "use keys"
    """Make and revoke keys of one's own for other programs."""
    MANAGE_USERS = "manage users"
    READ_AUDIT = "read audit"
    READ_METRICS = "read metrics"
    """Figures of the service itself, for those who run it: no data of the store."""
    ERASE = "erase"
    """Apply retention, and erase single records."""


class Role(StrEnum):
    """What an identity is to the service; one may have several."""

    PUBLIC = "public"
    VIEWER = "viewer"
    OFFICER = "officer"
    ANALYST = "analyst"
    PLANNER = "planner"
    CHAIR = "chair"
    ADMIN = "admin"
    AUDITOR = "auditor"
    MONITOR = "monitor"
    """A program that watches the service."""


OF_ALL_AREAS: Final = frozenset(
    {
        Capability.EDIT_ROSTER,
        Capability.IMPORT,
        Capability.REVIEW_RELEASES,
        Capability.MAKE_RELEASES,
        Capability.APPROVE_RELEASES,
    }
)
"""What nobody may do who sees some areas only."""

_PUBLIC: Final = frozenset({Capability.READ_RELEASES})
_VIEWER: Final = _PUBLIC | {Capability.READ_ANSWERS, Capability.USE_KEYS}

CAPABILITIES: Final[Mapping[Role, frozenset[Capability]]] = {
    Role.PUBLIC: _PUBLIC,
    Role.VIEWER: _VIEWER,
    Role.OFFICER: _VIEWER
    | {Capability.READ_INCIDENTS, Capability.READ_LOCATIONS, Capability.EDIT_TASKS},
    Role.ANALYST: _VIEWER
    | {
        Capability.READ_INCIDENTS,
        Capability.READ_LOCATIONS,
        Capability.READ_PLANS,
        Capability.EDIT_TASKS,
        Capability.EDIT_ROSTER,
        Capability.IMPORT,
        Capability.REVIEW_RELEASES,
        Capability.MAKE_RELEASES,
    },
    # Who plans says where posts are; what is done there others decide.
    Role.PLANNER: _VIEWER | {Capability.READ_PLANS, Capability.EDIT_PLANS, Capability.EDIT_ROSTER},
    Role.CHAIR: _VIEWER
    | {
        Capability.READ_PLANS,
        Capability.EDIT_TASKS,
        Capability.EDIT_ROSTER,
        Capability.REVIEW_RELEASES,
        Capability.APPROVE_RELEASES,
    },
    # Who runs the service sees no more of people's records than running it takes.
    Role.ADMIN: _VIEWER
    | {
        Capability.MANAGE_USERS,
        Capability.IMPORT,
        Capability.ERASE,
        Capability.READ_METRICS,
    },
    Role.AUDITOR: _PUBLIC | {Capability.READ_AUDIT, Capability.USE_KEYS},
    Role.MONITOR: _PUBLIC | {Capability.READ_METRICS},
}
"""What each role may do."""


ROLE_TEXTS: Final[Mapping[Role, str]] = {
    Role.VIEWER: "see counts, hotspots, maps, layers and tasks; no single incident",
    Role.OFFICER: "see the same and single incidents, and decide on tasks, in their own areas only",
    Role.ANALYST: "see counts, maps, single incidents and plans; decide on tasks; edit "
    "the roster; import files and undo imports; make and review releases",
    Role.PLANNER: "see counts and maps; see and edit plans, and make smaller blocks for them "
    "of layers that are here; edit the roster",
    Role.CHAIR: "see counts, maps and plans; decide on tasks; edit the roster; "
    "review and approve releases",
    Role.ADMIN: "see counts and maps, but no single incident; manage users, import, erase records, "
    "read the figures of the service",
    Role.AUDITOR: "read the audit, and nothing else that is not public",
    Role.MONITOR: "read the figures of the service, for a program that watches it",
    Role.PUBLIC: "read releases, without signing in",
}
"""What each role may do, for people; the guide says the same."""


def capabilities_of(roles: Iterable[Role]) -> frozenset[Capability]:
    """Return all that some roles may do together."""
    return frozenset().union(*(CAPABILITIES[role] for role in roles))
