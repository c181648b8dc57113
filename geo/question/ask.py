"""The Question and its Answer: the only file that knows the order of the stages.

Command line, pages and collections are faces of one Question. The same Question on the same
data gives the same frames, and every Answer carries its accounts:
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
from geo.question.resolve import Known, ResolvedQuestion, refuse_unknown, resolve
from geo.question.store_settings import default_layer, harm_table, known_places, source_notes
from geo.store.contract import ImportRecord, LayerMetadata, StoreReader, Window

__all__ = ["Answer", "Question", "StoreFacts", "answer", "ask", "default_layer"]

LayerReader = Callable[[str], tuple[LayerMetadata, gpd.GeoDataFrame]]

LAST_DAYS = 3
"""How many days without any incident at the end of a period look like days not yet recorded."""

YEARS_BEFORE = 6
"""How many years an Answer with its history reaches back before its period."""


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
    incidents
        An incident frame, in metres of the CRS of the areas.
    areas
        The layer, indexed by `area_code`, with `area_name`.
    study_areas
        The study area's layer, where it is another one.
    imports
        The records of what was read, for the accounts; without them every row counts as read,
        and the months that have rows as published.
    facts
        What the store knows that the incidents are from, if they are from one.
    history
        Whether the Answer holds the incidents of the years before its period too.

    Raises
    ------
    QuestionError
        If the data cannot answer it: an unknown category, source or area, or finer times than
        the data knows.
    """
    study = areas if study_areas is None else study_areas
    refuse_unknown("within", question.within, areas.index)
    resolved = resolve(question, _known(incidents, imports), study)
    asked = resolved.select(incidents)
    places = _Places(areas, study)
    none = places.located(incidents[:0])
    counted = places.located(asked)
    facts = facts or StoreFacts(accepted=len(incidents))
    rejected = _rejected(imports)
    told = [facts.notes[name] for name in resolved.sources if name in facts.notes]
    before = resolved.compared
    compared = places.located(resolved.select(incidents, before)) if before else none
    short = [each for each in short_months(imports) if each.source in resolved.sources]
    accounts = Accounts(
        read=rejected + facts.accepted,
        rejected=rejected,
        not_asked=facts.accepted - len(asked),
        outside=len(asked) - len(counted),
        counted=len(counted),
        in_no_area=int((counted["area"] < 0).sum()),
        period=resolved.period,
        months_published=resolved.months_published,
        months_missing=resolved.months_missing,
        compared=_compared(resolved, compared),
        source=resolved.sources,
        crs=str(areas.crs),
        operation=facts.operation,
        mask=question.study or question.layer,
        caveats=_caveats(resolved, told, counted, short=short),
        attribution=[note.attribution for note in told if note.attribution],
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
        # What was not asked for is not there: no one may take it for years without incidents.
        history=places.located(resolved.select(incidents, resolved.history)) if history else none,
        published=resolved.ever_published,
        short=tuple(each.month for each in short),
    )


class _Places:
    """Finds incidents in the study area and in the layer's areas; often they are the same."""

    def __init__(self, areas: gpd.GeoDataFrame, study: gpd.GeoDataFrame) -> None:
        self._areas = AreaLocator(areas)
        self._study = self._areas if study is areas else AreaLocator(study)

    def located(self, incidents: pd.DataFrame) -> pd.DataFrame:
        """Those inside the study area, with the position of their area in the layer."""
        area = self._areas.locate(incidents["x"], incidents["y"])
        inside = area >= 0
        if self._study is not self._areas:
            inside = self._study.locate(incidents["x"], incidents["y"]) >= 0
        return incidents.assign(area=area)[inside].reset_index(drop=True)


def _compared(resolved: ResolvedQuestion, compared: pd.DataFrame) -> Compared | None:
    if resolved.compared is None:
        return None
    published = set(resolved.ever_published)
    months = resolved.compared.months
    if published.isdisjoint(months):
        raise QuestionError(
            "compare",
            f"nothing was published for {resolved.compared.title}, the period to compare with",
        )
    missing = [month for month in months if month not in published]
    return Compared(resolved.compared, len(compared), missing)


def _caveats(
    resolved: ResolvedQuestion,
    told: list[SourceNotes],
    counted: pd.DataFrame,
    *,
    short: list[ShortMonth],
) -> list[str]:
    caveats = [caveat for note in told for caveat in note.caveats]
    if resolved.sources_overlap:
        caveats.insert(
            0,
            f"Two sources cover the same months ({', '.join(resolved.sources)}): an incident that "
            "both recorded counts twice. Choose one source.",
        )
    if resolved.days_unknown >= LAST_DAYS:
        caveats.append(
            f"The last incident known is of {resolved.last_known:%-d %B %Y}: what later days of "
            "the period brought is not recorded yet, and no fall."
        )
    asked = {*resolved.period.months, *(resolved.compared.months if resolved.compared else ())}
    caveats += [
        f"{each.month}: {each.name} published {each.n:,} rows, against {each.usual:,.0f} in its "
        "median month. It looks published short: unknown, no fall."
        for each in short
        if each.month in asked
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
    history
        Whether the Answer holds the incidents of the years before its period too.
    layer_of
        Reads a layer by its id, where some layers are none of the store's own.

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
        resolved = resolve(question, [Known.of_import(record) for record in imports], study)
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
                data_version=str(store.data_version()),
                harm=harm_table(store, question),
                known_places=known_places(store, question),
                treated=_layer_named(read, "treated", question.treatment.treated),
                control=_layer_named(read, "control", question.treatment.control),
                bases=_layer_named(read, "bases", question.patrols.bases),
            ),
            history=history,
        )


def _window(resolved: ResolvedQuestion, *, history: bool) -> Window:
    """The span of time that holds the period, and what it is compared with."""
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


def _known(incidents: pd.DataFrame, imports: Sequence[ImportRecord]) -> list[Known]:
    return [Known.of_import(record) for record in imports] or Known.of_frame(incidents)


def _rejected(imports: Sequence[ImportRecord]) -> int:
    """Rows turned away by the last import of each partition: those before it are replaced."""
    last = {record.partition_id: record for record in imports}
    return sum(record.rows_rejected for record in last.values())


def _layer(read: LayerReader, option: str, layer_id: str) -> gpd.GeoDataFrame:
    try:
        return read(layer_id)[1]
    except NotFoundError as error:
        raise QuestionError(option, str(error)) from error
