"""Answers a Question: the only file that knows the order of the stages.

The same Question on the same data gives the same frames, and every Answer carries its accounts:
read = rejected + not asked + outside + counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import geopandas as gpd
import pandas as pd

from geo.errors import NotFoundError, QuestionError
from geo.incidents import ANSWER_COLUMNS, SourceNotes
from geo.locate import AreaLocator
from geo.question.accounts import Accounts, Compared
from geo.question.answer import Answer, StoreFacts
from geo.question.model import Question
from geo.question.quality import ShortMonth, published_twice, short_months
from geo.question.resolve import ImportCoverage, ResolvedQuestion, check_names, resolve
from geo.question.store_settings import default_layer, harm_table, known_places, source_notes
from geo.store.contract import ImportRecord, LayerMetadata, StoreReader, Subject, Window
from geo.store.layer_ids import PLAN_PREFIX

__all__ = ["Answer", "Question", "StoreFacts", "answer", "ask", "default_layer"]

LayerReader = Callable[[str], tuple[LayerMetadata, gpd.GeoDataFrame]]

LAST_DAYS = 3
"""With so many days at its end without any incident, a period is not yet recorded in full."""

YEARS_BEFORE = 6
"""How many years the history of an Answer reaches back before its period."""


def answer(
    question: Question,
    incidents: pd.DataFrame,
    areas: gpd.GeoDataFrame,
    *,
    study_areas: gpd.GeoDataFrame | None = None,
    imports: Sequence[ImportRecord] = (),
    facts: StoreFacts | None = None,
    history: bool = True,
) -> Answer:
    """Answer a Question from frames alone.

    Parameters
    ----------
    question
        What to count, over which areas.
    incidents
        An incident frame, in metres of the CRS of the areas.
    areas
        The layer, indexed by `area_code`, with `area_name`.
    study_areas
        The study area's layer; the layer itself without.
    imports
        The imports that the incidents came with, for the accounts; without them every row counts
        as read, and every month with a row as published.
    facts
        What the store of the incidents knows beside them.
    history
        Whether the Answer also has the incidents of the years before its period.

    Raises
    ------
    QuestionError
        If the data cannot answer it: an unknown category, source or area, or finer times than
        the data knows.
    """
    study = areas if study_areas is None else study_areas
    facts = facts or StoreFacts(accepted=len(incidents))
    check_names("within", question.within, areas.index)
    resolved = resolve(question, _coverage(incidents, imports), study)
    selected = resolved.select(incidents)
    locators = _Locators(areas, study)
    counted = locators.inside(selected)
    before = resolved.compared
    compared = locators.inside(resolved.select(incidents, before) if before else incidents[:0])
    # Where no history is wanted there is none: nobody may take it for years without incidents.
    past = resolved.select(incidents, resolved.history) if history else incidents[:0]
    rejected = _rejected(imports)
    notes = [facts.notes[name] for name in resolved.sources if name in facts.notes]
    short = [month for month in short_months(imports) if month.source in resolved.sources]
    accounts = Accounts(
        read=rejected + facts.accepted,
        rejected=rejected,
        not_asked=facts.accepted - len(selected),
        outside=len(selected) - len(counted),
        counted=len(counted),
        in_no_area=int((counted["area"] < 0).sum()),
        period=resolved.period,
        months_published=resolved.months_published,
        months_missing=resolved.months_missing,
        compared=_compared(resolved, len(compared)),
        source=resolved.sources,
        crs=str(areas.crs),
        operation=facts.operation,
        mask=question.study or question.layer,
        caveats=_caveats(resolved, notes, counted, short=short),
        attribution=[note.attribution for note in notes if note.attribution],
        data_version=facts.data_version,
        question=question.options(),
        left_out=resolved.left_out(incidents),
    )
    return Answer(
        question,
        areas,
        study,
        counted,
        accounts,
        facts,
        compared=compared,
        history=locators.inside(past),
        published=resolved.ever_published,
        short=tuple(month.month for month in short),
    )


class _Locators:
    """Locates incidents in the study area and in the layer's areas; often they are the same."""

    def __init__(self, areas: gpd.GeoDataFrame, study: gpd.GeoDataFrame) -> None:
        self._areas = AreaLocator(areas)
        self._study = self._areas if study is areas else AreaLocator(study)

    def inside(self, incidents: pd.DataFrame) -> pd.DataFrame:
        """Those inside the study area, with `area`: the position of their area in the layer."""
        x, y = incidents["x"], incidents["y"]
        area = self._areas.locate(x, y)
        study = area if self._study is self._areas else self._study.locate(x, y)
        return incidents.assign(area=area)[study >= 0].reset_index(drop=True)


