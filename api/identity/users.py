"""Users: who has an account here, or a role beside those that a proxy gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from api.identity.identity import AreaScope, Identity, Way
from api.identity.moments import Clock, to_text, utc_now
from api.identity.passwords import Passwords, check_password
from api.identity.roles import Role
from geo.errors import ConflictError, InputError, NotFoundError
from geo.question.kinds import one_of
from geo.store.backend import Row
from geo.store.contract import StoreReader
from geo.store.layer_ids import areas_among, find_layer
from geo.store.records import Records

GIVEN_ROLES: Final = tuple(role for role in Role if role is not Role.PUBLIC)
"""Roles that somebody can be given; all have that of the public."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,99}")
_COLUMNS: Final = "name, roles, area_layer, area_codes, password, disabled, added_at, added_by"


@dataclass(frozen=True)
class User:
    """A user.

    Attributes
    ----------
    name
        In small letters.
    roles
        What they are to the service, in the order of `Role`.
    areas
        The only areas that they see; None where they see all.
    password
        Its hash; None for those who sign in elsewhere.
    is_disabled
        Whether they may do nothing for now.
    added_at, added_by
        When, and by whom.
    """

    name: str
    roles: tuple[Role, ...]
    areas: AreaScope | None = None
    password: str | None = None
    is_disabled: bool = False
    added_at: str = ""
    added_by: str = ""

    def identity(self, way: Way) -> Identity:
        """Return them as who makes a request."""
        return identity_with(self.name, self.roles, way, self.areas)


def identity_with(name: str, roles: Iterable[Role], way: Way, areas: AreaScope | None) -> Identity:
    """Return an identity; an officer whose areas nobody has named is none.

    Parameters
    ----------
    name, way, areas
        As `Identity` has them.
    roles
        What they are given.
    """
    given = frozenset(roles)
    if areas is None:
        given -= {Role.OFFICER}
    return Identity(name, given or frozenset({Role.PUBLIC}), way, areas)


def user_name_of(text: str) -> str:
    """Return a user's name as it is stored.

    Raises
    ------
    InputError
        If it is none.
    """
    name = text.strip().casefold()
    if not _NAME.fullmatch(name):
        raise InputError(
            f"invalid user name {text!r}; use letters, digits and . _ @ + -, such as sarah.jones"
        )
    return name


def roles_of(names: Iterable[str]) -> tuple[Role, ...]:
    """Return roles by their names.

    Raises
    ------
    InputError
        If one of them is no role that somebody can be given, or there is none.
    """
    given = {name.strip() for name in names if name.strip()}
    choices = [role.value for role in GIVEN_ROLES]
    for name in sorted(given):
        if name not in choices:
            raise InputError(f"unknown role {name!r}; choose {one_of(choices)}")
    if not given:
        raise InputError(f"no role is named; choose {one_of(choices)}")
    return tuple(role for role in GIVEN_ROLES if role in given)


def areas_of(text: str) -> AreaScope | None:
    """Return areas from text such as `wards-2025:E05001770,E05001771`; None from an empty one.

    Raises
    ------
    InputError
        If it has another form.
    """
    if not text.strip():
        return None
    layer, _, codes = text.partition(":")
    named = tuple(sorted({code.strip() for code in codes.split(",") if code.strip()}))
    if not layer.strip() or not named:
        raise InputError(
            f"areas are written as layer:code,code, such as wards-2025:E05001770; not {text!r}"
        )
    return AreaScope(layer.strip(), named)


def check_areas_exist(areas: AreaScope | None, store: StoreReader) -> None:
    """Refuse areas that a store does not have: their officer would see nothing.

    A store without layers of areas yet refuses none.

    Raises
    ------
    InputError
        If there is no such layer, or no such area in it.
    """
    layers = areas_among(store.layers())
    if areas is None or not layers:
        return
    try:
        layer_id = find_layer(layers, areas.layer).layer_id
    except NotFoundError as error:
        raise InputError(str(error)) from error
    known = set(store.layer(layer_id)[1].index.astype(str))
    if missing := [code for code in areas.codes if code not in known]:
        raise InputError(f"there is no area {', '.join(missing)} in layer {areas.layer}")


def areas_text(areas: AreaScope | None) -> str:
    """Return areas as `areas_of` reads them."""
    return f"{areas.layer}:{','.join(areas.codes)}" if areas else ""


def _unrecorded() -> None:
    """Record nothing, where no audit is kept."""


