"""What of the data an identity sees: the one description that answers are limited by.

A source is never hidden from a role: counts and verdicts would then differ between people who sit
at one table. What differs is which areas, single incidents, location texts and plans are shown.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Final

from api.identity.identity import AreaScope, Identity
from api.identity.roles import Capability
from geo.properties import cached_property


@dataclass(frozen=True)
class DataView:
    """What of the data somebody sees.

    Attributes
    ----------
    incidents
        Whether they see single incidents.
    locations
        Whether they see street names, addresses and single points.
    plans
        Whether they see plans, and layers that are areas of a plan.
    areas
        The only areas that they see; None for all.
    """

    incidents: bool = True
    locations: bool = True
    plans: bool = True
    areas: AreaScope | None = None

    @classmethod
    def of(cls, identity: Identity) -> DataView:
        """Return what an identity sees.

        A plan covers all areas, so whoever sees some of them sees no plan.
        """
        if identity.way == "local":
            return EVERYTHING
        return cls(
            incidents=identity.may(Capability.READ_INCIDENTS),
            locations=identity.may(Capability.READ_LOCATIONS),
            plans=identity.may(Capability.READ_PLANS) and identity.areas is None,
            areas=identity.areas,
        )

    @cached_property
    def fingerprint(self) -> str:
        """What names the view in keys of caches and in ETags; '' where everything is seen.

        People who see the same have the same, whoever they are: an analyst who sees everything
        shares what is worked out with this machine's user, and the board of the start.
        """
        if self == EVERYTHING:
            return ""
        areas = [self.areas.layer, sorted(self.areas.codes)] if self.areas else None
        parts = json.dumps([self.incidents, self.locations, self.plans, areas])
        return hashlib.sha256(parts.encode()).hexdigest()[:16]


EVERYTHING: Final = DataView()
"""What this machine's user sees, and others who may read all of it."""
