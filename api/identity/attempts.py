"""Attempts to sign in: only so many for a name and from an address, counted over all processes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from api.identity.moments import Clock, from_text, sha256_of, to_text, utc_now
from geo.errors import PatchmapError
from geo.store.records import Records

WINDOW: Final = timedelta(minutes=15)
MOST_FOR_PAIR: Final = 5
"""Failures in the window for one name from one address."""

MOST_FOR_NAME: Final = 50
"""For one name from all addresses. Many, or anybody could lock a colleague out."""

MOST_FROM_ADDRESS: Final = 100
"""From one address for all names. Many, as a whole office may share one."""


class TooManyAttemptsError(PatchmapError):
    """Too many attempts failed.

    Attributes
    ----------
    seconds
        After how many seconds to try again.
    """

    def __init__(self, seconds: int) -> None:
        minutes = max(1, round(seconds / 60))
        unit = "minute" if minutes == 1 else "minutes"
        super().__init__(f"too many attempts to sign in failed; try again in {minutes} {unit}")
        self.seconds = seconds


class Attempts:
    """The attempts of the last minutes.

    Parameters
    ----------
    records
        Where they are counted.
    clock
        Tells the time.
    """

    def __init__(self, records: Records, clock: Clock = utc_now) -> None:
        self._records, self._clock = records, clock

    def begin(self, name: str, address: str) -> str:
        """Count an attempt before it is made: many at once are not more than one by one.

        Returns
        -------
        When it was counted, for `succeed`.

        Raises
        ------
        TooManyAttemptsError
            If there were too many.
        """
        records, now = self._records, self._clock()
        with records.transaction():
            records.execute(
                "DELETE FROM patchmap_attempts WHERE attempted_at < ?", to_text(now - WINDOW)
            )
            for subject, most in _limits(name, address).items():
                times = records.rows(
                    "SELECT attempted_at FROM patchmap_attempts WHERE subject = ?"
                    " ORDER BY attempted_at DESC LIMIT ?",
                    subject,
                    most,
                )
                if len(times) == most:
                    waited = now - from_text(times[-1][0])
                    raise TooManyAttemptsError(max(1, int((WINDOW - waited).total_seconds())))
            for subject in _limits(name, address):
                records.execute(
                    "INSERT INTO patchmap_attempts VALUES (?, ?)", subject, to_text(now)
                )
        return to_text(now)

    def succeed(self, name: str, address: str, began: str) -> None:
        """Forget the attempts for a name from an address, because one of them succeeded.

        Of all others for the name, and from the address, that one alone is not counted any more.

        Parameters
        ----------
        name, address
            As `begin` took them.
        began
            What it returned.
        """
        pair, *others = _limits(name, address)
        with self._records.transaction():
            self._records.execute("DELETE FROM patchmap_attempts WHERE subject = ?", pair)
            for subject in others:
                self._forget_one(subject, began)

    def _forget_one(self, subject: str, moment: str) -> None:
        # A moment is a second, in which others may have failed.
        [[count]] = self._records.rows(
            "SELECT count(*) FROM patchmap_attempts WHERE subject = ? AND attempted_at = ?",
            subject,
            moment,
        )
        self._records.execute(
            "DELETE FROM patchmap_attempts WHERE subject = ? AND attempted_at = ?", subject, moment
        )
        for _ in range(count - 1):
            self._records.execute("INSERT INTO patchmap_attempts VALUES (?, ?)", subject, moment)


def _limits(name: str, address: str) -> Mapping[str, int]:
    """How many attempts there may be; the pair of both comes first."""
    address = _network(address)
    return {
        sha256_of(f"pair\n{name}\n{address}"): MOST_FOR_PAIR,
        sha256_of(f"name\n{name}"): MOST_FOR_NAME,
        sha256_of(f"address\n{address}"): MOST_FROM_ADDRESS,
    }


def _network(address: str) -> str:
    """What an address is counted as: of IPv6 one subscriber has 2**64 addresses, all of one /64."""
    with suppress(ValueError):
        whole = IPv6Address(address.partition("%")[0])
        if whole.ipv4_mapped:
            return str(whole.ipv4_mapped)
        return str(IPv6Network((whole, 64), strict=False))
    return address
