"""States of a store: its data version, consistent reads and transactions."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, Literal, Protocol, get_args

from geo.crs import Projection

Subject = Literal["incidents", "layers", "plans", "settings"]
SUBJECTS: Final[tuple[Subject, ...]] = get_args(Subject)


@dataclass(frozen=True)
class DataVersion:
    """A state of a store: its UUID, and how often each subject has changed."""

    uuid: str
    incidents: int
    layers: int
    plans: int
    settings: int

    def __str__(self) -> str:
        """The version as one word, fit for an ETag."""
        return self.of(*SUBJECTS)

    def of(self, *subjects: Subject) -> str:
        """Return the version of some subjects as one word, with `-` for the counters of others.

        What was made of these subjects alone is the same in all stores of one such version.
        """
        counters = (str(getattr(self, name)) if name in subjects else "-" for name in SUBJECTS)
        return ".".join([self.uuid, *counters])


class VersionReader(Protocol):
    """Reads of one state."""

    @property
    def projection(self) -> Projection:
        """The working CRS and the one coordinate operation pinned at creation."""
        ...

    def reading(self) -> AbstractContextManager[None]:
        """All reads made inside see one state of the store."""
        ...

    def data_version(self) -> DataVersion:
        """The state that a read made now would see."""
        ...


class VersionStore(VersionReader, Protocol):
    """Changes from one state to the next."""

    def transaction(self) -> AbstractContextManager[None]:
        """All changes made inside happen together or not at all; blocks are not nested."""
        ...

    def compact(self) -> None:
        """Write the store's files anew, so that nothing can be read in them that was deleted.

        Outside of any transaction. It takes as long as a copy of the store, and as much room on
        the disk.

        Raises
        ------
        StoreError
            If another program is using the store, or the disk is full.
        """
        ...

    def close(self) -> None:
        """Release files and connections."""
        ...
