"""Passwords: what they must be, and their argon2 hashes."""

from __future__ import annotations

import threading
import unicodedata
from typing import Any, Final

from geo.errors import InputError
from geo.properties import cached_property

LEAST_LENGTH: Final = 12
"""Characters. Length is what makes a password hard to guess (NCSC, NIST SP 800-63B)."""

MOST_LENGTH: Final = 256
_LEAST_DIFFERENT: Final = 5
_AT_ONCE: Final = threading.BoundedSemaphore(2)
"""Each verification takes 64 MiB and a processor: many at once would take the whole machine."""


class Passwords:
    """Makes and verifies the hashes of passwords.

    Parameters
    ----------
    cost
        Parameters of argon2 in place of the second choice of RFC 9106: 3 passes over 64 MiB.
    """

    def __init__(self, **cost: Any) -> None:
        self._cost = cost

    @cached_property
    def _hasher(self) -> Any:
        import argon2  # noqa: PLC0415 - only a service with accounts needs it

        return argon2.PasswordHasher(**self._cost)

    @cached_property
    def _of_nobody(self) -> str:
        return self.hash("verified where there is no user")

    def hash(self, password: str) -> str:
        """Return the hash of a password, with a salt of its own."""
        hashed: str = self._hasher.hash(_normal(password))
        return hashed

    def verify(self, hashed: str | None, password: str) -> bool:
        """Tell whether a password is the hashed one.

        Parameters
        ----------
        hashed
            None where there is no such user or they have no password: that takes as long, so
            that nobody learns from the time who has an account.
        password
            What was typed.
        """
        import argon2.exceptions  # noqa: PLC0415 - as above

        hashed_or_other = hashed or self._of_nobody
        try:
            with _AT_ONCE:
                self._hasher.verify(hashed_or_other, _normal(password[:MOST_LENGTH]))
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False
        return hashed is not None and len(password) <= MOST_LENGTH

    def is_outdated(self, hashed: str) -> bool:
        """Tell whether a hash was made at another cost than new ones are."""
        outdated: bool = self._hasher.check_needs_rehash(hashed)
        return outdated


def check_password(password: str, *, name: str) -> None:
    """Refuse a new password that is easy to guess.

    Parameters
    ----------
    password
        What was typed.
    name
        Of the user.

    Raises
    ------
    InputError
        If it is too short or too long, or little more than the user's name or a few characters.
    """
    if not LEAST_LENGTH <= len(password) <= MOST_LENGTH:
        raise InputError(
            f"a password has {LEAST_LENGTH} to {MOST_LENGTH} characters; three random words are "
            "easy to remember and hard to guess"
        )
    rest = password.casefold().replace(name.casefold(), "")
    if len(set(rest)) < _LEAST_DIFFERENT:
        raise InputError(
            "this password is easy to guess; use three random words, and not the user name"
        )


def _normal(password: str) -> str:
    # An é is typed as one character or as two, by the keyboard.
    return unicodedata.normalize("NFKC", password)
