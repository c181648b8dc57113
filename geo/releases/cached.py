"""Approved releases that were read: they never change, so they are read once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from geo.releases.model import Release
from geo.releases.written import read_release

MOST_CHARACTERS: Final = 30_000_000
"""Of the JSON texts of the releases that are kept, which take a little more memory when read."""

Key = tuple[str, int, str]
"""Id, number and state: what approval and withdrawal change."""


class CachedReleases:
    """The releases that were read last."""

    def __init__(self) -> None:
        self._cached = OrderedDict[Key, tuple[Release, int]]()
        self._lock = threading.Lock()

    def get(self, key: Key, read: Callable[[], str]) -> Release:
        """Return a release.

        Parameters
        ----------
        key
            What it is kept by.
        read
            Reads its JSON text where it is not kept.

        Returns
        -------
        The release.
        """
        with self._lock:
            if key in self._cached:
                self._cached.move_to_end(key)
                return self._cached[key][0]
        text = read()
        release = read_release(text)
        with self._lock:
            self._cached[key] = release, len(text)
            while sum(size for _, size in self._cached.values()) > MOST_CHARACTERS:
                self._cached.popitem(last=False)
        return release
