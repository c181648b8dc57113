"""Signed-in sessions: on the server, so that they end when they should."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from api.identity.attempts import Attempts
from api.identity.identity import Identity
from api.identity.moments import Clock, from_text, new_token, sha256_of, to_text, utc_now
from api.identity.users import Users, identity_with, stored_areas, stored_roles
from geo.errors import InputError
from geo.store.records import Records

LONGEST: Final = timedelta(hours=8)
LONGEST_IDLE: Final = timedelta(minutes=30)
_NOTED_AFTER: Final = timedelta(minutes=1)
"""Use is noted so often and no more: a write for each request would make all wait."""


class Sessions:
    """The sessions in the records, which hold only the hashes of their tokens.

    Parameters
    ----------
    records
        Where they are.
    clock
        Tells the time.
    """

    def __init__(self, records: Records, clock: Clock = utc_now) -> None:
        self._records, self._clock = records, clock

    def begin(self, name: str) -> str:
        """Begin a session of a user, and forget those that are over.

        Returns
        -------
        Its token, which was never seen before.
        """
        token, now = new_token(), self._clock()
        with self._records.transaction():
            self._records.execute(
                "DELETE FROM patchmap_sessions WHERE began_at < ? OR used_at < ?",
                to_text(now - LONGEST),
                to_text(now - LONGEST_IDLE),
            )
            self._records.execute(
                "INSERT INTO patchmap_sessions VALUES (?, ?, ?, ?)",
                sha256_of(token),
                name,
                to_text(now),
                to_text(now),
            )
        return token

    def identify(self, token: str) -> Identity | None:
        """Return whose session it is; None if there is none, or it is over."""
        with self._records.reading():
            rows = self._records.rows(
                "SELECT name, roles, area_layer, area_codes, began_at, used_at"
                " FROM patchmap_sessions JOIN patchmap_users ON name = user_name"
                " WHERE sha256 = ? AND disabled = 0",
                sha256_of(token),
            )
        if not rows:
            return None
        name, roles, layer, codes, began, used = rows[0]
        now = self._clock()
        unused = now - from_text(used)
        if now - from_text(began) > LONGEST or unused > LONGEST_IDLE:
            return None
        if unused > _NOTED_AFTER:
            self._note_use(token)
        return identity_with(name, stored_roles(roles), "account", stored_areas(layer, codes))

    def end(self, token: str) -> None:
        """End a session."""
        with self._records.transaction():
            self._records.execute(
                "DELETE FROM patchmap_sessions WHERE sha256 = ?", sha256_of(token)
            )

    def _note_use(self, token: str) -> None:
        with self._records.transaction():
            self._records.execute(
                "UPDATE patchmap_sessions SET used_at = ? WHERE sha256 = ?",
                to_text(self._clock()),
                sha256_of(token),
            )


class SignIn:
    """Signs users in with their passwords.

    Parameters
    ----------
    users, sessions, attempts
        Of the same records.
    """

    def __init__(self, users: Users, sessions: Sessions, attempts: Attempts) -> None:
        self._users, self._sessions, self._attempts = users, sessions, attempts

    def __call__(self, name: str, password: str, *, address: str, earlier: str = "") -> str:
        """Sign a user in.

        Parameters
        ----------
        name, password
            As they were typed.
        address
            Where they come from.
        earlier
            The token that the browser already had; its session ends.

        Returns
        -------
        The token of a new session.

        Raises
        ------
        InputError
            If the name or the password is wrong; it does not tell which.
        TooManyAttemptsError
            If too many attempts failed.
        """
        name = name.strip().casefold()
        began = self._attempts.begin(name, address)
        user = self._users.get(name)
        hashed = user.password if user and not user.is_disabled else None
        if not self._users.passwords.verify(hashed, password) or not user:
            raise InputError("the user name or the password is wrong")
        self._attempts.succeed(name, address, began)
        self._users.renew_hash(user, password)
        if earlier:
            self._sessions.end(earlier)
        return self._sessions.begin(name)
