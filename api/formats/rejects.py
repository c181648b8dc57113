"""The file of rejected rows, which can be corrected and imported again."""

from __future__ import annotations

import csv
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from api.formats.encoding import safe_cell
from geo.errors import StoreError
from geo.incidents import Batch, Partition
from geo.temporary import TemporaryFolder


class RejectsFile:
    """A CSV of rejected rows: their file, line and reason, then the raw fields.

    It is written beside `path` during an import and moved there at its end, so that an import
    that fails leaves an earlier file as it was. Without rejected rows there is no file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self._fields: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        try:
            self._folder = TemporaryFolder(beside=self.path)
            self._part = tempfile.NamedTemporaryFile(
                "w", dir=self._folder.name, encoding="utf-8", newline="", delete=False
            )
        except OSError as error:
            raise StoreError(f"{self.path} cannot be written: {error.strerror}") from error
        self._writer = csv.writer(self._part, lineterminator="\n")
        return self

    def add(self, partition: Partition, batch: Batch) -> None:
        """Write the rejected rows of one batch."""
        if batch.rejected.empty:
            return
        if partition.fields != self._fields:
            # Files of another schema follow under a header of their own.
            self._fields = partition.fields
            self._writer.writerow(["file", "line", "reason", *self._fields])
        for line, reason, row in batch.rejected.itertuples(index=False):
            self._writer.writerow([partition.file, line, reason, *map(safe_cell, row)])
        self.rows += len(batch.rejected)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._part.close()
        with self._folder:
            if kind is None and self.rows:
                os.replace(self._part.name, self.path)  # noqa: PTH105 - it overwrites, and says so
