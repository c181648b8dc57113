"""An import or an undo as one piece of work, which can be sent to another process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from api.formats.points import as_spreadsheets
from api.formats.rejects import RejectsFile
from api.imports.assessed import assess_after_import
from api.imports.attributes import JoinOptions, add_attributes
from api.imports.feature_layers import put_any_layer
from api.imports.incidents import (
    Imported,
    halves_of,
    import_lines,
    import_partition,
    mapped_partitions,
    refuse_repeated,
    refuse_unmatched,
)
from api.imports.layers import ReadingOptions, read_content
from api.imports.layers import undone_line as undone_layer_line
from api.imports.names import names_lines
from api.imports.outcome import FileAccounts, Outcome, Undoable
from api.imports.records import undone_line
from api.imports.table_tasks import (
    TableTask,
    run_table_task,
    undo_table,
    undone_table_line,
)
from boundaries.gazetteer.folder import GazetteerFolder
from boundaries.gazetteer.names import NameBatch
from geo.formats.bounded import read_input
from geo.incidents import Partition
from geo.sources.police_uk import read_police_uk
from geo.store.contract import LayerMetadata, Store
from geo.temporary import TemporaryFolder


@dataclass(frozen=True)
class IncidentsTask:
    """Import the incidents of a file.

    Attributes
    ----------
    mapping
        The mapping file; None for street-level files of data.police.uk.
    layer
        The layer of a file of points that has several.
    rejects
        Where rejected rows are written.
    halves
        Months that were published twice, as `halves_of` reads them.
    extracted
        Of which day the file is an extract, for a mapping with `[life]`; None for what it states,
        or today.
    by
        Who has it done; '' for the user who runs this process.
    """

    file: Path
    rejects: Path
    mapping: Path | None = None
    partition: str = ""
    layer: str = ""
    halves: tuple[str, ...] = ()
    extracted: date | None = None
    by: str = ""


@dataclass(frozen=True)
class LayerTask:
    """Add or replace a layer."""

    file: Path
    metadata: LayerMetadata
    how: ReadingOptions
    by: str = ""


@dataclass(frozen=True)
class FiguresTask:
    """Add figures to the areas of a layer."""

    file: Path
    how: JoinOptions
    by: str = ""


@dataclass(frozen=True)
class NamesTask:
    """Add names to find places by.

    Attributes
    ----------
    folder
        Of the store's gazetteer.
    layer, name_field
        Of a layer file: which layer, and which field holds the names.
    """

    file: Path
    folder: Path
    layer: str = ""
    name_field: str = ""
    by: str = ""


@dataclass(frozen=True)
class UndoTask:
    """Undo one or more changes, the last one first."""

    changes: tuple[Undoable, ...]


Task = IncidentsTask | LayerTask | FiguresTask | NamesTask | TableTask | UndoTask


def signed(task: Task, by: str) -> Task:
    """Return a task that is done in somebody's name; an undo names nobody."""
    return task if isinstance(task, UndoTask) else replace(task, by=by)


@dataclass
class _Notices:
    lines: list[str] = field(default_factory=list)

    def __call__(self, line: str) -> None:
        self.lines.append(line)


def run_task(task: Task, store: Store, on_rows: Callable[[int], None]) -> Outcome:
    """Do a task.

    Parameters
    ----------
    task
        What to do.
    store
        Where.
    on_rows
        Called with the number of rows of each batch of incidents that was written.

    Raises
    ------
    PatchmapError
        If it is refused; the store is then as it was before.
    """
    match task:
        case IncidentsTask():
            return _import_incidents(task, store, on_rows)
        case LayerTask():
            return _add_layer(task, store)
        case FiguresTask():
            return _add_figures(task, store)
        case NamesTask():
            return _add_names(task, store, on_rows)
        case TableTask():
            return run_table_task(task, store)
        case UndoTask():
            return _undo(task, store)


def _import_incidents(task: IncidentsTask, store: Store, on_rows: Callable[[int], None]) -> Outcome:
    notices = _Notices()
    with TemporaryFolder() as folder, RejectsFile(task.rejects) as rejected:
        parts = _partitions(task, store, Path(folder), notices)
        refuse_repeated(parts)
        with store.transaction():
            imported = [
                import_partition(store, part, rejected, on_rows=on_rows, by=task.by)
                for part in parts
            ]
            rejected.complete()
    assessed = assess_after_import(store)
    accounts = [_accounts(store, each, part) for each, part in zip(imported, parts, strict=True)]
    extracts = [line for each in imported for line in each.extract_lines]
    warnings = [line for each in imported for line in each.warnings]
    made = [
        Undoable("import", each.record.import_id) for each in imported if each.change != "unchanged"
    ]
    return Outcome(
        lines=tuple(import_lines(imported)),
        notices=tuple(dict.fromkeys([*extracts, *notices.lines, *warnings, *assessed])),
        files=tuple(accounts),
        made=tuple(made),
        rejects=rejected.rows,
        doubles=tuple(double for each in imported for double in each.doubles),
    )