def _compared(resolved: ResolvedQuestion, counted: int) -> Compared | None:
    period = resolved.compared
    if period is None:
        return None
    missing = [month for month in period.months if month not in resolved.ever_published]
    if len(missing) == len(period.months):
        raise QuestionError(
            "compare",
            f"nothing was published for {period.title}, the period to compare with; choose "
            "another period, or no comparison",
        )
    return Compared(period, counted, missing)


def _caveats(
    resolved: ResolvedQuestion,
    notes: list[SourceNotes],
    counted: pd.DataFrame,
    *,
    short: list[ShortMonth],
) -> list[str]:
    caveats = [caveat for note in notes for caveat in note.caveats]
    if resolved.sources_overlap:
        caveats.insert(
            0,
            f"Two sources cover the same months ({', '.join(resolved.sources)}): an incident that "
            "both recorded counts twice. Choose one source.",
        )
    if resolved.days_unknown >= LAST_DAYS:
        caveats.append(
            f"The last known incident is of {resolved.last_known:%-d %B %Y}. Later days of the "
            "period may not be recorded yet: fewer incidents there are no fall."
        )
    months = {*resolved.period.months, *(resolved.compared.months if resolved.compared else ())}
    caveats += [
        f"{part.month}: {part.name} published {part.n:,} rows; its median month has "
        f"{part.usual:,.0f}. The month looks incomplete: treat it as unknown, not as a fall."
        for part in short
        if part.month in months
    ]
    snapped = counted[counted["precision"] == "month"]
    return caveats + [f"{double.month}: {double.text}." for double in published_twice(snapped)]


def ask(
    question: Question,
    store: StoreReader,
    *,
    history: bool = False,
    layer_of: LayerReader | None = None,
) -> Answer:
    """Answer a Question from a store.

    Parameters
    ----------
    question
        What to count; without a layer the store's default one.
    store
        Where the incidents and layers are.
    history
        Whether the Answer also has the incidents of the years before its period.
    layer_of
        Reads a layer by its id, for layers that are not in the store itself, such as plans.

    Raises
    ------
    QuestionError
        As `answer`, or if a layer or harm table is unknown or there is none.
    """
    with store.reading():
        layer = question.layer or default_layer(store)
        question = replace(question, layer=layer)
        read = layer_of or store.layer
        areas = _layer(read, "layer", layer)
        study = _layer(read, "study", question.study) if question.study else areas
        imports = store.imports()
        resolved = resolve(
            question, [ImportCoverage.of_import(record) for record in imports], study
        )
        return answer(
            question,
            store.incidents(_window(resolved, history=history), columns=ANSWER_COLUMNS),
            areas,
            study_areas=study,
            imports=imports,
            facts=StoreFacts(
                accepted=store.incident_count(),
                notes=source_notes(store, {record.source for record in imports}),
                operation=store.projection.description,
                data_version=store.data_version().of(*_subjects(question)),
                harm=harm_table(store, question),
                known_places=known_places(store, question),
                treated=_layer_named(read, "treated", question.treatment.treated),
                control=_layer_named(read, "control", question.treatment.control),
                bases=_layer_named(read, "bases", question.patrols.bases),
            ),
            history=history,
        )


def _subjects(question: Question) -> list[Subject]:
    """What of a store a Question is answered from; a step in a plan changes no other answer."""
    layers = (
        question.layer,
        question.study,
        question.patrols.bases,
        question.treatment.treated,
        question.treatment.control,
    )
    plans = any(isinstance(name, str) and name.startswith(PLAN_PREFIX) for name in layers)
    subjects: list[Subject] = ["incidents", "layers", "settings"]
    return [*subjects, "plans"] if plans else subjects


def _window(resolved: ResolvedQuestion, *, history: bool) -> Window:
    """The span of time to read: the period, the compared one and the history."""
    starts = [resolved.period.start]
    if resolved.compared:
        starts.append(resolved.compared.start)
    if history:
        earliest = resolved.period.start - pd.DateOffset(years=YEARS_BEFORE)
        starts.append(max(resolved.history.start, earliest))
    return Window(min(starts), resolved.period.end)


def _layer_named(
    read: LayerReader, option: str, named: str | tuple[str, ...]
) -> gpd.GeoDataFrame | None:
    """The layer that an option names; none where it names ranked places, or nothing."""
    return _layer(read, option, named) if named and isinstance(named, str) else None


def _coverage(incidents: pd.DataFrame, imports: Sequence[ImportRecord]) -> list[ImportCoverage]:
    records = [ImportCoverage.of_import(record) for record in imports]
    return records or ImportCoverage.of_frame(incidents)


def _rejected(imports: Sequence[ImportRecord]) -> int:
    """Rows that the last import of each partition rejected; it replaced those before it."""
    last = {record.partition_id: record for record in imports}
    return sum(record.rows_rejected for record in last.values())


def _layer(read: LayerReader, option: str, layer_id: str) -> gpd.GeoDataFrame:
    try:
        return read(layer_id)[1]
    except NotFoundError as error:
        raise QuestionError(option, str(error)) from error
