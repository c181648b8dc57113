"""In-memory cache of answers, each valid while what it read of the store stays as it is."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any, TypeVar

from api.calls import SharedDemand, changed
from api.identity.view import DataView
from api.limited import LimitedSnapshot, LimitedSnapshots
from api.load.memory import MemoryBudget
from api.load.turns import Turns
from api.reads import PARTS, Part, State, note, noting
from api.settings import CACHE_BYTES, processors
from api.snapshot import Snapshot
from geo.analyses import Analysis, AnalysisResult
from geo.analyses.analysis import Runner, run_here
from geo.checkpoints import checkpoint, demanded_by
from geo.errors import PatchmapError, QuestionError, raised_anew
from geo.question.ask import Answer, Question, default_layer, in_terms_of
from geo.question.layer_index import LayerIndexes
from geo.question.subjects import AnswerSubject, versioned
from geo.store.contract import Store

Value = TypeVar("Value")

MAX_ENTRIES = 400
"""How many entries the cache holds at most; the memory of all caches has a bound of its own."""


class _CacheEntry:
    """Cache entry; concurrent callers wait until one of them has built it.

    Attributes
    ----------
    demand
        All who wait for it.
    building, led
        Whether a thread builds it, or waits for its turn to do so.
    error
        Why it could not be built: the same for all who waited for it.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        # Until it is built, anything may be read for it.
        self.reads: frozenset[Part] = PARTS
        self.demand = SharedDemand()
        self.built = self.building = self.led = False
        self.used = time.monotonic()
        self.value: Any = None
        self.error: PatchmapError | None = None

    @property
    def is_done(self) -> bool:
        """Whether it is built, or will never be."""
        return self.built or self.error is not None

    def fits(self, state: State) -> bool:
        """Whether the value is that of a state too: all that was read for it is the same there."""
        return all(self._state[part] == state[part] for part in self.reads)

    def begin(self) -> bool:
        """Let this thread build it; False where another one does or did."""
        with changed:
            if self.building or self.is_done:
                return False
            self.building = True
            return True

    def lead(self) -> bool:
        """Let this thread wait for the turn to build it; False where another one does."""
        with changed:
            if self.led or self.building or self.is_done:
                return False
            self.led = True
            return True


