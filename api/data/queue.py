"""Imports that callers have asked for: one at a time, the others wait."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final, Literal

from api.errors import refusal_of, status_of
from api.imports.outcome import Outcome
from api.imports.process import Importer
from api.imports.tasks import Task
from api.load.log import log
from geo.errors import ConflictError, PatchmapError

MOST_WAITING: Final = 8
"""Imports that may wait; each has a thread."""

JobState = Literal["waiting", "working", "done", "failed"]


@dataclass
class Job:
    """One import.

    Attributes
    ----------
    expected
        About how many rows it has to read; None where that is not known.
    rows
        How many it has read.
    refusal
        Why it failed.
    """

    task: Task
    expected: int | None = None
    state: JobState = "waiting"
    rows: int = 0
    outcome: Outcome | None = None
    refusal: PatchmapError | None = None
    began: float = field(default_factory=time.monotonic)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def is_over(self) -> bool:
        """Whether it is done or has failed."""
        return self.state in ("done", "failed")

    @property
    def problem(self) -> str:
        """Why it failed, for people; '' if it did not."""
        return str(self.refusal) if self.refusal else ""

    @property
    def status(self) -> int:
        """The HTTP status of what is answered about it."""
        return status_of(self.refusal) if self.refusal else 200

    @property
    def percent(self) -> int | None:
        """How much of it is done; None where that is not known."""
        if not self.expected or not self.rows:
            return None
        return min(99, 100 * self.rows // self.expected)


class ImportQueue:
    """Works through jobs, one at a time.

    Parameters
    ----------
    importer
        Does them.
    """

    def __init__(self, importer: Importer) -> None:
        self.importer = importer
        self._one = threading.Lock()
        self._waiting = 0
        self._counting = threading.Lock()
        self.ended: Counter[JobState] = Counter()
        """How many have ended since the start, by how."""

    @property
    def waiting(self) -> int:
        """How many are underway or wait."""
        return self._waiting

    def submit(self, task: Task, *, expected: int | None = None) -> Job:
        """Begin a job, or let it wait for those before it.

        Parameters
        ----------
        task
            What to do.
        expected
            About how many rows it has.

        Raises
        ------
        ConflictError
            If too many wait already.
        """
        with self._counting:
            if self._waiting > MOST_WAITING:
                raise ConflictError("too many imports are waiting; try again when one is done")
            self._waiting += 1
        job = Job(task, expected)
        threading.Thread(target=self._work, args=(job,), daemon=True).start()
        return job

    def close(self) -> None:
        """Stop; of a job underway all is done, or nothing."""
        self.importer.close()

    def _work(self, job: Job) -> None:
        def on_rows(rows: int) -> None:
            job.rows += rows

        try:
            with self._one:
                job.state = "working"
                job.outcome = self.importer.run(job.task, on_rows)
                job.state = "done"
        except Exception as fault:  # noqa: BLE001 - nobody else would report it
            if not isinstance(fault, PatchmapError):
                log.error("an import failed", exc_info=fault)
            job.refusal, job.state = refusal_of(fault), "failed"
        finally:
            with self._counting:
                self._waiting -= 1
                self.ended[job.state] += 1
            job.over.set()
