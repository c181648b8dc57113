"""Copies everything from one store to another, whatever their backends."""

from __future__ import annotations

from collections.abc import Callable

from geo.errors import ConflictError
from geo.store.contract import Store
from geo.store.tasking_contract import TASKING_SUBJECTS, TaskingRecord


def copy_store(
    source: Store, target: Store, *, on_part: Callable[[str], None] = lambda _name: None
) -> None:
    """Copy layers, incidents, measures, entries, settings, plans, tasks … into an empty store.

    Of the imports the current ones are copied, without the rows that they replaced: undoing one in
    the copy removes its rows and restores none.

    Parameters
    ----------
    source
        The store to read, in one state.
    target
        The store to fill, in one transaction.
    on_part
        Called with the name of each layer and partition before it is copied.

    Raises
    ------
    ConflictError
        If the target is not empty, or has another working CRS or coordinate operation.
    """
    if holds_data(target):
        raise ConflictError("the store to copy to already holds data; name a new one")
    if target.projection != source.projection:
        raise ConflictError(
            f"the stores have different coordinates: {source.projection.crs}, "
            f"{source.projection.description} and {target.projection.crs}, "
            f"{target.projection.description}; name a new store to copy to"
        )
    with source.reading(), target.transaction():
        for metadata in source.layers():
            on_part(metadata.layer_id)
            target.put_layer(*source.features(metadata.layer_id))
        for record in source.imports():
            on_part(record.partition_id)
            # As rows, not from files, which may be gone and would be checked anew.
            lives = source.import_lives(record.import_id) if record.extracted else None
            target.adopt_import(record, source.import_rows(record.import_id), lives)
        # After the rows: those of a store whose erasure was broken off go here too.
        target.put_erasures(source.erasures())
        _copy_measures(source, target, on_part)
        for key, value in source.settings().items():
            target.put_setting(key, value)
        for basemap in source.basemaps():
            on_part(basemap["basemap_id"])
            target.put_basemap(basemap, source.basemap_tiles(basemap["basemap_id"]))
        for summary in source.plans():
            plan = source.plan(summary["plan_id"])
            target.put_plan(plan, based_on=0, updated_at=summary["updated_at"])
            target.add_plan_comments(source.plan_comments(summary["plan_id"]))
        _copy_tasking(source, target)


def holds_data(store: Store) -> bool:
    """Whether anything was ever added to a store, even if it was undone since."""
    return bool(
        store.layers()
        or store.imports(history=True)
        or store.plans()
        or store.measures()
        or store.table_imports()
        or any(store.tasking_ids(subject) for subject in TASKING_SUBJECTS)
    )


def _copy_measures(source: Store, target: Store, on_part: Callable[[str], None]) -> None:
    for measure in source.measures():
        target.put_measure(measure)
    for record in source.table_imports():
        if record.state == "current":
            on_part(record.file)
            target.adopt_table_import(record, source.table_import_rows(record.import_id))


def _copy_tasking(source: Store, target: Store) -> None:
    rows = {task.task_id: task for task in source.tasks()}
    records = [
        TaskingRecord(
            subject, own, steps, based_on=0, task=rows[own] if subject == "task" else None
        )
        for subject in TASKING_SUBJECTS
        for own, steps in source.tasking(subject).items()
    ]
    if records:
        target.put_tasking(records)