class Users:
    """The users in the records.

    Parameters
    ----------
    records
        Where they are.
    passwords
        Hashes their passwords.
    clock
        Tells the time.
    """

    def __init__(
        self, records: Records, passwords: Passwords | None = None, clock: Clock = utc_now
    ) -> None:
        self._records, self._clock = records, clock
        self.passwords = passwords or Passwords()

    def all(self) -> list[User]:
        """Return every user by name."""
        with self._records.reading():
            rows = self._records.rows(f"SELECT {_COLUMNS} FROM patchmap_users ORDER BY name")
        return [_user(row) for row in rows]

    def get(self, name: str) -> User | None:
        """Return a user, if there is one of that name."""
        with self._records.reading():
            return self._get(name)

    def add(
        self,
        user: User,
        *,
        password: str | None,
        by: str,
        record: Callable[[], None] = _unrecorded,
    ) -> None:
        """Add a user.

        Parameters
        ----------
        user
            Whose hash is not looked at.
        password
            None for one who signs in elsewhere.
        by
            Who adds them.
        record
            Called once nothing speaks against it, before it is done; what it raises stops it.

        Raises
        ------
        InputError
            If the password is easy to guess, or an officer has no areas.
        ConflictError
            If there is one of that name.
        """
        _check_areas(user.roles, user.areas)
        hashed = None if password is None else self._hashed(password, name=user.name)
        with self._records.reading():
            self._check_new(user.name)
        record()
        with self._records.transaction():
            self._check_new(user.name)
            self._records.execute(
                f"INSERT INTO patchmap_users ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, 0, ?, ?)",
                user.name,
                *_stored(user.roles, user.areas),
                hashed,
                to_text(self._clock()),
                by,
            )

    def change(
        self,
        name: str,
        roles: Sequence[Role],
        areas: AreaScope | None,
        *,
        record: Callable[[], None] = _unrecorded,
    ) -> None:
        """Give a user other roles and areas; from their next request on.

        Parameters
        ----------
        name, roles, areas
            Of the user.
        record
            As `add` takes it.

        Raises
        ------
        InputError
            If an officer has no areas.
        NotFoundError
            If there is no such user.
        """
        _check_areas(roles, areas)
        self._update(
            name,
            "roles = ?, area_layer = ?, area_codes = ?",
            *_stored(roles, areas),
            end=False,
            record=record,
        )

    def set_password(
        self, name: str, password: str, *, record: Callable[[], None] = _unrecorded
    ) -> None:
        """Give a user another password, and end their sessions.

        Parameters
        ----------
        name, password
            Of the user.
        record
            As `add` takes it.

        Raises
        ------
        InputError
            If it is easy to guess.
        NotFoundError
            If there is no such user.
        """
        hashed = self._hashed(password, name=name)
        self._update(name, "password = ?", hashed, end=True, record=record)

    def set_disabled(
        self, name: str, *, disabled: bool, record: Callable[[], None] = _unrecorded
    ) -> None:
        """Let a user do nothing for now and end their sessions, or let them in again.

        Parameters
        ----------
        name
            The user.
        disabled
            Whether they are locked out.
        record
            As `add` takes it.

        Raises
        ------
        NotFoundError
            If there is no such user.
        """
        self._update(name, "disabled = ?", int(disabled), end=True, record=record)

    def renew_hash(self, user: User, password: str) -> None:
        """Store a password at the cost of new ones, where its hash is older."""
        if user.password and self.passwords.is_outdated(user.password):
            self._update(user.name, "password = ?", self.passwords.hash(password), end=False)

    def _hashed(self, password: str, *, name: str) -> str:
        check_password(password, name=name)
        return self.passwords.hash(password)

    def _get(self, name: str) -> User | None:
        rows = self._records.rows(f"SELECT {_COLUMNS} FROM patchmap_users WHERE name = ?", name)
        return _user(rows[0]) if rows else None

    def _check_new(self, name: str) -> None:
        if self._get(name):
            raise ConflictError(f"there is a user {name} already; change that one")

    def _check_known(self, name: str) -> None:
        if not self._get(name):
            raise NotFoundError(f"there is no user {name}; 'patchmap users list' names them")

    def _update(
        self,
        name: str,
        changes: str,
        *values: object,
        end: bool,
        record: Callable[[], None] = _unrecorded,
    ) -> None:
        with self._records.reading():
            self._check_known(name)
        # Before, and not inside: an entry of the audit has a transaction of its own.
        record()
        with self._records.transaction():
            self._check_known(name)
            self._records.execute(
                f"UPDATE patchmap_users SET {changes} WHERE name = ?", *values, name
            )
            if end:
                self._records.execute("DELETE FROM patchmap_sessions WHERE user_name = ?", name)


def stored_roles(text: str) -> tuple[Role, ...]:
    """Return the roles that the records hold; those of a newer version are left out."""
    names = set(orjson.loads(text))
    return tuple(role for role in Role if role.value in names)


def stored_areas(layer: str | None, codes: str | None) -> AreaScope | None:
    """Return the areas that the records hold."""
    return None if layer is None else AreaScope(layer, tuple(orjson.loads(codes or "[]")))


def _stored(roles: Sequence[Role], areas: AreaScope | None) -> tuple[str, str | None, str | None]:
    written = orjson.dumps([role.value for role in roles]).decode()
    if areas is None:
        return written, None, None
    return written, areas.layer, orjson.dumps(areas.codes).decode()


def _user(row: Row) -> User:
    name, roles, layer, codes, password, disabled, added_at, added_by = row
    return User(
        name,
        stored_roles(roles),
        stored_areas(layer, codes),
        password,
        is_disabled=bool(disabled),
        added_at=added_at,
        added_by=added_by,
    )


def _check_areas(roles: Sequence[Role], areas: AreaScope | None) -> None:
    if Role.OFFICER in roles and areas is None:
        raise InputError(
            "an officer sees their own areas only; name them as layer:code,code, such as "
            "wards-2025:E05001770"
        )
    if areas and Role.OFFICER not in roles:
        raise InputError("areas are an officer's; give the role officer too, or no areas")
