"""What a service keeps beside the data it serves: users, keys, sessions, audit, releases.

They are no part of the store: a backup that is restored by `patchmap restore`, or a file that is
given away, neither brings old passwords back nor takes the audit along. In PostgreSQL they are
tables of the same database, so a server's own backup (`pg_restore`) has both and brings back old
passwords, sessions, revoked keys and erased rows.
"""

from __future__ import annotations

from typing import Protocol

from geo.store.backend import Database, Tables


class Records(Database, Tables, Protocol):
    """The records of one store: a database of its own, with the statements of `Tables`.

    Its transactions wait for each other over all processes, and never for those of the store.
    """

    def delete_audit_until(self, sequence: int) -> None:
        """Delete the entries of the audit up to one, inside a transaction.

        Triggers refuse that to everything else.
        """
