"""What an import of values or entries would do, tried by their readers; nothing is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from api.data.table_form import table_task
from api.data.tried import Preview
from api.imports.table_tasks import TableTask
from api.imports.tables import (
    ValueOptions,
    all_rejected,
    read_table_of_entries,
    read_table_of_values,
)
from api.look.facts import Check, FileFacts
from geo.measures.model import Measure
from geo.store.contract import StoreReader

MOST_TRIED: Final = 200_000
"""Rows of a file that is read at each choice of its form; of more, the import itself tells."""

_MOST_NAMED: Final = 5
"""Measures of a file that are named."""


def table_preview(
    store: StoreReader,
    facts: FileFacts,
    path: Path,
    values: Mapping[str, str],
    *,
    rejects: Path,
) -> Preview:
    """Try an import of values or entries.

    Parameters
    ----------
    store
        Which it would change.
    facts, path, values, rejects
        As `table_task` takes them.

    Raises
    ------
    InputError
        If something is missing, or the file cannot be read.
    """
    measures = store.measures()
    task = table_task(facts, path, values, measures, rejects=rejects)
    if facts.rows and facts.rows > MOST_TRIED:
        line = f"its rows are checked when they are imported, because it has over {MOST_TRIED:,}"
        return Preview(task=task, lines=(line,))
    if isinstance(task.how, ValueOptions):
        return _values(store, task, task.how, measures)
    read = read_table_of_entries(store, path, task.how)
    present = f"{read.rows_present:,} of them are there already" if read.rows_present else ""
    return Preview(
        task=task,
        problem=all_rejected(path, read.rejected, len(read.entries)),
        check=_check(read.rows_read, read.rejected.by_reason),
        lines=tuple(line for line in (present, *read.notices) if line),
    )


def _values(
    store: StoreReader, task: TableTask, how: ValueOptions, measures: Iterable[Measure]
) -> Preview:
    read = read_table_of_values(store, task.file, how)
    known = {one.measure_id: one for one in measures}
    own = {*read.values["measure_id"]}
    described = [one for one in read.measures if one.measure_id in own]
    return Preview(
        task=task,
        problem=all_rejected(task.file, read.rejected, len(read.values)),
        check=_check(read.rows_read, read.rejected.by_reason),
        lines=(
            *_named_lines(described),
            *(
                f"{one.measure_id} is known already, and is described anew by this import"
                for one in described
                if known.get(one.measure_id, one) != one
            ),
            *read.notices,
        ),
    )


def _named_lines(measures: list[Measure]) -> list[str]:
    if not measures:
        return []
    named = "; ".join(
        one.title + (f" ({one.unit})" if one.unit else "") for one in measures[:_MOST_NAMED]
    )
    more = len(measures) - _MOST_NAMED
    return [f"values of: {named}" + (f"; and {more:,} more measures" if more > 0 else "")]


def _check(read: int, reasons: Mapping[str, int]) -> Check:
    return Check(read, read - sum(reasons.values()), dict(reasons))