def _partitions(
    task: IncidentsTask, store: Store, folder: Path, notify: Callable[[str], None]
) -> list[Partition]:
    if task.mapping is None:
        halves = halves_of(task.halves)
        parts = list(
            read_police_uk(task.file, store.projection, partition=task.partition, halves=halves)
        )
        refuse_unmatched(halves, parts)
        return parts
    from geo.sources.mapping import read_mapping  # noqa: PLC0415 - workbooks load slowly

    content = read_input(task.mapping)
    mapping = read_mapping(content, file=task.mapping.name, folder=task.mapping.parent)
    files = as_spreadsheets(
        [task.file], folder, mapping.where.columns, layer=task.layer, notify=notify
    )
    return mapped_partitions(
        files,
        mapping,
        name=task.partition,
        projection=store.projection,
        extracted=task.extracted,
    )


def _accounts(store: Store, imported: Imported, part: Partition) -> FileAccounts:
    record = imported.record
    unchanged = 0
    if imported.change == "unchanged":
        unchanged = record.rows_accepted
    elif part.keyed:
        written = {*store.import_rows(record.import_id)["incident_id"]}
        lives = store.import_lives(record.import_id).lives
        written.update(lives.index[lives["vanished"].isna()])
        unchanged = record.rows_accepted - len(written)
    return FileAccounts(
        file=record.file,
        change=imported.change,
        read=record.rows_read,
        accepted=record.rows_accepted,
        replaced=0 if imported.change == "unchanged" else record.rows_replaced,
        unchanged=unchanged,
        rejected=record.rejected_by_reason,
    )


def _add_layer(task: LayerTask, store: Store) -> Outcome:
    notices = _Notices()
    content = read_content(task.file, task.how, notify=notices)
    stored = put_any_layer(store, content, task.metadata, task.how, by=task.by)
    metadata = stored.layer.metadata
    return Outcome(
        lines=tuple(stored.lines),
        notices=tuple(notices.lines),
        made=_last_change(store, metadata.layer_id),
        layer=metadata.layer_id,
        has_areas=metadata.kind == "areas",
    )


def _add_figures(task: FiguresTask, store: Store) -> Outcome:
    notices = _Notices()
    joined = add_attributes(store, task.file, task.how, notify=notices, by=task.by)
    layer_id = joined.metadata.layer_id
    lines, made = tuple(joined.lines), _last_change(store, layer_id)
    return Outcome(lines, tuple(notices.lines), made=made, layer=layer_id)


def _add_names(task: NamesTask, store: Store, on_rows: Callable[[int], None]) -> Outcome:
    from boundaries.gazetteer.read import recognise  # noqa: PLC0415 - readers take a moment

    notices = _Notices()
    source = recognise(
        task.file,
        projection=store.projection,
        layer=task.layer,
        name_field=task.name_field,
        notify=notices,
    )

    def counted(batches: Iterator[NameBatch]) -> Iterator[NameBatch]:
        for batch in batches:
            yield batch
            on_rows(batch.read)

    facts = GazetteerFolder(task.folder).add(source, crs=store.projection.crs, progress=counted)
    return Outcome(tuple(names_lines(facts)), tuple(notices.lines))


def _last_change(store: Store, layer_id: str) -> tuple[Undoable, ...]:
    changes = [change for change in store.layer_changes() if change.layer_id == layer_id]
    return (Undoable("layer", changes[-1].change_id),)


def _undo(task: UndoTask, store: Store) -> Outcome:
    lines = []
    with store.transaction():
        for change in sorted(task.changes, key=lambda one: one.number, reverse=True):
            if change.kind == "import":
                lines.append(undone_line(store.undo_import(change.number)))
            elif change.kind == "layer":
                lines.append(undone_layer_line(store.undo_layer_change(change.number)))
            else:
                record = undo_table(store, change.number, change.kind)
                lines.append(undone_table_line(record))
    return Outcome(tuple(lines))
