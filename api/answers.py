"""Answers of one store, kept in memory for as long as its data stays the same."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from api.snapshot import Snapshot
from geo.analyses import Analysis, AnalysisResult
from geo.analyses.analysis import Runner, run_here
from geo.question.ask import Answer, Question, ask
from geo.store.contract import Store

Value = TypeVar("Value")

KEPT = 96
MOST_BYTES = 1_500_000_000
"""How many things are kept, and about how many bytes of memory they may take in all."""


class _Kept:
    """A thing that is kept, or is being made: those who ask for it meanwhile wait for it."""

    def __init__(self) -> None:
        # One thread may come back for what it is making: an answer made of other answers.
        self.lock = threading.RLock()
        self.made = False
        self.value: Any = None


class Answers:
    """What a service holds of its store: the snapshot, and what was made of it last."""

    def __init__(self, store: Store, *, run: Runner = run_here) -> None:
        self._store = store
        self._run = run
        self._snapshot: Snapshot | None = None
        self._refreshing = threading.Lock()
        self._listing = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._kept_of = ""

    def snapshot(self) -> Snapshot:
        """The store as it is now."""
        # Not under the lock: while a server is away all who ask wait at once, not in turn.
        with self._store.reading():
            version = self._store.data_version()
        with self._refreshing:
            if self._snapshot is None or self._snapshot.data_version() != version:
                self._snapshot = Snapshot(self._store, self._snapshot)
            return self._snapshot

    def ask(self, question: Question) -> Answer:
        """Answer a Question on the data as it is now.

        Raises
        ------
        QuestionError
            If the data cannot answer it.
        """
        return self.keep(f"answer?{question.query()}", lambda snapshot: ask(question, snapshot))

    def find(self, analysis: Analysis, question: Question) -> tuple[Answer, AnalysisResult]:
        """Work an analysis out for a Question on the data as it is now.

        Raises
        ------
        QuestionError
            If the data cannot answer it.
        """
        name = f"{'history' if analysis.history else 'answer'}?{question.query()}"
        answer = self.keep(name, lambda kept: ask(question, kept, history=analysis.history))
        run = {"run": self._run} if analysis.searches else {}
        # Not the command alone: collections of the same name are kept too, encoded.
        name = f"found {analysis.command}?{question.query()}"
        found = self.keep(name, lambda _: analysis.find(answer, **run))
        return answer, found

    def keep(
        self, name: str, make: Callable[[Snapshot], Value], *, seen: Snapshot | None = None
    ) -> Value:
        """Something made of the data, made again only when the data version has moved.

        Each thing is made once however many ask for it; other things are made meanwhile.

        Parameters
        ----------
        seen
            The state that it is to be made of, where the caller has looked already.
        """
        snapshot = seen or self.snapshot()
        version = str(snapshot.data_version())
        with self._listing:
            if self._kept_of != version:
                if snapshot is not self._snapshot:
                    return make(snapshot)  # the data moved on just now: nobody will ask for it
                # What is being made now of the older state is let go of with the rest.
                self._kept.clear()
                self._kept_of = version
            kept = self._kept.setdefault(name, _Kept())
            self._kept.move_to_end(name)
            if not kept.made:
                self._make_room()
        with kept.lock:
            if not kept.made:
                try:
                    kept.value = make(snapshot)
                    kept.made = True
                finally:
                    if not kept.made:
                        self._forget(name, kept)
        found: Value = kept.value
        return found

    def _make_room(self) -> None:
        """Let go of what was asked for longest ago, but of nothing that is being made."""
        made = [name for name, kept in self._kept.items() if kept.made]
        size = sum(_bytes(self._kept[name].value) for name in made)
        while len(made) >= KEPT or (size > MOST_BYTES and len(made) > 1):
            size -= _bytes(self._kept.pop(made.pop(0)).value)

    def _forget(self, name: str, kept: _Kept) -> None:
        with self._listing:
            if self._kept.get(name) is kept:
                del self._kept[name]


class Reading(Answers):
    """The same answers for one reader: it looks at the store once, and sees one state of it."""

    def __init__(self, answers: Answers, seen: Snapshot | None = None) -> None:
        self._answers = answers
        self._run = answers._run
        self._seen = seen or answers.snapshot()

    def snapshot(self) -> Snapshot:
        """The store as it was when the reader came."""
        return self._seen

    def keep(
        self, name: str, make: Callable[[Snapshot], Value], *, seen: Snapshot | None = None
    ) -> Value:
        """As for everyone, of the state that the reader sees."""
        return self._answers.keep(name, make, seen=seen or self._seen)


def _bytes(value: object) -> int:
    """About how many bytes something takes; answers share their frames, so they count little."""
    return int(getattr(value, "nbytes", 2_000_000))