class Answers:
    """Answers about one store, and the snapshot of it that they are computed from."""

    def __init__(
        self,
        store: Store,
        *,
        run: Runner = run_here,
        turns: Turns | None = None,
        memory: MemoryBudget | None = None,
    ) -> None:
        self._store = store
        self._run = run
        self.turns = turns or Turns(processors())
        self._snapshot: Snapshot | None = None
        self._refreshing = threading.Lock()
        self._listing = threading.Lock()
        self._memory = memory or MemoryBudget(CACHE_BYTES)
        self._memory.shared = self._of_the_store
        self._memory.watch(self)
        self._indexes = LayerIndexes()
        self._memory.watch(self._indexes)
        self._limited = LimitedSnapshots()
        self._memory.watch(self._limited)
        self._entries: OrderedDict[str, _CacheEntry] = OrderedDict()
        self._entries_of: Snapshot | None = None

    def snapshot(self) -> Snapshot:
        """Return the current state of the store, read again when its data version or day moved."""
        # Outside the lock: while a database server is down, all callers wait at once, not in turn.
        with self._store.reading():
            version = self._store.data_version()
        with self._refreshing:
            current = self._snapshot
            if not (current and current.data_version() == version and current.is_of_today()):
                self._snapshot = current = Snapshot(self._store, current)
            return current

    def limited_snapshot(self, view: DataView) -> LimitedSnapshot:
        """Return the current state of the store as a view shows it; the same for equal views."""
        return self._limited.of(self.snapshot(), view)

    def of(self, view: DataView) -> Answers:
        """Return the answers to somebody who has a view of the data."""
        return LimitedAnswers(self, view) if view.fingerprint else self

    def ask(self, question: Question, *, subject: AnswerSubject = "incidents") -> Answer:
        """Answer a Question on the current data.

        Parameters
        ----------
        question
            What is asked.
        subject
            What it is asked of.

        Raises
        ------
        QuestionError
            If the data cannot answer it.
        """
        return self._answer_of(question, self.snapshot(), subject=subject)

    def ask_history(self, question: Question, *, subject: AnswerSubject = "incidents") -> Answer:
        """Answer a Question on the current data, with the incidents of the years before.

        Parameters
        ----------
        question
            What is asked.
        subject
            What it is asked of: of measures it is answered without incidents too.

        Raises
        ------
        QuestionError
            If the data cannot answer it.
        """
        return self._answer_of(question, self.snapshot(), history=True, subject=subject)

    def _answer_of(
        self,
        question: Question,
        snapshot: Snapshot,
        *,
        history: bool = False,
        subject: AnswerSubject = "incidents",
    ) -> Answer:
        """The Answer of a state of the data; with and without the default layer's name the same."""
        narrowed = snapshot.narrowed(question)
        named = replace(narrowed, layer=narrowed.layer or default_layer(snapshot))
        kind = "history" if history else "answer"
        of = "" if subject == "incidents" else f" of {subject}"
        key = f"{kind}{of}?{named.query()}"
        return self.cached(
            key,
            lambda state: self._new(named, state, history=history, subject=subject),
            snapshot=snapshot,
        )

    def _new(
        self, question: Question, snapshot: Snapshot, *, history: bool, subject: AnswerSubject
    ) -> Answer:
        """An Answer, of the same incidents as one that was given before where it can be."""
        selection = question.selection
        if subject == "measures" and snapshot.incident_count():
            # The same incidents as all others ask about: they are selected and located once.
            try:
                same = self._answer_of(question, snapshot, history=history)
            except QuestionError as refusal:
                if refusal.option not in ("period", "datetime"):
                    raise
            else:
                return versioned(same, subject, snapshot)
        if selection == question:
            return snapshot.answered(
                question, history=history, indexes=self._indexes, subject=subject
            )
        same = self._answer_of(selection, snapshot, history=history, subject=subject)
        return versioned(in_terms_of(same, question), subject, snapshot)

    def result(self, analysis: Analysis, question: Question) -> tuple[Answer, AnalysisResult]:
        """Run an analysis for a Question on the current data.

        Raises
        ------
        QuestionError
            If the data cannot answer it.
        """
        # One for both: the data may change between the result and its answer.
        state = self.snapshot()

        def answered() -> Answer:
            return self._answer_of(
                question, state, history=analysis.history, subject=analysis.subject
            )

        run = {"run": self._search} if analysis.searches else {}
        # The prefix keeps these apart from encoded collections, cached under the command's name.
        named = f"result {analysis.command}?{question.query()}"
        # Asked inside: a result depends on all that its answer was made of. And first: so both
        # are worked out in one turn.
        result = self.cached(named, lambda _: analysis.compute(answered(), **run), snapshot=state)
        return answered(), result

    def _search(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Run a search elsewhere; meanwhile another question has the turn."""
        with self.turns.paused():
            return self._run(function, *args, **kwargs)

    def cached(
        self,
        key: str,
        build: Callable[[Snapshot], Value],
        *,
        snapshot: Snapshot | None = None,
        light: bool = False,
    ) -> Value:
        """Return the cached value of a key, built again only when what it read has changed.

        Concurrent callers of one key wait for a single build, which needs a turn; it stops when
        the last of them has left.

        Parameters
        ----------
        key
            Names the value.
        build
            Makes the value of a snapshot. It must read inside all that the value is made of.
        snapshot
            The state to build from; the current one when omitted.
        light
            Whether building it takes so little that it needs no turn.

        Raises
        ------
        BusyError
            If it must be built and too many wait for their turn already.
        StoppedError
            If the caller has left, or their time is over.
        """
        checkpoint()
        snapshot = snapshot or self.snapshot()
        entry = self._entry(key, snapshot)
        if not entry.built:
            try:
                with entry.demand.joined():
                    self._complete(key, entry, lambda: build(snapshot), light=light)
            finally:
                if not entry.built and entry.demand.is_empty:
                    self._discard(key, entry)
        entry.used = time.monotonic()
        note(*entry.reads)
        value: Value = entry.value
        return value

    def entries(self) -> list[tuple[float, Hashable, object]]:
        """When each entry that is built was last used, its key and its value."""
        with self._listing:
            return [(one.used, key, one.value) for key, one in self._entries.items() if one.built]

    def drop(self, key: Hashable) -> None:
        """Forget an entry."""
        with self._listing:
            self._entries.pop(str(key), None)

    def _of_the_store(self) -> list[object]:
        """What answers refer to but the snapshot holds anyway."""
        return [self, self._snapshot, *(self._snapshot.contents() if self._snapshot else [])]

    def _complete(
        self, key: str, entry: _CacheEntry, build: Callable[[], object], *, light: bool
    ) -> None:
        """Build an entry when it is this thread's turn, unless another one does so before."""
        turns = self.turns
        while not entry.is_done:
            if light or turns.taken_here:
                if entry.begin():
                    self._build(key, entry, build)
                else:
                    with turns.paused():
                        turns.wait(lambda: entry.is_done or not entry.building)
            elif entry.lead():
                if self._take_turn(entry):
                    with turns.holding():
                        if entry.begin():
                            self._build(key, entry, build)
            else:
                turns.wait(lambda: entry.is_done or not (entry.building or entry.led))
        if entry.error is not None:
            raise raised_anew(entry.error)

    def _take_turn(self, entry: _CacheEntry) -> bool:
        """Wait for the turn to build an entry, for all who want it; False if it is needless."""
        try:
            with demanded_by(entry.demand):
                return self.turns.take(unless=lambda: entry.building or entry.is_done)
        finally:
            with changed:
                entry.led = False
                changed.notify_all()

    def _build(self, key: str, entry: _CacheEntry, build: Callable[[], object]) -> None:
        try:
            # For all who want it: the work goes on while any of them still waits.
            with demanded_by(entry.demand), noting() as reads:
                entry.value = build()
            # What read nothing was made of a value from outside, and of whatever that
            # was made of.
            entry.reads = frozenset(reads) or PARTS
            entry.built = True
        except PatchmapError as error:
            entry.error = error
        finally:
            if not entry.built:
                self._discard(key, entry)
            with changed:
                entry.building = False
                changed.notify_all()
        if entry.built:
            self._relist(key, entry)
            self._memory.added(entry.value)

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
        for key in built[: max(0, len(built) - MAX_ENTRIES + 1)]:
            del self._entries[key]

    def _discard(self, key: str, entry: _CacheEntry) -> None:
        with self._listing:
            if self._entries.get(key) is entry:
                del self._entries[key]


class LimitedAnswers(Answers):
    """Answers to people who share a view of the data, in the cache of all.

    What they are given is cached under the view's fingerprint: nobody with another one gets it.
    """

    def __init__(self, answers: Answers, view: DataView) -> None:
        self._answers, self._view = answers, view
        self._indexes = answers._indexes
        self._run = answers._run
        self.turns = answers.turns

    def snapshot(self) -> Snapshot:
        """Return the current state of the store as the view shows it."""
        return self._answers.limited_snapshot(self._view)

    def cached(
        self,
        key: str,
        build: Callable[[Snapshot], Value],
        *,
        snapshot: Snapshot | None = None,
        light: bool = False,
    ) -> Value:
        """Return the cached value of a key for people of this view."""
        state = snapshot or self.snapshot()
        return self._answers.cached(
            f"{self._view.fingerprint} {key}",
            lambda _: build(state),
            snapshot=state.whole,
            light=light,
        )


class SnapshotAnswers(Answers):
    """The same cache seen from one fixed snapshot, so that one request reads one state."""

    def __init__(self, answers: Answers, snapshot: Snapshot | None = None) -> None:
        self._answers = answers
        self._indexes = answers._indexes
        self._run = answers._run
        self.turns = answers.turns
        self._fixed = snapshot or answers.snapshot()

    def snapshot(self) -> Snapshot:
        """Return the snapshot that was taken at the start."""
        return self._fixed

    def cached(
        self,
        key: str,
        build: Callable[[Snapshot], Value],
        *,
        snapshot: Snapshot | None = None,
        light: bool = False,
    ) -> Value:
        """Return the shared cached value of a key for the fixed snapshot."""
        return self._answers.cached(key, build, snapshot=snapshot or self._fixed, light=light)
