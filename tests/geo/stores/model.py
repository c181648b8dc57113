"""The contract of imports as plain dicts, to hold a real store against."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.geo.stores.parts import CURRENT, REPLACED, UNDONE, Row

Rows = dict[str, Row]


@dataclass
class Import:
    """One import of the model: what it covers, and the rows of its partition before it."""

    name: str
    content: str
    keyed: bool
    before: Rows
    earlier: list[int]
    state: str = CURRENT


@dataclass
class Model:
    """Partitions by name, each with its rows by id; imports are numbered from 0."""

    rows: dict[str, Rows] = field(default_factory=dict)
    imports: list[Import] = field(default_factory=list)
    counter: int = 0

    def current(self, name: str) -> list[int]:
        """The current imports of a partition, the oldest first."""
        return [
            number
            for number, one in enumerate(self.imports)
            if one.name == name and one.state == CURRENT
        ]

    def is_twin(self, name: str, content: str) -> bool:
        """Whether another partition holds this file now."""
        return any(
            one.state == CURRENT and one.content == content and one.name != name
            for one in self.imports
        )

    def put(self, name: str, rows: list[Row], *, content: str, keyed: bool) -> str:
        """Import; tells what changed, `refused` for a twin."""
        now, before = self.current(name), self.rows.get(name, {})
        if now and self.imports[now[-1]].content == content:
            return "unchanged"
        if self.is_twin(name, content):
            return "refused"
        new = {row.key: row for row in rows}
        after = {**before, **new} if keyed else new
        if keyed and now and after == before:
            return "unchanged"
        earlier = [] if keyed else now
        for number in earlier:
            self.imports[number].state = REPLACED
        self.imports.append(Import(name, content, keyed, before, earlier))
        self.rows[name] = after
        self.counter += 1
        return "added" if not now else "updated" if keyed else "replaced"

    def undo(self, number: int) -> str:
        """Take an import back; `refused` where that is out of order."""
        one = self.imports[number]
        if self.current(one.name)[-1:] != [number]:
            return "refused"
        self.rows[one.name] = one.before
        one.state = UNDONE
        for earlier in one.earlier:
            self.imports[earlier].state = CURRENT
        self.counter += 1
        return "undone"

    @property
    def all_rows(self) -> list[Row]:
        """All rows of all partitions."""
        return [row for rows in self.rows.values() for row in rows.values()]
