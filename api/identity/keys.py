"""Keys: how other programs say who they are, as the password of HTTP Basic or as a Bearer token."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

import orjson

from api.identity.identity import AreaScope, Identity
from api.identity.moments import Clock, from_text, new_token, sha256_of, to_text, utc_now
from api.identity.roles import Role
from api.identity.users import User, identity_with, stored_areas, stored_roles
from geo.errors import InputError, NotFoundError
from geo.store.backend import Row
from geo.store.records import Records

PREFIX: Final = "patchmap_"
"""Every key begins so: programs that look for secrets in files find them by it."""

DEFAULT_DAYS: Final = 90
MOST_DAYS: Final = 366
MOST_DAYS_ELSEWHERE: Final = 90
"""For people whom only a proxy knows: nothing here says when they leave."""
_NOTED_AFTER: Final = timedelta(minutes=1)
_COLUMNS: Final = (
    "key_id, patchmap_keys.name, owner, patchmap_keys.roles, patchmap_keys.area_layer,"
    " patchmap_keys.area_codes, expires_at, revoked_at, used_at, patchmap_keys.added_at"
)


@dataclass(frozen=True)
class Key:
    """A key, without its secret.

    Attributes
    ----------
    key_id
        Names it.
    name
        What it is for.
    owner
        Whose it is.
    roles, areas
        What it lets programs do; no more than its owner might when it was made.
    expires_at, revoked_at, used_at, added_at
        When; empty for never.
    """

    key_id: str
    name: str
    owner: str
    roles: tuple[Role, ...]
    areas: AreaScope | None
    expires_at: str
    revoked_at: str
    used_at: str
    added_at: str

    def state(self, now: datetime) -> str:
        """Return whether it is in use, expired or revoked."""
        if self.revoked_at:
            return "revoked"
        return "in use" if from_text(self.expires_at) > now else "expired"


class Keys:
    """The keys in the records, which hold only their hashes.

    Parameters
    ----------
    records
        Where they are.
    clock
        Tells the time.
    """

    def __init__(self, records: Records, clock: Clock = utc_now) -> None:
        self._records, self._clock = records, clock

    def add(
        self,
        name: str,
        owner: User,
        expires: str = "",
        *,
        most_days: int = MOST_DAYS,
        record: Callable[[Key], None] = lambda _key: None,
    ) -> tuple[Key, str]:
        """Make a key.

        Parameters
        ----------
        name
            What it is for.
        owner
            Whose it is, with the roles and areas that it is to have.
        expires
            The last day of its use as YYYY-MM-DD, or for how many days such as `90d`.
        most_days
            It expires within so many.
        record
            Called with the key before it is made; what it raises stops it.

        Returns
        -------
        The key, and its secret, which is never shown again.

        Raises
        ------
        InputError
            If the name is empty or long, or the day is past or far off.
        """
        now = self._clock()
        key = Key(
            secrets.token_hex(4),
            _key_name(name),
            owner.name,
            tuple(owner.roles),
            owner.areas,
            to_text(_expiry(expires, now, most=most_days)),
            "",
            "",
            to_text(now),
        )
        secret = PREFIX + new_token()
        areas = owner.areas
        record(key)
        with self._records.transaction():
            self._records.execute(
                "INSERT INTO patchmap_keys (key_id, name, owner, roles, area_layer, area_codes,"
                " sha256, expires_at, added_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                key.key_id,
                key.name,
                key.owner,
                orjson.dumps([role.value for role in key.roles]).decode(),
                areas.layer if areas else None,
                orjson.dumps(areas.codes).decode() if areas else None,
                sha256_of(secret),
                key.expires_at,
                key.added_at,
            )
        return key, secret

    def all(self, owner: str | None = None) -> list[Key]:
        """Return every key, or those of an owner, the newest first."""
        condition, values = ("WHERE owner = ?", (owner,)) if owner is not None else ("", ())
        with self._records.reading():
            rows = self._records.rows(
                f"SELECT {_COLUMNS} FROM patchmap_keys {condition} ORDER BY added_at DESC, key_id",
                *values,
            )
        return [_key(row) for row in rows]

    def revoke(
        self,
        key_id: str,
        *,
        owner: str | None = None,
        record: Callable[[Key], None] = lambda _key: None,
    ) -> Key:
        """Let a key open nothing any more.

        Parameters
        ----------
        key_id
            Names it.
        owner
            Whose it must be; None for anybody's.
        record
            Called with the key before it is revoked; what it raises stops it.

        Raises
        ------
        NotFoundError
            If there is no such key.
        """
        with self._records.reading():
            rows = self._records.rows(
                f"SELECT {_COLUMNS} FROM patchmap_keys WHERE key_id = ?", key_id
            )
        key = _key(rows[0]) if rows else None
        if key is None or owner not in (None, key.owner):
            raise NotFoundError(f"there is no key {key_id} here")
        record(key)
        with self._records.transaction():
            self._records.execute(
                "UPDATE patchmap_keys SET revoked_at = ? WHERE key_id = ? AND revoked_at IS NULL",
                to_text(self._clock()),
                key_id,
            )
        return key

    def identify(self, secret: str) -> Identity | None:
        """Return whom a key stands for; None where it is unknown, expired or revoked.

        A key may no more than its owner may here today, and nothing once they are disabled. What
        the groups of a proxy give is known only while somebody makes a request through it: a key
        of somebody who is no user here keeps the roles that it was made with until it expires or
        is revoked.
        """
        with self._records.reading():
            rows = self._records.rows(
                f"SELECT {_COLUMNS}, patchmap_users.roles, patchmap_users.area_layer,"
                " patchmap_users.area_codes, disabled FROM patchmap_keys"
                " LEFT JOIN patchmap_users ON patchmap_users.name = owner WHERE sha256 = ?",
                sha256_of(secret),
            )
        if not rows:
            return None
        key, (owner_roles, layer, codes, disabled) = _key(rows[0][:10]), rows[0][10:]
        now = self._clock()
        if key.state(now) != "in use" or disabled:
            return None
        if not key.used_at or now - from_text(key.used_at) > _NOTED_AFTER:
            self._note_use(key)
        roles, areas = set(key.roles), key.areas
        if owner_roles is not None:
            roles &= set(stored_roles(owner_roles))
            areas = _both(areas, stored_areas(layer, codes))
        return identity_with(f"{key.owner} (key {key.name})", roles, "key", areas)

    def _note_use(self, key: Key) -> None:
        with self._records.transaction():
            self._records.execute(
                "UPDATE patchmap_keys SET used_at = ? WHERE key_id = ?",
                to_text(self._clock()),
                key.key_id,
            )


def presented_key(authorization: str) -> str | None:
    """Return the key in an Authorization header; None where it holds none.

    Parameters
    ----------
    authorization
        The header: `Bearer KEY`, or `Basic …` with any user name and the key as password.
    """
    scheme, _, rest = authorization.strip().partition(" ")
    secret = rest.strip()
    if scheme.lower() == "basic":
        try:
            secret = base64.b64decode(secret, validate=True).decode().partition(":")[2]
        except ValueError:  # no Base64, no UTF-8, or no ASCII to begin with
            return None
    elif scheme.lower() != "bearer":
        return None
    return secret if secret.startswith(PREFIX) else None


def narrowed(owner: User, roles: Sequence[Role], *, whose: str = "") -> User:
    """Return a user with some of their roles only, to make a key of.

    Parameters
    ----------
    owner, roles
        The user and the roles.
    whose
        What the refusal calls them; 'you' without.

    Raises
    ------
    InputError
        If they do not have one of them.
    """
    for role in roles:
        if role not in owner.roles:
            has = f"{whose} does" if whose else "you do"
            raise InputError(f"{has} not have the role {role}; a key may no more than its owner")
    return User(owner.name, tuple(roles), owner.areas)


def _key(row: Row) -> Key:
    key_id, name, owner, roles, layer, codes, expires, revoked, used, added = row
    areas = stored_areas(layer, codes)
    return Key(
        key_id, name, owner, stored_roles(roles), areas, expires, revoked or "", used or "", added
    )


def _both(key: AreaScope | None, owner: AreaScope | None) -> AreaScope | None:
    """The areas that a key was made for and that its owner still has.

    Of another layer, such as next year's wards, they are the owner's: they cannot be compared.
    """
    if key is None or owner is None or key.layer != owner.layer:
        return owner or key
    # None of both is an area that there is not, and not all areas.
    return AreaScope(key.layer, tuple(code for code in key.codes if code in owner.codes))


def _key_name(text: str) -> str:
    name = " ".join(text.split())
    if not 1 <= len(name) <= 60 or not name.isprintable():
        raise InputError("a key's name has 1 to 60 characters, such as 'QGIS on my laptop'")
    return name


def _expiry(text: str, now: datetime, *, most: int) -> datetime:
    """When a key expires: after so many days, or at the end of a day, UTC."""
    text = text.strip()
    if days := re.fullmatch(r"(\d{1,4})d?", text or f"{DEFAULT_DAYS}d", re.ASCII):
        moment = now + timedelta(days=int(days[1]))
    else:
        try:
            last = date.fromisoformat(text)
        except ValueError as error:
            raise InputError(
                f"{text!r} is no date; write 2027-03-31, or a number of days such as 90d"
            ) from error
        moment = datetime.combine(last, time.max, tzinfo=now.tzinfo)
    if not now < moment <= now + timedelta(days=most + 1):
        raise InputError(f"a key expires within {most} days from now; not {text}")
    return moment
