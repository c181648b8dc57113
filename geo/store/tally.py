"""What an import has read so far, counted the same way whichever backend keeps it."""

from __future__ import annotations

import json
from collections import Counter

from geo.incidents import NOTHING, Batch, Summary
from geo.store.packing import summary_to_json


class Tally:
    """Adds up the batches of one import."""

    def __init__(self) -> None:
        self._read = self._accepted = 0
        self._reasons: Counter[str] = Counter()
        self._summary: Summary = NOTHING

    def add(self, batch: Batch) -> None:
        """Count one more batch."""
        self._read += len(batch.accepted) + len(batch.rejected)
        self._accepted += len(batch.accepted)
        self._reasons.update(batch.rejected["reason"].astype(str).tolist())
        self._summary |= Summary.of(batch.accepted)

    def values(self) -> tuple[int, int, str, str]:
        """Rows read, rows accepted, reasons with the commonest first, and the summary."""
        reasons = json.dumps(dict(self._reasons.most_common()))
        return self._read, self._accepted, reasons, summary_to_json(self._summary)
