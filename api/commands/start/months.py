"""Which months of a force the downloads give, and their import."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from api.commands.context import CommandContext, with_progress
from api.commands.incidents import files_wanted
from api.commands.start.downloads import Downloads
from api.commands.start.recognise import STREET_COLUMNS, IncidentFile
from api.formats.rejects import RejectsFile
from api.imports.incidents import Imported, import_partition
from geo.crs import Projection
from geo.errors import ConflictError, InputError
from geo.incidents import Partition
from geo.sources.police_uk import partition_of
from geo.store.contract import Store

REJECTS: Final = Path("rejects")
"""The folder of the files of rejected rows, one for each month."""


@dataclass(frozen=True)
class ChosenMonth:
    """A month of the force, from the newest download that holds it."""

    file: IncidentFile
    partition: Partition

    @property
    def month(self) -> str:
        """As `YYYY-MM`."""
        return self.file.file.month


def choose_months(
    downloads: Downloads, force: str, first: str, last: str, projection: Projection
) -> list[ChosenMonth]:
    """Choose a file for each month; those that cannot be read are noted as unused.

    Parameters
    ----------
    first, last
        The months wanted, as `YYYY-MM`; '' for all that there are.
    """
    wanted = files_wanted(force, first, last)
    latest: defaultdict[Path, str] = defaultdict(str)
    for each in downloads.incidents:
        latest[_root(each)] = max(latest[_root(each)], each.file.month)
    by_month: dict[str, IncidentFile] = {}
    # An archive of a later month has what was corrected since.
    for each in sorted(
        downloads.incidents, key=lambda each: (latest[_root(each)], _root(each) != Path())
    ):
        if wanted(each.file):
            by_month[each.file.month] = each
    chosen = []
    for month, file in with_progress(sorted(by_month.items()), "Reading", total=len(by_month)):
        try:
            part = partition_of(file.file, projection)
        except InputError as error:
            downloads.unused[file.source.by_hand.with_name(file.file.name)] = str(error)
            continue
        if set(part.fields) >= STREET_COLUMNS:
            chosen.append(ChosenMonth(file, part))
        else:
            lacking = ", ".join(sorted(STREET_COLUMNS - set(part.fields)))
            reason = f"{month}: no street-level file, it lacks {lacking}"
            downloads.unused[file.source.by_hand.with_name(file.file.name)] = reason
    return chosen


def _root(file: IncidentFile) -> Path:
    """The archive of a file, or the folder of all that lie unpacked."""
    source = file.source.by_hand
    return source if source.suffix.lower() == ".zip" else Path()


def unpublished_months(downloads: Downloads, force: str) -> set[str]:
    """Months that an archive of other forces holds, and none of this one."""
    by_force: defaultdict[str, set[str]] = defaultdict(set)
    for each in downloads.incidents:
        by_force[each.file.force].add(each.file.month)
    own = by_force.pop(force, set())
    return set().union(*by_force.values()) - own


def new_months(store: Store, months: Iterable[ChosenMonth]) -> tuple[list[ChosenMonth], list[str]]:
    """The months that the store has not, or from another file; and those undone by hand."""
    latest = {record.partition_id: record for record in store.imports(history=True)}
    new, undone = [], []
    for each in months:
        record = latest.get(each.partition.partition_id)
        # A month that was published twice and counted once by hand stays as it is.
        is_same = record and record.sha256.partition(" halved ")[0] == each.partition.sha256
        if not is_same:
            new.append(each)
        elif record and record.state == "undone":
            undone.append(each.month)
    return new, undone


def import_months(
    cli: CommandContext, months: Sequence[ChosenMonth]
) -> tuple[list[Imported], dict[str, str]]:
    """Import each month by itself, so that what is done stays done.

    Returns
    -------
    The imports, and why the other files could not be imported.
    """
    imported, refused = [], {}
    REJECTS.mkdir(exist_ok=True)
    with cli.open(create=True) as store:
        for each in with_progress(months, "Importing", total=len(months)):
            path = REJECTS / f"{Path(each.partition.file).stem}.rejects.csv"
            try:
                # The file of rejects first: a month that is stored has one.
                with store.transaction(), RejectsFile(path) as rejected:
                    imported.append(import_partition(store, each.partition, rejected))
            except (InputError, ConflictError) as error:
                refused[each.partition.file] = str(error)
    with suppress(OSError):  # not empty: it has the rejected rows
        REJECTS.rmdir()
    return imported, refused


def commands(
    months: Sequence[ChosenMonth], all_files: Sequence[IncidentFile]
) -> Iterator[list[str]]:
    """The words of the commands that import the months by hand, one for each archive."""
    roots: defaultdict[Path, list[ChosenMonth]] = defaultdict(list)
    for each in months:
        alone = each.file.source.by_hand if each.file.partition else _root(each.file)
        roots[alone].append(each)
    for root, own in roots.items():
        paths = [each.file.source.by_hand for each in own]
        if own[0].file.partition:
            yield ["ingest", str(root), "--partition", own[0].file.partition]
            continue
        path = root if root != Path() else _common(paths)
        words = ["ingest", str(path)]
        force = own[0].file.file.force
        others = [each.file for each in all_files if _root(each) == root]
        if any(other.force != force for other in others):
            words += ["--force", force]
        own_months = [each.month for each in own]
        there = [other.month for other in others if other.force == force]
        words += ["--from", min(own_months)] if min(there) < min(own_months) else []
        words += ["--to", max(own_months)] if max(there) > max(own_months) else []
        yield words


def _common(paths: Sequence[Path]) -> Path:
    return paths[0] if len(paths) == 1 else Path(os.path.commonpath(paths))
