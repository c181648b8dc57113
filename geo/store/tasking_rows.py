"""Steps and tasks as rows of `patchmap_tasking_steps` and `patchmap_tasks`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from geo.errors import ConflictError
from geo.store.backend import BulkTables, Row, TaskFeatures, count_change
from geo.store.tasking_contract import StepRecord, TaskingRecord, TaskingSubject, TaskRow

_STEPS: Final = "patchmap_tasking_steps"
_STEP_COLUMNS: Final = ("subject", "record_id", "number", "meeting", "step")
_TASKS: Final = "patchmap_tasks"
_COLUMNS: Final = TaskRow._fields[:-1]
_DAYS: Final = tuple(_COLUMNS.index(name) for name in ("due",))
_MOMENTS: Final = tuple(
    _COLUMNS.index(name) for name in ("waiting_since", "done_at", "raised_at", "updated_at")
)
_MOST_BOUND: Final = 500
"""Values of one statement: a database takes a limited number."""

_MOST_NAMED: Final = 5
"""A first step sets all that there is."""

REDACT: Final = "redact"
"""The kind of a step that says which text was taken out."""
REDACTED: Final = "[redacted]"
"""What stands in place of a redacted text."""
NOTE: Final = "note"
"""The text of a step, among those that can be redacted."""
FINDING: Final = "finding"
"""The text of a result, whose first words say what it is: they stay."""


class TaskingRows:
    """Reads and writes the rows, inside whatever transaction there is."""

    def __init__(self, tables: BulkTables, features: TaskFeatures) -> None:
        self._tables, self._features = tables, features

    def tasks(self) -> list[TaskRow]:
        """Every task, by id."""
        rows = self._tables.rows(
            f"SELECT geom, {', '.join(_COLUMNS)} FROM {_TASKS} ORDER BY task_id"
        )
        wkbs = self._features.from_stored([row[0] for row in rows])
        return [_task(row[1:], wkb) for row, wkb in zip(rows, wkbs, strict=True)]

    def ids(self, subject: TaskingSubject) -> list[str]:
        """The ids of all that there are, in order."""
        sql = f"SELECT record_id FROM {_STEPS} WHERE subject = ? AND number = 1 ORDER BY record_id"
        return [row[0] for row in self._tables.rows(sql, subject)]

    def steps(
        self, subject: TaskingSubject, record_ids: Sequence[str] | None
    ) -> dict[str, list[StepRecord]]:
        """Steps by id.

        Parameters
        ----------
        subject, record_ids
            As `TaskingReader.tasking` takes them.

        Returns
        -------
        The steps, the first one first, by id in the order of ids.
        """
        steps: dict[str, list[StepRecord]] = {}
        for record_id, step in sorted(self._step_rows(subject, record_ids), key=lambda row: row[0]):
            steps.setdefault(record_id, []).append(json.loads(step))
        return steps

    def of_meeting(self, meeting_id: str) -> list[tuple[TaskingSubject, str]]:
        """What had a step in a meeting."""
        rows = self._tables.rows(
            f"SELECT DISTINCT subject, record_id FROM {_STEPS} WHERE meeting = ?", meeting_id
        )
        return sorted((subject, record_id) for subject, record_id in rows)

    def put(self, records: Sequence[TaskingRecord]) -> None:
        """Save new steps.

        Parameters
        ----------
        records
            As `TaskingStore.put_tasking` takes them.

        Raises
        ------
        ConflictError
            As that says.
        """
        for subject in dict.fromkeys(record.subject for record in records):
            own = [record for record in records if record.subject == subject]
            stored = self.steps(subject, [record.record_id for record in own])
            for record in own:
                before = stored.get(record.record_id, [])
                check_version(record, before)
                self._redact(record, before)
        new = (row for record in records for row in _new_rows(record))
        self._tables.insert(_STEPS, _STEP_COLUMNS, new)
        self._put_tasks([(record.task, record.based_on) for record in records if record.task])
        count_change(self._tables, "tasks")

    def _step_rows(
        self, subject: TaskingSubject, record_ids: Sequence[str] | None
    ) -> Iterator[tuple[str, str]]:
        sql = f"SELECT record_id, step FROM {_STEPS} WHERE subject = ?"
        order = " ORDER BY record_id, number"
        if record_ids is None:
            yield from self._tables.rows(sql + order, subject)
            return
        for start in range(0, len(record_ids), _MOST_BOUND):
            some = record_ids[start : start + _MOST_BOUND]
            among = f" AND record_id IN ({', '.join('?' * len(some))})"
            yield from self._tables.rows(sql + among + order, subject, *some)

    def _redact(self, record: TaskingRecord, stored: Sequence[StepRecord]) -> None:
        added = record.steps[len(stored) :]
        redactions = [step["changes"] for step in added if step["kind"] == REDACT]
        for number, (old, new) in enumerate(zip(stored, record.steps, strict=False), start=1):
            if old == new:
                continue
            expected = old
            for one in redactions:
                if one.get("step") == number:
                    expected = without_text(expected, str(one.get("text")))
            if new != expected:
                raise ConflictError(
                    f"step {number} of {_name(record)} differs from the stored one; steps are "
                    "only added"
                )
            self._tables.execute(
                f"UPDATE {_STEPS} SET step = ? WHERE subject = ? AND record_id = ? AND number = ?",
                *(_json(new), record.subject, record.record_id, number),
            )

    def _put_tasks(self, tasks: Sequence[tuple[TaskRow, int]]) -> None:
        if not tasks:
            return
        new = [task for task, based_on in tasks if not based_on]
        with self._features.changing():
            wkbs = self._features.to_stored([task.wkb for task in new])
            rows = ([wkb, *_values(task)] for wkb, task in zip(wkbs, new, strict=True))
            self._tables.insert(_TASKS, ("geom", *_COLUMNS), rows)
            # The geometry stays as it was when the task was raised, and so does its index.
            updates = ", ".join(f"{name} = ?" for name in _COLUMNS[1:])
            for task in (task for task, based_on in tasks if based_on):
                self._tables.execute(
                    f"UPDATE {_TASKS} SET {updates} WHERE task_id = ?",
                    *(*_values(task)[1:], task.task_id),
                )


def check_version(record: TaskingRecord, stored: Sequence[StepRecord]) -> None:
    """Refuse to save over steps that the caller has not read.

    Parameters
    ----------
    record
        What is to be saved.
    stored
        The steps in the store; none where it does not exist.

    Raises
    ------
    ConflictError
        If there are others; the message says who changed what since.
    """
    name, now, based_on = _name(record), len(stored), record.based_on
    if now == based_on:
        return
    if not based_on:
        raise ConflictError(f"{name} already exists, in version {now}; choose another id")
    if now < based_on:
        state = f"is version {now}" if now else "is not there"
        raise ConflictError(f"{name} {state}; you edited version {based_on}")
    since = "; ".join(describe_step(step) for step in stored[based_on:])
    raise ConflictError(
        f"{name} is now version {now}; you edited version {based_on}. Since: {since}"
    )


def text_in(step: StepRecord, text: str) -> str:
    """A text of a step: its note, or one among its changes, such as `title` or `place.label`.

    Parameters
    ----------
    step
        As stores keep it.
    text
        The name of the text.

    Returns
    -------
    The text; '' where the step has none of that name.
    """
    name, _, part = text.partition(".")
    value = step["note"] if text == NOTE else step["changes"].get(name)
    if part:
        value = value.get(part) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def without_text(step: StepRecord, text: str) -> StepRecord:
    """A step in which a text is replaced, and nothing else.

    Parameters
    ----------
    step, text
        As `text_in` takes them.

    Returns
    -------
    A step like it; the same one where it has no such text.
    """
    name, _, part = text.partition(".")
    if not text_in(step, text):
        return step
    if text == NOTE:
        return {**step, "note": REDACTED}
    changes = step["changes"]
    value: object = {**changes[name], part: REDACTED} if part else REDACTED
    if text == FINDING:
        value = f"{changes[name].partition(': ')[0]}: {REDACTED}."
    return {**step, "changes": {**changes, name: value}}


def describe_step(step: StepRecord) -> str:
    """A step in words: what, by whom, when."""
    names = ", ".join(name.replace("_", " ") for name in step["changes"])
    is_change = step["kind"] in {"amend", "set"} and len(step["changes"]) <= _MOST_NAMED
    changed = f" ({names})" if names and is_change else ""
    return f"{step['kind']}{changed} by {step['by']}, {step['at'][:16].replace('T', ' ')} UTC"


def _name(record: TaskingRecord) -> str:
    return f"{record.subject} {record.record_id}"


def _new_rows(record: TaskingRecord) -> Iterator[Row]:
    for number, step in enumerate(record.steps, start=1):
        if number > record.based_on:
            yield (record.subject, record.record_id, number, step["meeting"], _json(step))


def _json(step: StepRecord) -> str:
    return json.dumps(dict(step), ensure_ascii=False, separators=(",", ":"))


def _values(task: TaskRow) -> list[object]:
    values: list[Any] = list(task[:-1])
    for at in _DAYS:
        values[at] = values[at] and values[at].isoformat()
    for at in _MOMENTS:
        values[at] = values[at] and f"{values[at]:%Y-%m-%dT%H:%M:%SZ}"
    return values


def _task(row: Row, wkb: bytes) -> TaskRow:
    values: list[Any] = list(row)
    for at in _DAYS:
        values[at] = date.fromisoformat(values[at]) if values[at] else None
    for at in _MOMENTS:
        # Faster than with its `Z`, which all of them have.
        moment = values[at] and datetime.fromisoformat(values[at][:19])
        values[at] = moment.replace(tzinfo=UTC) if moment else None
    return TaskRow._make([*values, wkb])
