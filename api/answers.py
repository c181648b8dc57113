"""In-memory cache of answers, each valid while what it read of the store stays as it is."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from api.reads import PARTS, Part, State, note, noting
from api.snapshot import Snapshot
from geo.analyses import Analysis, AnalysisResult
from geo.analyses.analysis import Runner, run_here
from geo.question.ask import Answer, Question, ask
from geo.store.contract import Store

Value = TypeVar("Value")

MAX_ENTRIES = 96
MAX_BYTES = 1_500_000_000
"""How many entries the cache holds, and roughly how many bytes they may take together."""


class _CacheEntry:
    """Cache entry; concurrent callers block until it is built."""

    def __init__(self, state: State) -> None:
        self._state = state
        # Until it is built, anything may be read for it.
        self.reads: frozenset[Part] = PARTS
        # Reentrant: building one entry may ask for another that is built by the same thread.
        self.lock = threading.RLock()
        self.built = False
        self.value: Any = None

    def fits(self, state: State) -> bool:
        """Whether the value is that of a state too: all that was read for it is the same there."""
        return all(self._state[part] == state[part] for part in self.reads)


class Answers:
    """Answers about one store, and the snapshot of it that they are computed from."""

    def __init__(self, store: Store, *, run: Runner = run_here) -> None:
        self._store = store
        self._run = run
        self._snapshot: Snapshot | None = None
        self._refreshing = threading.Lock()
        self._listing = threading.Lock()
        self._entries: OrderedDict[str, _CacheEntry] = OrderedDict()
        self._entries_of: Snapshot | None = None

    def snapshot(self) -> Snapshot:
        """Return the current state of the store, read again only when its data version moved."""
        # Outside the lock: while a database server is down, all callers wait at once, not in turn.
        with self._store.reading():
            version = self._store.data_version()
        with self._refreshing:
            if self._snapshot is None or self._snapshot.data_version() != version:
                self._snapshot = Snapshot(self._store, self._snapshot)
            return self._snapshot

    def ask(self, question: Question) -> Answer:
        """Answer a Question on the current data.

        Raises
        ------
        QuestionError
            If the data cannot answer it.
        """
        return self.cached(f"answer?{question.query()}", lambda snapshot: ask(question, snapshot))

    def result(self, analysis: Analysis, question: Question) -> tuple[Answer, AnalysisResult]:
        """Run an analysis for a Question on the current data.

        Raises
        ------
        QuestionError
            If the data cannot answer it.
        """
        key = f"{'history' if analysis.history else 'answer'}?{question.query()}"

        def answered() -> Answer:
            return self.cached(
                key, lambda snapshot: ask(question, snapshot, history=analysis.history)
            )

        run = {"run": self._run} if analysis.searches else {}
        # The prefix keeps these apart from encoded collections, cached under the command's name.
        named = f"result {analysis.command}?{question.query()}"
        # Asked inside: a result depends on all that its answer was made of.
        return answered(), self.cached(named, lambda _: analysis.compute(answered(), **run))

    def cached(
        self, key: str, build: Callable[[Snapshot], Value], *, snapshot: Snapshot | None = None
    ) -> Value:
        """Return the cached value of a key, built again only when what it read has changed.

        Concurrent callers of one key wait for a single build; other keys are built meanwhile.

        Parameters
        ----------
        key
            Names the value.
        build
            Makes the value of a snapshot. It must read inside all that the value is made of.
        snapshot
            The state to build from; the current one when omitted.
        """
        snapshot = snapshot or self.snapshot()
        entry = self._entry(key, snapshot)
        with entry.lock:
            if not entry.built:
                try:
                    with noting() as reads:
                        entry.value = build(snapshot)
                    # What read nothing was made of a value from outside, and of whatever that
                    # was made of.
                    entry.reads = frozenset(reads) or PARTS
                    entry.built = True
                finally:
                    if not entry.built:
                        self._discard(key, entry)
                self._relist(key, entry)
        note(*entry.reads)
        value: Value = entry.value
        return value

    def _entry(self, key: str, snapshot: Snapshot) -> _CacheEntry:
        """The entry of a key for a state; a new one where there is none that is valid for it."""
        with self._listing:
            self._drop_outdated()
            entry = self._entries.get(key)
            if entry is None or not entry.fits(snapshot.state):
                entry = _CacheEntry(snapshot.state)
                if snapshot is not self._snapshot:
                    # The data has moved on: nobody else asks for this state, so do not cache it.
                    return entry
                self._entries[key] = entry
            self._entries.move_to_end(key)
            if not entry.built:
                self._evict()
            return entry

    def _relist(self, key: str, entry: _CacheEntry) -> None:
        """Put an entry back that was built while something changed that it does not depend on."""
        with self._listing:
            current = self._snapshot
            if current and key not in self._entries and entry.fits(current.state):
                self._entries[key] = entry

    def _drop_outdated(self) -> None:
        """Drop the entries that the present state has made outdated, once for each state."""
        current = self._snapshot
        if current is None or current is self._entries_of:
            return
        self._entries_of = current
        # Builds of an older state that are still running are dropped with the rest.
        for key in [key for key, entry in self._entries.items() if not entry.fits(current.state)]:
            del self._entries[key]

    def _evict(self) -> None:
        """Drop the least recently used entries, but none that is still being built."""
        built = [key for key, entry in self._entries.items() if entry.built]
        size = sum(_bytes(self._entries[key].value) for key in built)
        while len(built) >= MAX_ENTRIES or (size > MAX_BYTES and len(built) > 1):
            size -= _bytes(self._entries.pop(built.pop(0)).value)

    def _discard(self, key: str, entry: _CacheEntry) -> None:
        with self._listing:
            if self._entries.get(key) is entry:
                del self._entries[key]


class SnapshotAnswers(Answers):
    """The same cache seen from one fixed snapshot, so that one request reads one state."""

    def __init__(self, answers: Answers, snapshot: Snapshot | None = None) -> None:
        self._answers = answers
        self._run = answers._run
        self._fixed = snapshot or answers.snapshot()

    def snapshot(self) -> Snapshot:
        """Return the snapshot that was taken at the start."""
        return self._fixed

    def cached(
        self, key: str, build: Callable[[Snapshot], Value], *, snapshot: Snapshot | None = None
    ) -> Value:
        """Return the shared cached value of a key for the fixed snapshot."""
        return self._answers.cached(key, build, snapshot=snapshot or self._fixed)


def _bytes(value: object) -> int:
    """Estimate the memory of a value; answers share their frames, so they count little."""
    return int(getattr(value, "nbytes", 2_000_000))
