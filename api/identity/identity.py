"""Who makes a request: one identity, from exactly one configured way."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from api.identity.roles import OF_ALL_AREAS, Capability, Role, capabilities_of
from geo.properties import cached_property

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection
    from starlette.types import Scope

Way = Literal["local", "account", "proxy", "key", "public"]
"""How an identity was established."""

IDENTITY: Final = "patchmap.identity"
"""Where an ASGI scope holds it."""


@dataclass(frozen=True)
class AreaScope:
    """The areas that an officer works in.

    Attributes
    ----------
    layer
        The id of the layer that the areas are of.
    codes
        Their codes, in order.
    """

    layer: str
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Identity:
    """Who makes a request.

    Attributes
    ----------
    name
        As records of changes name them; empty for the public.
    roles
        What they are to the service.
    way
        How this was established.
    areas
        The only areas that they see; None where they see all.
    """

    name: str
    roles: frozenset[Role]
    way: Way
    areas: AreaScope | None = None

    @cached_property
    def capabilities(self) -> frozenset[Capability]:
        """What they may do; the user of this machine may do everything.

        Releases and imports are of all areas: whoever sees only some has no part in them.
        """
        if self.way == "local":
            return frozenset(Capability)
        may = capabilities_of(self.roles)
        return may if self.areas is None else may - OF_ALL_AREAS

    @cached_property
    def fingerprint(self) -> str:
        """What names the reader in ETags of pages; '' for this machine's user.

        Pages say who has signed in and link what they may open, so a change of roles is one of
        the page, also where both roles see the same data.
        """
        if self.way == "local":
            return ""
        areas = [self.areas.layer, *self.areas.codes] if self.areas else None
        return json.dumps([self.way, self.name, sorted(self.roles), areas])

    def may(self, capability: Capability) -> bool:
        """Tell whether they may do something."""
        return capability in self.capabilities


PUBLIC: Final = Identity("", frozenset({Role.PUBLIC}), "public")
"""Whoever has not said who they are."""


def local_identity(name: str) -> Identity:
    """Return the identity of this machine's user, who has all rights."""
    return Identity(name, frozenset(Role), "local")


def set_identity(scope: Scope, identity: Identity) -> None:
    """Let a request be one of an identity."""
    scope[IDENTITY] = identity


def identity_of(caller: HTTPConnection) -> Identity:
    """Return who makes a request.

    Raises
    ------
    KeyError
        If nobody established it: such a request must not be answered.
    """
    identity: Identity = caller.scope[IDENTITY]
    return identity
