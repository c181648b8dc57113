"""Answers a Question: the only file that knows the order of the stages.

The same Question on the same data gives the same frames, and every Answer carries its accounts:
read = rejected + not asked + outside + counted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, partial
from typing import TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.cells import Grid
from geo.checkpoints import checkpoint
from geo.coverage import (
    Comparison,
    ImportCoverage,
    Knowledge,
    Once,
    Publisher,
    Series,
    ShortMonths,
    at_once,
    knowledge_of,
    new_lists,
)
from geo.distinct_points import PointCounts
from geo.errors import InputError, NotFoundError, QuestionError, StoreError
from geo.incidents import ANSWER_COLUMNS, COUNT_COLUMNS, Covers, SourceNotes
from geo.lookup import are_among
from geo.measures.measured import NO_TABLES, Measured
from geo.period import Period, month_title
from geo.question.accounts import Accounts, overlap_caveat, overlap_numbers
from geo.question.alike import (
    compared_account,
    comparison_of,
    coverage_caveats,
    is_alike,
    is_in_series,
    new_points_caveats,
    not_compared_areas,
    unknown_areas,
)
from geo.question.answer import Answer, StoreFacts, nothing_measured
from geo.question.baseline import baseline_layer, check_baseline
from geo.question.exclusions import PLACE_COLUMNS, check_places
from geo.question.layer_index import LayerIndex, LayerIndexes
from geo.question.lives import Placeless, Records
from geo.question.measure_layer import baseline_measure
from geo.question.model import OWN_NEEDS, Question
from geo.question.quality import ShortMonth, months_published_twice, short_months
from geo.question.resolve import ResolvedQuestion, check_names, resolve
from geo.question.rows import AllIncidents, QuestionRows
from geo.question.stated import stated_positions
from geo.question.store_settings import (
    covers_of,
    default_layer,
    harm_table,
    known_places,
    source_notes,
)
from geo.question.street_layer import StreetLayer, street_metadata
from geo.records.life import STATED_LAYER
from geo.store.contract import (
    LOCATED,
    DataVersion,
    ImportRecord,
    KeepsPlaces,
    LayerMetadata,
    StoreReader,
    Subject,
    Window,
)
from geo.store.layer_ids import MATCHED, MEASURE, PLAN_PREFIX, find_layer

__all__ = ["Answer", "Question", "StoreFacts", "answer", "ask", "default_layer", "in_terms_of"]

Value = TypeVar("Value")

LayerReader = Callable[[str], tuple[LayerMetadata, gpd.GeoDataFrame]]

LAST_DAYS = 3
"""With so many days at its end without any incident, a period is not yet recorded in full."""

PAST_MONTHS = 3
"""So many past months say whose an area is."""

YEARS_BEFORE = 6
"""How many years the history of an Answer reaches back before its period."""


@dataclass(frozen=True)
class Needs:
    """What will be asked of an Answer.

    Attributes
    ----------
    cells
        Whether cells will be: too many are refused before an incident is read.
    columns
        The columns of its incidents: `COUNT_COLUMNS`, and more of `ANSWER_COLUMNS`.
    """

    cells: bool = False
    columns: Sequence[str] = ANSWER_COLUMNS


ANYTHING = Needs()
"""What is not known beforehand: all columns, and cells where there are not too many."""


@dataclass(frozen=True)
class FurtherRows:
    """Reads rows of a store that an Answer needs seldom, beside the incidents that it is made of.

    Attributes
    ----------
    past
        Past rows of all forces; see `geo.coverage.knowledge_of`. None where there are no others.
    everything
        The incidents of all times.
    """

    past: Callable[[], pd.DataFrame] | None
    everything: AllIncidents


def answer(
    question: Question,
    incidents: pd.DataFrame,
    areas: gpd.GeoDataFrame,
    *,
    study_areas: gpd.GeoDataFrame | None = None,
    imports: Sequence[ImportRecord] = (),
    facts: StoreFacts | None = None,
    history: bool = True,
    further: FurtherRows | None = None,
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
    further
        Reads rows of the store that are not among the incidents.

    Returns
    -------
    The Answer; its frames are computed when they are first read.

    Raises
    ------
    QuestionError
        If the data cannot answer it: an unknown category, source or area, or finer times than
        the data knows.
    """
    indexes = LayerIndexes()
    facts = facts or StoreFacts(accepted=len(incidents))

    def again(another: Question, *, history: bool, caveats: bool) -> Answer:
        del caveats  # of frames alone few are known
        return answer(
            another,
            incidents,
            areas,
            study_areas=study_areas,
            imports=imports,
            history=history,
            further=further,
        )

    if facts.measured is nothing_measured:
        measured = partial(Measured, NO_TABLES, question.layer, areas, lambda _: areas)
        facts = replace(facts, measured=measured)
    facts = replace(facts, answer_another=facts.answer_another or again)
    further = further or FurtherRows(None, AllIncidents.of_frame(incidents))
    study = areas if study_areas is None else study_areas
    _check(question, areas, study, facts=facts, further=further)
    resolved = _resolved(
        question,
        _coverage(incidents, imports, facts.covers),
        areas=indexes.of(areas),
        study=study,
        short=_by_publisher(short_months(imports)),
        past=further.past,
        history=history,
    )
    return answered(
        resolved,
        (indexes.of(areas), indexes.of(study)),
        imports=imports,
        facts=facts,
        further=further,
        history=history,
        indexes=indexes,
    )


