"""Whatever the order of imports and undos, a store holds what plain dicts would hold."""

from __future__ import annotations

from itertools import count

import pandas as pd
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from geo.errors import ConflictError
from geo.store.contract import ImportRecord, Store, Window
from tests.geo.stores.model import Model
from tests.geo.stores.parts import Row, as_tuples, counters, frame, part

NAMES = st.sampled_from(["north", "south"])
KEYED = "list"
KEYS = st.lists(st.integers(0, 5), max_size=4, unique=True)
CATEGORIES = st.sampled_from(["noise", "litter"])
SPLIT = pd.Timestamp("2024-01-03T00:00:00Z")

_numbers = count()


class Imports(RuleBasedStateMachine):
    """Imports of two replaced partitions and a keyed one, of a source of this run's own.

    Every run goes on with the same store, because a new one is slow to make.
    """

    store: Store

    @initialize()
    def begin(self) -> None:
        self.source = f"s{next(_numbers)}"
        self.model = Model()
        self.ids: list[int] = []
        self.counter = counters(self.store)[0]

    def rows(self, name: str, keys: list[int], category: str) -> list[Row]:
        start = f"{self.source}/{name}:"
        return [Row(f"{start}{key}", category, f"2024-01-0{key + 1}T12:00:00") for key in keys]

    def import_(self, name: str, rows: list[Row], *, content: str, keyed: bool) -> None:
        one = part(
            rows, content=content, source=self.source, name=name, month="", keyed=keyed,
            batch_rows=2, rejected=["no date"],
        )  # fmt: skip
        known = len(self.model.imports)
        expected = self.model.put(name, rows, content=content, keyed=keyed)
        try:
            with self.store.transaction():
                change, record = self.store.put_partition(one)
        except ConflictError:
            assert expected == "refused"
            return
        assert change == expected
        if len(self.model.imports) > known:
            self.ids.append(record.import_id)
            assert (record.rows_accepted, record.rows_rejected) == (len(rows), 1)
        else:
            assert record.import_id == self.ids[self.model.current(name)[-1]]

    @rule(name=NAMES, keys=KEYS, category=CATEGORIES)
    def replace(self, name: str, keys: list[int], category: str) -> None:
        rows = self.rows(name, keys, category)
        self.import_(name, rows, content=repr(rows), keyed=False)

    @rule(name=NAMES)
    def import_a_file_of_one_content(self, name: str) -> None:
        self.import_(name, self.rows(name, [1, 2], "noise"), content="one", keyed=False)

    @rule(keys=KEYS, category=CATEGORIES, again=st.booleans())
    def update(self, keys: list[int], category: str, again: bool) -> None:
        rows = self.rows(KEYED, keys, category)
        content = repr(rows) if again else f"{rows} {len(self.model.imports)}"
        self.import_(KEYED, rows, content=content, keyed=True)

    @rule(keys=KEYS, category=CATEGORIES)
    def fail_in_the_middle(self, keys: list[int], category: str) -> None:
        rows = self.rows("north", keys, category)
        one = part(rows, source=self.source, name="north", month="", fails=ZeroDivisionError())
        try:
            with self.store.transaction():
                self.store.put_partition(one)
        except (ZeroDivisionError, ConflictError):
            return
        assert self.store.imports() == self.store.imports()  # the same file: it was not read

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), latest=st.booleans())
    def undo(self, data: st.DataObject, latest: bool) -> None:
        last = len(self.ids) - 1
        number = last if latest else data.draw(st.integers(0, last))
        if self.twin_would_come_back(number):
            return
        expected = self.model.undo(number)
        try:
            with self.store.transaction():
                self.store.undo_import(self.ids[number])
        except ConflictError:
            assert expected == "refused"
        else:
            assert expected == "undone"

    def twin_would_come_back(self, number: int) -> bool:
        one = self.model.imports[number]
        earlier = [self.model.imports[before] for before in one.earlier]
        return any(self.model.is_twin(before.name, before.content) for before in earlier)

    @invariant()
    def incidents_are_those_of_the_model(self) -> None:
        incidents = self.store.incidents()
        assert self.store.incident_count() == len(incidents)
        mine = incidents[incidents["source"] == self.source].reset_index(drop=True)
        assert as_tuples(mine) == as_tuples(frame(self.model.all_rows, source=self.source))

    @invariant()
    def imports_are_those_of_the_model(self) -> None:
        history = self.mine(self.store.imports(history=True))
        assert [record.import_id for record in history] == self.ids
        assert [record.state for record in history] == [one.state for one in self.model.imports]
        current = self.mine(self.store.imports())
        assert {record.import_id for record in current} == {
            record.import_id for record in history if record.state == "current"
        }
        assert counters(self.store)[0] == self.counter + self.model.counter

    def teardown(self) -> None:
        expected = frame(self.model.all_rows, source=self.source)
        early = self.store.incidents(Window(pd.Timestamp("2024-01-01", tz="UTC"), SPLIT))
        early = early[early["source"] == self.source]
        assert as_tuples(early) == as_tuples(expected[expected["occurred_from"] < SPLIT])

    def mine(self, records: list[ImportRecord]) -> list[ImportRecord]:
        return [record for record in records if record.source == self.source]


def test_a_store_holds_what_plain_dicts_would_hold(store):
    machine = type("ImportsOfStore", (Imports,), {"store": store})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=15,
            stateful_step_count=10,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
