"""Identities that an authenticating proxy gives: a name and groups, in headers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from api.identity.identity import PUBLIC, AreaScope, Identity
from api.identity.peers import PROXY_HEADER, Peers
from api.identity.roles import Role
from api.identity.users import User, Users, areas_of, identity_with, roles_of
from geo.errors import InputError

_LONGEST_NAME: Final = 200


@dataclass(frozen=True)
class ProxyHeaders:
    """What the proxy says, and where.

    Attributes
    ----------
    user, groups
        The names of the headers, in small letters; groups are separated by commas.
    grants
        The roles, and for an officer the areas, that each group gives.
    """

    user: str = "x-forwarded-user"
    groups: str = "x-forwarded-groups"
    grants: Mapping[str, tuple[tuple[Role, ...], AreaScope | None]] = field(default_factory=dict)

    @property
    def private(self) -> frozenset[bytes]:
        """Headers that nothing but the authenticator reads."""
        return frozenset(name.encode() for name in (self.user, self.groups, PROXY_HEADER))


def grants_of(text: str) -> dict[str, tuple[tuple[Role, ...], AreaScope | None]]:
    """Return what groups give.

    Parameters
    ----------
    text
        `group=role` separated by `;`, several roles by `+`, an officer's areas after `@`:
        `Analysts=analyst; Beat 3=officer@wards-2025:E05001770,E05001771`. The last `=` counts.

    Raises
    ------
    InputError
        If it has another form.
    """
    grants = {}
    for part in filter(None, map(str.strip, text.split(";"))):
        group, equals, given = part.rpartition("=")
        names, _, areas = given.partition("@")
        if not equals or not group.strip():
            raise InputError(
                f"{part!r} gives a group no role; write 'Group=role', with ';' between groups"
            )
        roles, scope = roles_of(names.split("+")), areas_of(areas)
        if (scope is not None) != (Role.OFFICER in roles):
            raise InputError(
                f"{part!r}: the role officer, and no other, has areas: officer@layer:code,code"
            )
        grants[group.strip()] = roles, scope
    return grants


class ProxiedIdentities:
    """Reads identities from the headers of a trusted proxy, and from those of nobody else.

    Parameters
    ----------
    peers
        Tell which requests the proxy passed on.
    headers
        What it says.
    users
        Roles and areas beside those of groups, by name; one who is disabled there is nobody.
    """

    def __init__(self, peers: Peers, headers: ProxyHeaders, users: Users) -> None:
        self._peers, self._headers, self._users = peers, headers, users

    def identify(self, caller: HTTPConnection) -> Identity | None:
        """Return whom the proxy names; None where it is not the proxy, or names nobody."""
        if not self._peers.trusts(caller):
            return None
        name = _only(caller.headers, self._headers.user)
        if not name:
            return None
        user = self._users.get(name) or User(name, ())
        if user.is_disabled:
            return PUBLIC
        roles, areas = self._of_groups(caller.headers)
        return identity_with(name, {*roles, *user.roles}, "proxy", user.areas or areas)

    def _of_groups(self, headers: Headers) -> tuple[set[Role], AreaScope | None]:
        roles: set[Role] = set()
        scopes = []
        for group in _only(headers, self._headers.groups, fold=False).split(","):
            given, scope = self._headers.grants.get(group.strip(), ((), None))
            roles.update(given)
            scopes += [scope] if scope else []
        return roles, _joined(scopes)


def _joined(scopes: Sequence[AreaScope]) -> AreaScope | None:
    """The areas of several groups together; of the first layer only, as an officer has one."""
    if not scopes:
        return None
    layer = scopes[0].layer
    codes = {code for scope in scopes if scope.layer == layer for code in scope.codes}
    return AreaScope(layer, tuple(sorted(codes)))


def _only(headers: Headers, name: str, *, fold: bool = True) -> str:
    """The value of a header; '' where it is missing, there twice, or no name."""
    values = headers.getlist(name)
    if len(values) != 1:
        return ""
    try:
        text = values[0].encode("latin-1").decode().strip(" ")
    except UnicodeDecodeError:
        text = values[0].strip(" ")
    if fold:
        text = text.casefold()
        if len(text) > _LONGEST_NAME or re.search(r"[^\w.@+ '-]", text):
            return ""
    return text if text.isprintable() else ""