def _check(
    question: Question,
    areas: gpd.GeoDataFrame,
    study: gpd.GeoDataFrame,
    *,
    facts: StoreFacts,
    further: FurtherRows,
) -> None:
    """Refuse what a Question names and the data does not have."""
    check_names("within", question.within, areas.index)
    if question.without:
        check_places(question.without, further.everything.read(columns=PLACE_COLUMNS))
    check_baseline(question, study, facts.baseline)


def answered(
    resolution: tuple[ResolvedQuestion, Knowledge],
    layers: tuple[LayerIndex, LayerIndex],
    *,
    imports: Sequence[ImportRecord],
    facts: StoreFacts,
    further: FurtherRows,
    history: bool,
    indexes: LayerIndexes,
    columns: Sequence[str] = ANSWER_COLUMNS,
) -> Answer:
    """The Answer to a resolved Question.

    Parameters
    ----------
    resolution
        The Question with its period and sources, and what is known of each area.
    layers
        The areas, and those of the study area.
    imports, facts, further, history, indexes
        As for `answer`.
    columns
        What is read of the incidents of its periods: of `ANSWER_COLUMNS`, `COUNT_COLUMNS` at least.

    Returns
    -------
    The Answer.
    """
    resolved, known = resolution
    question, (areas, study) = resolved.question, (layers[0].areas, layers[1].areas)
    comparison = comparison_of(resolved, known)
    locators = _Locators(*layers, question.layer)
    rows = _Reading(resolved, further.everything, history, columns)
    selected, left_out = rows.of_period
    checkpoint()
    inside = locators.inside(selected)
    counted = _rows(inside, is_alike(inside, known, comparison))

    def complete(months: Sequence[str], *, compared: bool) -> pd.DataFrame:
        days = resolved.compared if compared and resolved.compared else resolved.period
        whole = Period.of_months(months[0], months[-1])
        days = Period(max(days.first, whole.first), min(days.last, whole.last))
        inside = locators.inside(rows.meant(days, ANSWER_COLUMNS))
        return _rows(inside, is_alike(inside, known, comparison, compared=compared))

    before, span = resolved.compared, resolved.earlier
    earlier = locators.inside(rows.meant(before))
    compared = _rows(earlier, is_alike(earlier, known, comparison, compared=True))
    alike = len(inside) - len(counted)
    checkpoint()
    records = facts.records.placeless(question.records, resolved.period)
    means = resolved.select(records)
    stated = locators.inside(means)
    stated_before = locators.inside(resolved.select(records, before) if before else records[:0])
    windows = locators.inside(rows.to_count(span))
    windows = _alike_windows(windows, known, comparison, span)
    stated_windows = locators.inside(resolved.select(records, span) if span else records[:0])
    placeless = Placeless(
        _rows(stated, is_alike(stated, known, comparison)),
        _rows(stated_before, is_alike(stated_before, known, comparison, compared=True)),
        _alike_windows(stated_windows, known, comparison, span),
        locators.inside(resolved.select(records, resolved.history) if history else records[:0]),
        elsewhere=len(means) - len(stated),
    )
    stated_alike = len(stated) - len(placeless.counted)
    rejected = _rejected(imports)
    by_state = bool(question.records.state)
    notes = [facts.notes[name] for name in resolved.sources if name in facts.notes]
    near = {publisher for part in known.territories for publisher in part}
    short = [one for one in short_months(imports) if Publisher(one.source, one.name) in near]
    series = Series.of(known, _series_months(resolved)) if history else None
    located = locators.inside(rows.years)
    if series:
        located = _rows(located, is_in_series(located, known, series))
    lists = rows.new_lists(layers[1], facts) if before or history else None
    unlike = _in_areas_not_compared(earlier, known, comparison)
    account = compared_account(
        resolved,
        comparison,
        counted=len(compared) + len(placeless.compared),
        left_out=alike + len(earlier) - len(compared) - unlike,
        not_compared=not_compared_areas(areas, known, comparison, incidents=unlike),
    )
    unknown = unknown_areas(areas, known, comparison.now if comparison else resolved.period.months)
    accounts = Accounts(
        read=rejected + facts.accepted,
        rejected=rejected,
        not_asked=facts.accepted - len(selected) - len(means) + alike + stated_alike,
        outside=len(selected) - len(inside) + placeless.elsewhere,
        counted=len(counted) + len(placeless.counted),
        in_no_area=int((counted["area"] < 0).sum()),
        in_several_areas=locators.membership.in_several(counted),
        period=resolved.period,
        months_published=resolved.months_published,
        months_missing=resolved.months_missing,
        compared=account,
        source=resolved.sources,
        crs=str(areas.crs),
        operation=facts.operation,
        mask=question.study or question.layer,
        caveats=[
            *([unknown] if unknown else []),
            *([account.left_out] if account and account.left_out else []),
            *([account.not_compared] if account and account.not_compared else []),
            *locators.caveats(facts.title(question.layer), counted),
            *placeless.caveats,
            *(facts.records.caveats(resolved.period, resolved.sources) if by_state else []),
            *coverage_caveats(resolved, known, comparison),
            *new_points_caveats(resolved, lists or ()),
            *(
                _caveats(
                    resolved,
                    notes,
                    (counted, partial(complete, compared=False)),
                    (compared, partial(complete, compared=True)),
                    short=short,
                )
                if facts.with_caveats
                else []
            ),
        ],
        attribution=[note.attribution for note in notes if note.attribution],
        data_version=facts.data_version,
        question=question.options(),
        left_out=left_out + resolved.left_out(records),
        without_place=len(placeless.counted),
        without_place_outside=placeless.elsewhere,
        unknown=unknown,
    )
    return Answer(
        question,
        areas,
        study,
        counted,
        accounts,
        facts,
        QuestionRows(resolved, further.everything, locators.inside, layers[1]),
        compared=compared,
        history=located,
        earlier=windows,
        placeless=placeless,
        published=resolved.ever_published,
        known=known,
        comparison=comparison,
        lists=lists,
        series=series,
        indexes=indexes,
    )


