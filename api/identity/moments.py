"""Moments as the records hold them, and secrets that nobody can guess."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

Clock = Callable[[], datetime]
"""Tells the present moment, in UTC."""

_FORM: Final = "%Y-%m-%dT%H:%M:%SZ"


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """Return a moment as text, whose order is that of time."""
    return moment.strftime(_FORM)


def from_text(text: str) -> datetime:
    """Return the moment that `to_text` wrote."""
    return datetime.strptime(text, _FORM).replace(tzinfo=UTC)


def new_token() -> str:
    """Return 256 random bits, as text."""
    return secrets.token_urlsafe(32)


def sha256_of(token: str) -> str:
    """Return what the records hold of a token.

    A plain hash will do where a slow one is needed for passwords: nobody can try 2²⁵⁶ tokens.
    """
    return hashlib.sha256(token.encode()).hexdigest()
