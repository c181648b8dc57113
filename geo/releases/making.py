"""Making a release: true counts, once, and the protected tables that are published of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.disclosure.cell_keys import record_keys
from geo.disclosure.pieces import protected
from geo.errors import InputError
from geo.incidents import london_months
from geo.locate import AreaLocator
from geo.period import Period
from geo.question.ask import Answer, Question, ask
from geo.question.lives import Placeless
from geo.question.store_settings import source_notes
from geo.releases.ledger import Ledger
from geo.releases.model import Accuracy, Release, ReleaseDefinition, ReleaseTable
from geo.releases.scopes import Scope, places_in
from geo.releases.small_places import population_findings, single_places
from geo.sources import police_uk
from geo.store.contract import StoreReader, Window

OPEN_SOURCES: Final = (police_uk.SOURCE,)
"""What these publish is open at street level: rounding it would hide nothing."""

_COLUMNS: Final = ("incident_id", "source", "category", "occurred_from", "x", "y")


@dataclass(frozen=True)
class MadeRelease:
    """A draft and the ledger that holds once it is approved."""

    release: Release
    ledger: Ledger


def make_release(
    definition: ReleaseDefinition,
    store: StoreReader,
    *,
    published: Mapping[str, Release],
    ledger: Ledger,
    secret: bytes,
) -> MadeRelease:
    """Make the protected tables of a release, in agreement with all that was published before.

    Parameters
    ----------
    definition
        What it is of.
    store
        Where incidents and layers are.
    published
        Every release that was ever approved, by id.
    ledger
        After the last of them.
    secret
        Of the record keys.

    Returns
    -------
    The draft, and the ledger to be after its approval.

    Raises
    ------
    InputError
        If it mixes open and other sources, or areas of a layer overlap.
    QuestionError
        If the data has no such layer, category or period.
    NotFoundError
        If the store has no such layer.
    """
    is_open = _is_open(definition.sources)
    with store.reading():
        drafts = [_draft_table(definition, layer, store) for layer in definition.layers]
        release = Release(
            definition,
            tuple(one.table for one in drafts),
            crs=store.projection.crs,
            attribution=_attribution(definition, store),
            months_missing=drafts[0].missing,
        )
        if is_open:
            return MadeRelease(release, ledger)
        known = {name: one.definition for name, one in published.items()}
        earlier = [
            Scope.of(known[name], table)
            for name, layer in ledger.tables
            if (table := published[name].table(layer))
        ]
        incidents = _incidents(
            store, [*earlier, *(Scope.of(definition, one.table) for one in drafts)]
        )
    cells = [scope.cells(incidents) for scope in earlier]
    scopes = list(earlier)
    # Large areas first: their numbers are then as good as alone, and those of small areas add up.
    for draft in sorted(drafts, key=lambda one: len(one.table.codes)):
        scopes.append(Scope.of(definition, draft.table))
        release, ledger = _protect(release, draft, ledger, scopes, cells, incidents, secret=secret)
    linked = _linked(known, cells, ledger)
    return MadeRelease(replace(release, linked=linked), ledger)


def _protect(  # noqa: PLR0917 - what one table needs of the release
    release: Release,
    draft: _DraftTable,
    ledger: Ledger,
    scopes: Sequence[Scope],
    cells: list[NDArray[np.int64]],
    incidents: pd.DataFrame,
    *,
    secret: bytes,
) -> tuple[Release, Ledger]:
    """Put the protected table of a layer in the place of the true one, and into the ledger."""
    definition, true = release.definition, draft.table
    *earlier, own = scopes
    cells.append(own.cells(incidents))
    every = np.column_stack(cells)
    keys = record_keys(incidents["incident_id"], secret)
    places = places_in(own, earlier, ledger.pieces, every[:, :-1])
    pieces, _ = protected(ledger.pieces, every, true.shape, keys, secret=secret, places=places)
    table = _filled(true, pieces.table(len(cells) - 1, true.shape.size))
    findings = [
        *population_findings(true, draft.residents),
        *single_places(true, incidents, cells[-1]),
    ]
    return (
        replace(
            release,
            tables=tuple(table if one is true else one for one in release.tables),
            accuracy=(*release.accuracy, _accuracy(true, table)),
            findings=(*release.findings, *findings),
        ),
        Ledger((*ledger.tables, (definition.release_id, true.layer)), pieces),
    )


def _is_open(sources: Sequence[str]) -> bool:
    kinds = {source in OPEN_SOURCES for source in sources}
    if len(kinds) > 1:
        # Who takes the open counts from a rounded sum knows the rest better than they should.
        raise InputError(
            f"{', '.join(OPEN_SOURCES)} is open already; make one release of it and another of "
            "the other sources"
        )
    return kinds == {True}


@dataclass(frozen=True)
class _DraftTable:
    """True counts of a layer, what the layer says of residents, and unpublished months."""

    table: ReleaseTable
    residents: NDArray[np.float64] | None
    missing: tuple[str, ...]


def _draft_table(definition: ReleaseDefinition, layer: str, store: StoreReader) -> _DraftTable:
    answers = [_ask(definition, layer, slugs, store) for slugs in definition.groups.values()]
    areas = answers[0].areas
    if len(AreaLocator(areas).overlaps):
        raise InputError(f"areas of {layer} overlap; a release needs a layer of separate areas")
    every = definition.period.months
    values = np.stack([_known_counts(answer, every) for answer in answers], axis=2)
    published = ~np.isnan(values).all(axis=(0, 2))
    months = tuple(np.array(every, dtype=object)[published])
    metadata = next(one for one in store.layers() if one.layer_id == layer)
    table = ReleaseTable(
        layer,
        metadata.title or layer,
        metadata.authority,
        metadata.licence,
        tuple(areas.index.astype(str)),
        tuple(areas["area_name"].astype(str)),
        np.asarray(areas.geometry.to_numpy(), dtype=object),
        months,
        tuple(definition.groups),
        values[:, published],
        rounded=False,
    )
    residents = None
    if "residents" in areas:
        residents = pd.to_numeric(areas["residents"], errors="coerce").to_numpy(float)
    missing = tuple(np.array(every, dtype=object)[~published])
    return _DraftTable(table, residents, missing)


def _known_counts(answer: Answer, months: Sequence[str]) -> NDArray[np.float64]:
    """Count each area in each month; NaN where it is not known of all sources.

    What is known in part is not known: its number could be taken for the whole, and one from which
    a source was removed, as retention does, for an earlier one.
    """
    frame, codes = answer.area_counts, answer.areas.index.astype(str)
    values = np.full((len(codes), len(months)), np.nan)
    why = frame["why"] if "why" in frame else pd.Series("", index=frame.index)
    n = frame["n"].astype("Float64").mask(why != "").to_numpy(float, na_value=np.nan)
    column = pd.Index(months).get_indexer(pd.Index(frame["month"]))
    values[codes.get_indexer(pd.Index(frame["area_code"])), column] = n
    known = answer.known
    for part in range(len(known.territories)):
        whole = np.isin(months, sorted(known.months_of_each(part)))
        values[np.ix_(known.of_area == part, ~whole)] = np.nan
    return values


def _ask(
    definition: ReleaseDefinition, layer: str, slugs: Sequence[str], store: StoreReader
) -> Answer:
    options = {
        "datetime": f"{definition.first}/{definition.last}",
        "category": ",".join(slugs),
        "source": ",".join(definition.sources),
        "layer": layer,
        "by": "month",
    }
    answer = ask(Question.read(options), store)
    # What is protected are incidents with a place, on whatever boundaries: others would be known
    # by the difference between two releases.
    return replace(answer, placeless=Placeless())


def _attribution(definition: ReleaseDefinition, store: StoreReader) -> tuple[str, ...]:
    notes = source_notes(store, definition.sources)
    return tuple(
        notes[source].attribution
        for source in definition.sources
        if source in notes and notes[source].attribution
    )


def _incidents(store: StoreReader, scopes: Sequence[Scope]) -> pd.DataFrame:
    """The incidents of all months of some tables, with the `month` of each."""
    months = {month for scope in scopes for month in scope.table.months}
    if not months:
        return pd.DataFrame(columns=[*_COLUMNS, "month"])
    period = Period.of_months(min(months), max(months))
    rows = store.incidents(Window(period.start, period.end), columns=_COLUMNS)
    sources = {source for scope in scopes for source in scope.sources}
    rows = rows[rows["source"].isin(sources).to_numpy(dtype=bool)]
    # In one order, whatever the store's: the choices of the rounding must not depend on it.
    rows = rows.sort_values("incident_id", kind="stable", ignore_index=True)
    return rows.assign(month=london_months(rows["occurred_from"]).astype(str))


def _filled(draft: ReleaseTable, values: NDArray[np.int64]) -> ReleaseTable:
    known = ~np.isnan(draft.values)
    filled = np.where(known, values.reshape(known.shape), np.nan)
    return replace(draft, values=filled, rounded=True)


def _accuracy(true: ReleaseTable, published: ReleaseTable) -> Accuracy:
    error = np.nan_to_num(published.values - true.values)
    areas = np.abs(error.sum(axis=(1, 2)))
    by_area = float(areas.mean()) if len(areas) else 0.0
    return Accuracy(true.layer, round(by_area, 2), int(error.sum()), int(areas.max(initial=0)))


def _linked(
    known: Mapping[str, ReleaseDefinition], cells: Sequence[NDArray[np.int64]], ledger: Ledger
) -> tuple[str, ...]:
    """The earlier releases that count incidents which this one counts too."""
    own = np.zeros(len(cells[0]), dtype=bool)
    for (name, _), one in zip(ledger.tables, cells, strict=True):
        own |= (one >= 0) & (name not in known)
    return tuple(
        dict.fromkeys(
            name
            for (name, _), one in zip(ledger.tables, cells, strict=True)
            if name in known and ((one >= 0) & own).any()
        )
    )