@dataclass(frozen=True)
class _Reading:
    """What a Question reads of all incidents: of each of its periods what it needs of them."""

    resolved: ResolvedQuestion
    everything: AllIncidents
    history: bool
    columns: Sequence[str]

    @property
    def of_period(self) -> tuple[pd.DataFrame, int]:
        """The incidents of the period, and how many others only their place leaves out."""
        rows = self._read(self.resolved.window, self.columns)
        return self.resolved.select(rows), self.resolved.left_out(rows)

    @property
    def years(self) -> pd.DataFrame:
        """The incidents of the history.

        Where none is wanted there is none: nobody may take it for years without incidents.
        """
        if not self.history:
            return self.meant(None)
        return self.resolved.select(self._read(self._window, self.columns), self.resolved.history)

    def meant(self, days: Period | None, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """The incidents of some days; none without any."""
        start = self.resolved.window.start
        window = Window(days.start, days.end) if days else Window(start, start)
        return self.resolved.select(self._read(window, columns or self.columns), days)

    def to_count(self, days: Period | None) -> pd.DataFrame:
        """As `meant`, of incidents that are only counted."""
        return self.meant(days, COUNT_COLUMNS)

    def new_lists(self, study: LayerIndex, facts: StoreFacts) -> tuple[str, ...]:
        """The months from which a source of the Question has other snap points than before."""
        snapped = [name for name, note in facts.notes.items() if note.snapped]
        sources = sorted({*snapped} & {*self.resolved.sources})
        if not sources:
            return ()
        window = self._window
        # All categories: few rows tell little of the points.
        return study.of_incidents(
            self.everything.state,
            ("new lists", *sources, window),
            lambda: new_lists(self.everything.point_counts(window).of_sources(sources)),
        )

    @property
    def _window(self) -> Window:
        return _window(self.resolved, history=self.history)

    def _read(self, window: Window, columns: Sequence[str]) -> pd.DataFrame:
        # A place that is left out is known by its name.
        needed = ANSWER_COLUMNS if self.resolved.question.without else columns
        return self.everything.read(window, needed)


def _alike_windows(
    windows: pd.DataFrame, known: Knowledge, comparison: Comparison | None, span: Period | None
) -> pd.DataFrame:
    """Of incidents of earlier periods those that the comparison covers."""
    if comparison is None or span is None:
        return windows
    all_before = replace(comparison, before=tuple(span.months))
    return _rows(windows, is_alike(windows, known, all_before, compared=True))


def in_terms_of(answer: Answer, question: Question) -> Answer:
    """The Answer to a Question that selects the same incidents as another one.

    Parameters
    ----------
    answer
        The Answer to that one.
    question
        Its `selection` is the same.

    Returns
    -------
    As `ask` would return it, without reading anything.
    """
    own = replace(question, layer=answer.question.layer)
    return replace(answer, question=own, accounts=replace(answer.accounts, question=own.options()))


def refuse_without_data(question: Question, store: StoreReader, layer: str) -> None:
    """Refuse a Question that no import covers, without reading an incident.

    Parameters
    ----------
    question
        What is asked.
    store
        Where the records of imports are.
    layer
        The study area.

    Raises
    ------
    QuestionError
        As `ask`.
    """
    imports = store.imports()
    covers = covers_of(store, {record.source for record in imports})
    resolve(question, _parts(imports, covers), read_layer(store.layer, "layer", layer)[1])


def _series_months(resolved: ResolvedQuestion) -> list[str]:
    """The published months that a history reaches back to."""
    first = _earliest(resolved).strftime("%Y-%m")
    last = resolved.period.months[-1]
    return [month for month in resolved.ever_published if first <= month <= last]


def _earliest(resolved: ResolvedQuestion) -> pd.Timestamp:
    return max(resolved.history.start, resolved.period.start - pd.DateOffset(years=YEARS_BEFORE))


def _resolved(
    question: Question,
    parts: Sequence[ImportCoverage],
    *,
    areas: LayerIndex,
    study: gpd.GeoDataFrame,
    short: ShortMonths,
    past: Callable[[], pd.DataFrame] | None,
    history: bool,
    once: Once = at_once,
) -> tuple[ResolvedQuestion, Knowledge]:
    """The Question resolved, and what is known of each area.

    The latest months are those of the areas that are within for: a force beside them may have
    published later ones, in which nothing is known here.
    """
    resolved = resolve(question, parts, study, once=once)
    known = _knowledge(resolved, areas, past, short=short, history=history, once=once)
    codes = areas.areas.index.astype(str)
    within = are_among(codes, question.within or codes)
    months = known.months_of(within)
    if resolved.is_latest and months and max(months) < resolved.period.months[-1]:
        resolved = resolve(question, parts, study, latest=max(months), once=once)
        known = _knowledge(resolved, areas, past, short=short, history=history, once=once)
    return resolved.where_known(known.all_months), known


def _by_publisher(short: Sequence[ShortMonth]) -> dict[Publisher, frozenset[str]]:
    months: defaultdict[Publisher, set[str]] = defaultdict(set)
    for one in short:
        months[Publisher(one.source, one.name)].add(one.month)
    return {publisher: frozenset(own) for publisher, own in months.items()}


def _in_areas_not_compared(
    located: pd.DataFrame, known: Knowledge, comparison: Comparison | None
) -> int:
    """How many incidents lie in areas that are not compared."""
    if comparison is None:
        return 0
    # Those in no area count as those of the largest territory.
    return int((~np.append(comparison.compares(known), True))[located["area"]].sum())


def _knowledge(
    resolved: ResolvedQuestion,
    areas: LayerIndex,
    past: Callable[[], pd.DataFrame] | None,
    *,
    short: ShortMonths,
    history: bool,
    once: Once,
) -> Knowledge:
    """What is known of each area in the months that the Answer is of."""
    months = {*resolved.period.months, *(resolved.compared.months if resolved.compared else ())}
    if resolved.earlier:
        months.update(resolved.earlier.months)
    if history:
        months.update(resolved.ever_published)
    categories = resolved.question.category
    return knowledge_of(
        areas.areas,
        resolved.parts,
        categories,
        months=months,
        past=past,
        short=short,
        locator=areas.locator,
        once=once,
    )


def _rows(incidents: pd.DataFrame, chosen: NDArray[np.bool_]) -> pd.DataFrame:
    n = int(np.count_nonzero(chosen))
    if n == len(incidents):
        return incidents
    # A country's incidents are not copied where only the last of them are left out.
    rows = incidents[:n] if chosen[:n].all() else incidents[chosen]
    return rows.reset_index(drop=True)


class _Locators:
    """Locates incidents in the study area and in the layer's areas; often they are the same."""

    def __init__(self, areas: LayerIndex, study: LayerIndex, layer: str) -> None:
        self._layer, self._frame = layer, areas.areas
        self._areas, self._study = areas.locator, study.locator
        self.membership = areas.membership

    def inside(self, incidents: pd.DataFrame) -> pd.DataFrame:
        """Those inside the study area, with `area`: the position of their area in the layer.

        A record without a place lies in the area of the layer that is stated for it; of records the
        index stays.
        """
        if not len(incidents):
            none = incidents.drop(columns=LOCATED, errors="ignore")
            return none.assign(area=np.zeros(0, dtype=np.int32))
        x, y = incidents["x"], incidents["y"]
        if LOCATED in incidents:
            area = incidents[LOCATED].to_numpy()
            incidents = incidents.rename(columns={LOCATED: "area"})
        else:
            area = self._areas.locate(x, y)
            incidents = incidents.assign(area=area)
        study = area if self._study is self._areas else self._study.locate(x, y)
        if STATED_LAYER in incidents:
            area, study = self._with_stated(incidents, area, study)
            return incidents.assign(area=area)[study >= 0]
        return _rows(incidents, study >= 0).reset_index(drop=True)

    def _with_stated(
        self, records: pd.DataFrame, area: NDArray[np.int32], study: NDArray[np.int32]
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        here = records["x"].isna() & (records[STATED_LAYER] == self._layer)
        rows = np.flatnonzero(here)
        at = stated_positions(records["stated_area"].iloc[rows], self._frame)
        area, study = area.copy(), study.copy()
        area[rows] = study[rows] = at
        if self._study is not self._areas:
            # An area of the layer that lies elsewhere is no part of the study area.
            points = shapely.point_on_surface(self._frame.geometry.to_numpy()[at])
            inside = self._study.locate(shapely.get_x(points), shapely.get_y(points))
            study[rows] = np.where(at >= 0, inside, -1)
        return area, study

    def caveats(self, layer: str, counted: pd.DataFrame) -> list[str]:
        """What overlapping areas mean for the sum of their counts; none where they tile."""
        if not self.membership.overlapping:
            return []
        located = int((counted["area"] >= 0).sum())
        n, total = self.membership.in_several(counted), int(self.membership.counts(counted).sum())
        numbers = overlap_numbers(several=n, total=total, located=located)
        return [f"{overlap_caveat(layer)} {numbers}"]


def _caveats(
    resolved: ResolvedQuestion,
    notes: list[SourceNotes],
    *shown: tuple[pd.DataFrame, Callable[[Sequence[str]], pd.DataFrame]],
    short: list[ShortMonth],
) -> list[str]:
    """What to keep in mind of the incidents of the period and of the compared one."""
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
        f"{month_title(part.month)}: {part.name} has {part.n:,} rows; its median month has "
        f"{part.usual:,.0f}. The month looks incomplete: treat it as unknown, not as a fall."
        for part in short
        if part.month in months
    ]
    # Of a compared month too: against twice its incidents the next month looks like a fall.
    # One by one: where the periods overlap, every row of both would occur twice.
    doubled = [
        f"{month_title(double.month)}: {double.text}."
        for rows, complete in shown
        for double in months_published_twice(rows, complete)
    ]
    return caveats + list(dict.fromkeys(doubled))


def ask(
    question: Question,
    store: StoreReader,
    *,
    history: bool = False,
    layer_of: LayerReader | None = None,
    indexes: LayerIndexes | None = None,
    caveats: bool = True,
    needs: Needs = ANYTHING,
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
    indexes
        What was computed of layers already, and what will be; the frames of areas that it has seen
        must not have been changed.
    caveats
        Whether its accounts say what to keep in mind of the incidents.
    needs
        What will be asked of the Answer.

    Returns
    -------
    The Answer, of one state of the store. Frames are computed when they are first read; ranked
    places and baselines need the store to be open then.

    Raises
    ------
    QuestionError
        As `answer`, or if a layer or harm table is unknown or there is none.
    """
    indexes = indexes or LayerIndexes()
    with store.reading():
        layer = question.layer or default_layer(store)
        question = replace(question, layer=layer)
        read = layer_of or store.layer
        metadata, areas = read_layer(read, "layer", layer)
        titles, study = {layer: metadata.title}, areas
        if question.study:
            of_study, study = read_layer(read, "study", question.study)
            titles[question.study] = of_study.title
        if needs.cells:
            _refuse_too_many_cells(question, study)
        imports = store.imports()
        covers = covers_of(store, {record.source for record in imports})
        past = cache(partial(_past_rows, store, imports))
        version = store.data_version()
        everything = _everything(store, version, indexes.of(areas))
        # Whose an area is follows from what was imported there, whatever is asked of it.
        state = version.of("incidents", "layers", "plans", "settings")
        covering_of = (state, question.source, question.study, question.records.chosen)
        resolved = partial(
            _resolved,
            question,
            areas=indexes.of(areas),
            study=study,
            short=_by_publisher(short_months(imports)),
            past=past,
            history=history,
            once=_once(indexes.of(areas), covering_of),
        )
        # Sources without records say nothing of when those of others are known.
        extracts = [one for one in imports if one.extracted]
        covering = (extracts or imports) if question.records.chosen else imports
        resolution = resolved(_parts(covering, covers))
        treated = named_places(read, "treated", question.treatment.treated)
        control = named_places(read, "control", question.treatment.control)
        records = Records.of(store, imports, partial(_unchanged, store, version))
        if question.records.chosen:
            chosen = records.chosen(question.records, resolution[0].period)
            placed = chosen.loc[chosen["x"].notna(), list(ANSWER_COLUMNS)].reset_index(drop=True)
            everything = AllIncidents.of_frame(placed)
        if not imports:
            # Rows that came with no import say themselves which months there are. Those of another
            # window say something else, so whose areas are is found anew.
            window = _window(resolution[0], history=history)
            rows = everything.read(window, needs.columns)
            resolution = resolved(_coverage(rows, imports, covers), once=at_once)
        baseline = None
        if named := baseline_layer(question.baseline):
            of_baseline, baseline = _baseline(read, store, question, resolution[0].period.last)
            titles[named] = of_baseline.title
        facts = StoreFacts(
            covers=covers,
            accepted=store.incident_count() + records.placeless_count,
            records=records,
            notes=source_notes(store, {record.source for record in imports}),
            operation=store.projection.description,
            data_version=version.of(*subjects_of(question, areas)),
            harm=harm_table(store, question),
            known_places=known_places(store, question),
            treated=treated.areas,
            control=control.areas,
            unknown=treated.unknown | control.unknown,
            bases=_bases(read, store, question.patrols.bases),
            titles=titles,
            baseline=baseline,
            streets=partial(_streets, store, version, question.streets.lines),
            measured=partial(Measured, store, layer, areas, lambda named: read(named)[1]),
            answer_another=partial(ask, store=store, layer_of=layer_of, indexes=indexes),
            with_caveats=caveats,
        )
        further = FurtherRows(past, everything)
        _check(question, areas, study, facts=facts, further=further)
        return answered(
            resolution,
            (indexes.of(areas), indexes.of(study)),
            imports=imports,
            facts=facts,
            further=further,
            history=history,
            indexes=indexes,
            columns=needs.columns,
        )


def _once(areas: LayerIndex, covering: Hashable) -> Once:
    """What is made of the imports that cover a Question, once for all such Questions."""

    def once(name: str, make: Callable[[], Value]) -> Value:
        return areas.of_imports((name, covering), make)

    return once


def _refuse_too_many_cells(question: Question, study: gpd.GeoDataFrame) -> None:
    west, south, east, north = study.total_bounds.tolist()
    try:
        Grid(question.cell, question.shape).refuse_too_many((west, south, east, north))
    except InputError as error:
        raise QuestionError("cell", str(error)) from error


def _baseline(
    read: LayerReader, store: StoreReader, question: Question, last_day: date
) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
    """The layer that a baseline names, or that of the measure that it names."""
    named, _, column = question.baseline.partition(":")
    if named == MEASURE:
        return baseline_measure(store, column.strip(), last_day=last_day)
    # Points are a baseline too, which are no layer of areas; a plan is no feature layer.
    features = read if named.startswith(PLAN_PREFIX) else store.features
    return read_layer(features, "baseline", named.strip())


def _streets(store: StoreReader, version: DataVersion, named: str) -> StreetLayer:
    """The layer of streets, which few answers need, as it was when the Question was asked."""
    with store.reading():
        if store.data_version().layers != version.layers:
            raise StoreError("the layers have just changed; try again")
        metadata = street_metadata(store.layers(), named)
        segments = store.features(metadata.layer_id)[1]
        title = metadata.title or metadata.layer_id
        return StreetLayer(metadata.layer_id, title, segments, version.of("layers"))


def _everything(store: StoreReader, version: DataVersion, areas: LayerIndex) -> AllIncidents:
    """The incidents of all times; a store that has changed meanwhile is read again by a retry."""
    keeper = store if isinstance(store, KeepsPlaces) else None

    def read(window: Window | None, columns: Sequence[str]) -> pd.DataFrame:
        if window is not None and keeper is not None:
            return _unchanged(
                store, version, lambda _: keeper.located_incidents(window, columns, areas.locator)
            )
        return _unchanged(store, version, lambda one: one.incidents(window, columns=columns))

    def counted(window: Window | None) -> PointCounts | None:
        if keeper is None:
            return None
        return _unchanged(store, version, lambda _: keeper.point_counts(window))

    return AllIncidents(version.of("incidents"), read, counted)


def _unchanged(
    store: StoreReader, version: DataVersion, read: Callable[[StoreReader], Value]
) -> Value:
    """What is read of the incidents, as they were when the Question was asked."""
    with store.reading():
        if store.data_version().incidents != version.incidents:
            raise StoreError("the incidents have just changed; try again")
        return read(store)


def subjects_of(question: Question, areas: gpd.GeoDataFrame) -> list[Subject]:
    """What of a store a Question is answered from; a step in a plan changes no other answer.

    Parameters
    ----------
    question
        With its layer filled in.
    areas
        Those of its layer: a need that is none of their columns is a measure.

    Returns
    -------
    Names of the store's counters.
    """
    layers = (
        question.layer,
        question.study,
        question.patrols.bases,
        baseline_layer(question.baseline),
        question.treatment.treated,
        question.treatment.control,
    )
    plans = any(isinstance(name, str) and name.startswith(PLAN_PREFIX) for name in layers)
    subjects: list[Subject] = ["incidents", "layers", "settings"]
    if plans:
        subjects.append("plans")
    needs = {name for name, _ in question.need.mix} - {*OWN_NEEDS, *areas.columns}
    if baseline_layer(question.baseline) == MEASURE or needs:
        subjects.append("measures")
    return subjects


def _window(resolved: ResolvedQuestion, *, history: bool) -> Window:
    """The span of time to read: the period, the compared and earlier ones, and the history."""
    starts = [resolved.period.start]
    if resolved.compared:
        starts.append(resolved.compared.start)
    if resolved.earlier:
        starts.append(resolved.earlier.start)
    if history:
        starts.append(_earliest(resolved))
    return Window(min(starts), resolved.period.end)


def _bases(read: LayerReader, store: StoreReader, named: str) -> gpd.GeoDataFrame | None:
    """The layer of candidate bases: areas, or points such as stations; none without a name."""
    if not named:
        return None
    points = [one for one in store.layers() if one.kind == "points"]
    with suppress(NotFoundError):
        return store.features(find_layer(points, named).layer_id)[1]
    return read_layer(read, "bases", named)[1]


@dataclass(frozen=True)
class NamedPlaces:
    """The layer that an option of the treatment names; or, by that option, why there is none."""

    areas: gpd.GeoDataFrame | None = None
    unknown: dict[str, str] = field(default_factory=dict)


def named_places(read: LayerReader, option: str, named: str | tuple[str, ...]) -> NamedPlaces:
    """The areas of the layer that an option of a treatment names.

    Parameters
    ----------
    read
        Reads layers.
    option, named
        The option and its value: a layer, or codes, which name none.

    Returns
    -------
    The areas, or why there are none.
    """
    if not isinstance(named, str) or named in ("", MATCHED):
        return NamedPlaces()
    # Refused only where the treatment is evaluated: a slip in its form leaves the page standing.
    try:
        return NamedPlaces(read(named)[1])
    except NotFoundError as error:
        return NamedPlaces(unknown={option: str(error)})


def _coverage(
    incidents: pd.DataFrame, imports: Sequence[ImportRecord], covers: Mapping[str, Covers]
) -> list[ImportCoverage]:
    return _parts(imports, covers) or ImportCoverage.of_frame(incidents)


def _parts(imports: Sequence[ImportRecord], covers: Mapping[str, Covers]) -> list[ImportCoverage]:
    return [ImportCoverage.of_import(record, covers.get(record.partition_id)) for record in imports]


def _past_rows(store: StoreReader, imports: Sequence[ImportRecord]) -> pd.DataFrame:
    """The rows of the last months that most forces published, with their force."""
    forces = Counter(record.month for record in imports if record.month)
    most = max(forces.values(), default=0)
    months = sorted(month for month, n in forces.items() if n == most)[-PAST_MONTHS:]
    windows = [Window(period.start, period.end) for period in map(_month, months)]
    columns = ("incident_id", "source", "x", "y")
    rows = pd.concat([store.incidents(window, columns=columns) for window in windows])
    # An id begins with its partition, which names the force.
    partition = rows["incident_id"].astype(str).str.rsplit(":", n=1).str[0]
    names = {record.partition_id: record.name for record in imports}
    return rows.assign(force=partition.map(names).fillna(""))


def _month(month: str) -> Period:
    return Period.of_months(month, month)


def _rejected(imports: Sequence[ImportRecord]) -> int:
    """Rows that the last import of each partition rejected; it replaced those before it."""
    last = {record.partition_id: record for record in imports}
    return sum(record.rows_rejected for record in last.values())


def read_layer(
    read: LayerReader, option: str, layer_id: str
) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
    """Read a layer that an option names.

    Parameters
    ----------
    read
        Reads it.
    option, layer_id
        The option, for the refusal, and its value.

    Returns
    -------
    Its metadata and its areas.

    Raises
    ------
    QuestionError
        If there is no such layer.
    """
    try:
        return read(layer_id)
    except NotFoundError as error:
        raise QuestionError(option, str(error)) from error
