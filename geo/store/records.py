"""What a service keeps beside the data it serves: users, keys, sessions, audit, releases.

They are no part of the store: a backup that is restored, or a file that is given away, must neither
bring old passwords back nor take the audit along.
"""

from __future__ import annotations

from typing import Protocol

from geo.store.backend import Database, Tables


class Records(Database, Tables, Protocol):
    """The records of one store: a database of its own, with the statements of `Tables`.

    Its transactions wait for each other over all processes, and never for those of the store.
    """
