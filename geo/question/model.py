"""The Question, with every option that it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, fields, is_dataclass, replace
from typing import Final, Literal, TypeVar, get_args
from urllib.parse import urlencode

from geo.allocation.apportionment import Method
from geo.calendar_parts import CALENDAR_UNITS, CalendarUnit
from geo.cells import Shape
from geo.errors import InputError, QuestionError
from geo.hotspots.knox import Distance
from geo.period import Interval, Latest
from geo.question.kinds import (
    Assignments,
    Bands,
    BaselineName,
    Bridges,
    Choice,
    Choices,
    LatestPeriod,
    LayerOrPlaces,
    Mix,
    Money,
    Month,
    Names,
    Pairs,
    Shifts,
    Text,
    Value,
    WholeNumber,
)
from geo.question.options import OPTIONS_KEY, Option, either, option
from geo.question.values import BasePoint, Hours, PatchSize, StaffedShift
from geo.records.life import CHANNELS, KINDS
from geo.records.targets import Target

MOST_NAMES: Final = 20
"""How many names a refusal lists, at most."""

DEFAULT_PERIOD: Final = Latest(12)
"""The period where a Question names none."""

COUNT: Final = "count"
"""The weight by which each incident counts as one."""

ASSUMED_OFFICERS: Final = 2
"""Officers on patrol where nobody says how many: an assumption, and named as one."""

CellTest = Literal["tail", "gi"]
"""How cells are called hot or cold."""

StreetUnit = Literal["", "street", "segment"]
"""What is counted along streets: whole streets, segments, or what the layer has."""

RecordState = Literal["open", "answered", "closed", "withdrawn", "vanished"]
"""States that a record can be in once it was received; see `geo.records.life.state_at`."""

SplitBy = Literal["", "week", CalendarUnit]
"""The parts of time that an answer is split into; '' for the whole period."""

T = TypeVar("T", bound="Terms")

_RANK = ("rank", "patrols", "unusual", "unusual-places")
_STREETS = ("streets",)
_SHARE = ("posts", "patches")


@dataclass(frozen=True)
class Terms:
    """A record whose fields are options; it refuses values that their texts could not give."""

    def __post_init__(self) -> None:
        """Check each value that is not the default, and put it into its canonical form."""
        for part in fields(self):
            value = getattr(self, part.name)
            if OPTIONS_KEY in part.metadata and value != part.default:
                object.__setattr__(self, part.name, _checked(_declared(part), value))


@dataclass(frozen=True)
class PlaceTerms(Terms):
    """Which places are ranked."""

    radius: int = option(
        WholeNumber(25, 500),
        150,
        says="Radius of a ranked place, in metres.",
        analyses=(*_RANK, "evaluate"),
    )
    spacing: int = option(
        WholeNumber(50, 10_000),
        500,
        says="Shortest distance between the centres of two ranked places, in metres.",
        analyses=(*_RANK, "evaluate", "treatment"),
    )
    top: int = option(
        WholeNumber(1, 500), 20, says="How many places to rank, at most.", analyses=_RANK
    )
    window: int = option(
        WholeNumber(1, 36),
        12,
        says="Months by whose incidents places are chosen: those that end with the period; the "
        "period itself where it is longer. 'evaluate' says how many find most here.",
        analyses=_RANK,
    )


@dataclass(frozen=True)
class StreetTerms(Terms):
    """Along which streets incidents are counted."""

    lines: str = option(
        Text(),
        "",
        name="streets",
        says="Layer of street lines to count along (default: the only layer of lines).",
        example="streets",
        analyses=_STREETS,
    )
    tolerance: int = option(
        WholeNumber(1, 500),
        50,
        says="Farthest that an incident may be from its street, in metres; those farther away are "
        "counted by themselves.",
        analyses=_STREETS,
    )
    unit: StreetUnit = option(
        Choice(("street", "segment")),
        "",
        says="Count by whole streets (segments of one name with gaps of up to 25 m) or by single "
        "segments (default: streets where the layer has names).",
        example="segment",
        analyses=_STREETS,
    )


@dataclass(frozen=True)
class TreatmentTerms(Terms):
    """What was done where, and since when."""

    treated: str | tuple[str, ...] = option(
        LayerOrPlaces(),
        "",
        says="Places that were treated: a layer id, or ids of ranked places.",
        example="estates",
        analyses=("treatment",),
    )
    control: str | tuple[str, ...] = option(
        LayerOrPlaces(),
        "",
        says="Places to compare with: a layer id, ids of ranked places, or 'matched' for untreated "
        "places of like level, trend and season (default: everywhere else in the study area).",
        example="p150:56804:39774",
        analyses=("treatment",),
    )
    since: str = option(
        Month(),
        "",
        says="Month in which the treatment started.",
        example="2024-03",
        analyses=("treatment", "track"),
    )
    chosen: str = option(
        Month(),
        "",
        says="Month in which the treated places were chosen; the months before it are compared.",
        example="2024-02",
        analyses=("treatment",),
    )
    buffer: int = option(
        WholeNumber(10, 5_000),
        300,
        says="How far an effect may spill over around a treated place, in metres.",
        analyses=("treatment",),
    )


@dataclass(frozen=True)
class PostTerms(Terms):
    """How many officers, or how much money, is shared over the areas, and how."""

    officers: int | None = option(
        WholeNumber(1, 100_000),
        None,
        name="posts",
        says="Number of officers to share out.",
        example="30",
        analyses=("posts",),
    )
    money: int | None = option(
        Money(),
        None,
        says="Money to share out, in pounds, instead of officers.",
        example="10000",
        analyses=("posts",),
    )
    floor: int | None = option(
        WholeNumber(0, 100_000),
        None,
        says="Least for each area: officers (default: 1) or pounds (default: 0).",
        example="1",
        analyses=("posts",),
    )
    method: Method = option(
        Choice(get_args(Method)),
        "sainte-lague",
        says="Rounding method for officers.",
        analyses=("posts",),
    )
    pinned: Pairs[str] = option(
        Assignments(),
        (),
        says="Officers who stay in an area: NAME=CODE, separated by commas.",
        example="Ann Lee=E05015507",
        analyses=("posts",),
    )

    @property
    def shares_anything(self) -> bool:
        """Whether it says how many officers, or how much money."""
        return self.officers is not None or self.money is not None

    @property
    def least(self) -> int:
        """What each area has at least: officers, or pounds where money is shared out."""
        if self.floor is not None:
            return self.floor
        return 1 if self.money is None else 0


OWN_NEEDS: Final = ("incidents", "harm")
"""Needs that are made of the Question's own incidents."""


@dataclass(frozen=True)
class NeedTerms(Terms):
    """What the need, or the work, of an area is measured by, and which areas count."""

    mix: Pairs[float] = option(
        Mix(),
        (("incidents", 1.0),),
        name="need",
        says="Columns of the layer, or measures, that say where the need is, each with its weight.",
        example="incidents:2,imd_score",
        analyses=_SHARE,
        after="floor",
    )
    low: tuple[str, ...] = option(
        Names(),
        (),
        says="Need columns where lower values mean greater need (an IMD rank, say).",
        example="imd_rank",
        analyses=_SHARE,
        after="need",
    )
    exclude: tuple[str, ...] = option(
        Names(),
        (),
        says="Areas to leave out: codes, separated by commas.",
        example="E05015507",
        analyses=_SHARE,
    )


@dataclass(frozen=True)
class PatchTerms(Terms):
    """How areas are grouped into patches."""

    size: PatchSize | None = option(
        Value(PatchSize),
        None,
        says="Areas in a patch: the fewest and the most.",
        example="2-3",
        analyses=("patches",),
    )
    members: int | None = option(
        WholeNumber(1, 1_000),
        None,
        says="Most councillors in a patch.",
        example="6",
        analyses=("patches",),
    )
    groups: int | None = option(
        WholeNumber(1, 1_000),
        None,
        says="Number of patches.",
        example="8",
        analyses=("patches",),
    )
    bridges: Pairs[tuple[str, str]] = option(
        Bridges(),
        (),
        says="Areas that a bridge joins: NAME=CODE+CODE, separated by commas.",
        example="Swan Bridge=E05015507+E05015508",
        analyses=("patches",),
    )
    today: str = option(
        Text(),
        "",
        says="Column of the layer that holds today's patches.",
        example="patch",
        analyses=("patches",),
    )


@dataclass(frozen=True)
class PatrolTerms(Terms):
    """Who patrols when, and what a visit is."""

    shifts: tuple[StaffedShift, ...] = option(
        Shifts(),
        (),
        says="Shifts: NAME:OFFICERS@START, separated by commas.",
        example="late:2@14:00",
        analyses=("patrols",),
    )
    officers: int | None = option(
        WholeNumber(1, 500),
        None,
        says="Officers on patrol each day, when no shifts are given (default: 2 are assumed).",
        example="2",
        analyses=("patrols",),
    )
    minutes: int = option(
        WholeNumber(15, 1_440),
        240,
        says="Patrol time of each officer in a shift, in minutes.",
        analyses=("patrols",),
    )
    visit: int = option(
        WholeNumber(1, 240), 15, says="Length of a visit, in minutes.", analyses=("patrols",)
    )
    visits: int = option(
        WholeNumber(1, 24),
        2,
        says="Fewest visits a day to a place that is visited at all.",
        analyses=("patrols",),
    )
    everywhere: int = option(
        WholeNumber(0, 24),
        0,
        says="Fewest visits a day to every area that has a ranked place.",
        analyses=("patrols",),
    )
    again: int = option(
        WholeNumber(5, 1_440),
        120,
        says="Longest time between two visits to a place, in minutes.",
        analyses=("patrols",),
    )
    speed: int = option(
        WholeNumber(1, 100),
        25,
        says="Travel speed between places, in km/h (about 25 by vehicle, 5 on foot).",
        analyses=("patrols",),
    )
    detour: int = option(
        WholeNumber(100, 300),
        130,
        says="Detour factor: route length as a percentage of the straight line.",
        analyses=("patrols",),
    )
    base: BasePoint | None = option(
        Value(BasePoint),
        None,
        says="Where rounds start and end: x,y in metres.",
        example="435100,336200",
        analyses=("patrols",),
    )
    bases: str = option(
        Text(),
        "",
        says="Layer of candidate bases, areas or points; rounds start at the best one. The "
        "command also takes a file of points (CSV, GeoJSON, GeoPackage).",
        example="childrens-centres",
        analyses=("patrols",),
    )
    reach: int = option(
        WholeNumber(1, 240),
        15,
        says="Minutes of travel within which a candidate base covers a place.",
        analyses=("patrols",),
    )

    @property
    def on_duty(self) -> int:
        """Officers on patrol each day: those given, else as many as are assumed."""
        return ASSUMED_OFFICERS if self.officers is None else self.officers

    def shift(self, name: str) -> StaffedShift | None:
        """The shift of a name; none where visits are planned for a day."""
        return next((shift for shift in self.shifts if shift.name == name), None)


@dataclass(frozen=True)
class MeasureTerms(Terms):
    """Which measures are shown, and how money and time are split and valued."""

    chosen: tuple[str, ...] = option(
        Names(),
        (),
        name="measures",
        says="Ids of measures, separated by commas; 'incidents' are those of the Question "
        "(default: all; of plans none).",
        example="incidents",
        analyses=("profile", "track"),
    )
    split: Literal["", "priority", "category", "kind"] = option(
        Choice(("priority", "category", "kind")),
        "",
        says="Split money by priority, or open records by category or kind.",
        example="priority",
        analyses=("spend", "backlog"),
    )
    hourly_rate: int | None = option(
        Money(),
        None,
        name="rate",
        says="Cost of an officer's hour, in pounds.",
        example="42.50",
        analyses=("officer-hours",),
    )


@dataclass(frozen=True)
class RecordTerms(Terms):
    """Which records count, of sources whose records have lives: received, answered, closed."""

    state: tuple[RecordState, ...] = option(
        Choices(get_args(RecordState)),
        (),
        says="Only records in these states at the period's end, separated by commas: open, "
        "answered, closed, withdrawn or vanished (missing from a later extract).",
        example="open,answered",
    )
    channel: tuple[str, ...] = option(
        Choices(CHANNELS),
        (),
        says=f"Only records raised by these channels: {', '.join(CHANNELS)}.",
        example="member",
    )
    kind: tuple[str, ...] = option(
        Choices(KINDS),
        (),
        says=f"Only records of these kinds: {', '.join(KINDS)}.",
        example="enquiry",
    )
    service: tuple[str, ...] = option(
        Names(),
        (),
        says="Only records of these services of the council, separated by commas.",
        example="Streets",
    )
    target: Target | None = option(
        Value(Target),
        None,
        says="Days in which a record should be answered, such as 10wd (working days in England "
        "and Wales) or 20d (default: the date that each record states).",
        example="10wd",
    )

    @property
    def chosen(self) -> str:
        """The first option by which only some records count; '' where all incidents do."""
        names = ("state", "channel", "kind", "service")
        return next((name for name in names if getattr(self, name)), "")


MADE_OF_INCIDENTS: Final = (
    *("cell", "shape", "test", "by", "bandwidth", "edge", "holdout"),
    *("near", "days", "distance", "posts", "need", "patches", "measures"),
)
"""Fields of a Question that say what is made of its incidents, beside `patrols`, and not which."""


@dataclass(frozen=True)
class Question(Terms):
    """Which incidents, over which areas, at which grain; and what an analysis needs to know.

    Each field is one option, or a record of the options of some analyses.
    """

    period: Interval | Latest | None = either(
        None,
        Option(
            "datetime",
            "First and last day or month, both included.",
            "2024-01-01/2024-04-30",
            Value(Interval),
        ),
        Option(
            "period",
            f"Latest months or days of the data, instead of dates (default: {DEFAULT_PERIOD}).",
            str(DEFAULT_PERIOD),
            LatestPeriod(Latest),
        ),
    )
    category: tuple[str, ...] = option(
        Names(),
        (),
        says="Categories of incidents, separated by commas (default: all).",
        example="anti-social-behaviour",
    )
    source: tuple[str, ...] = option(
        Names(),
        (),
        says="Sources of incidents, separated by commas (default: all).",
        example="police.uk",
    )
    hours: Hours | None = option(
        Value(Hours),
        None,
        says="Hours of the day in London: the first, and the one at which they end.",
        example="18-02",
    )
    layer: str = option(Text(), "", says="Layer of areas to count by.", example="wards-2025")
    study: str = option(
        Text(),
        "",
        says="Layer of the study area: cells cover it, and hot and cold are judged over all of it "
        "(default: the layer of areas).",
        example="wards-2025",
    )
    within: tuple[str, ...] = option(
        Names(),
        (),
        says="Show only these areas: codes, separated by commas. Ranks begin anew; other numbers "
        "stay the same.",
        example="E05015507",
    )
    without: tuple[str, ...] = option(
        Names(),
        (),
        says="Leave out incidents at these places: NAME@x:y in metres, place names, or ids of "
        "ranked places.",
        example="Police Station@435123:336456",
    )
    cell: int = option(WholeNumber(25, 5_000), 150, says="Width of a cell, in metres.")
    shape: Shape = option(Choice(get_args(Shape)), "hexagon", says="Shape of a cell.")
    baseline: str = option(
        BaselineName(),
        "",
        says="What cells are held against: even (the land), points (the source's snap points), "
        "residents, other (all other incidents), a layer of points, LAYER:COLUMN or measure:ID "
        "(default: points where the source has snap points, else residents where known, else "
        "even).",
        example="residents",
    )
    test: CellTest = option(
        Choice(get_args(CellTest)),
        "tail",
        says="How cells are called hot or cold: the tail of their count alone, or Gi* too.",
    )
    by: SplitBy = option(
        Choice(("week", *CALENDAR_UNITS)),
        "",
        says="Split 'count' by month, quarter, half, year or financial year (from April). "
        "'unusual' judges a month or a week. Answers of the whole period refuse it.",
        example="month",
    )
    compare: Literal["", "previous", "year"] = option(
        Choice(("previous", "year")),
        "",
        says="Compare with the period just before, or with the same period a year earlier.",
        example="previous",
    )
    weight: str = option(
        Text(), COUNT, says="Weight per incident: 'count' (1 each) or a harm table id."
    )
    bandwidth: int | None = option(
        WholeNumber(50, 10_000),
        None,
        says="Kernel bandwidth, in metres (default: suggested by the data).",
        example="400",
        analyses=("density", "evaluate"),
    )
    edge: Literal["", "corrected"] = option(
        Choice(("corrected",)),
        "",
        says="Correct the density near the edge of the study area.",
        example="corrected",
        analyses=("density",),
    )
    places: PlaceTerms = PlaceTerms()
    streets: StreetTerms = StreetTerms()
    holdout: int | None = option(
        WholeNumber(1, 60),
        None,
        says="How many of the last months to test on, each by the months before it (default: up to "
        "12 of the period, as many as leave a year of history, at least 6).",
        example="12",
        analyses=("evaluate",),
    )
    treatment: TreatmentTerms = TreatmentTerms()
    near: tuple[int, ...] = option(
        Bands(),
        (100, 200, 300, 400),
        says="Upper ends of the distance bands, in metres.",
        analyses=("near-repeats",),
    )
    days: tuple[int, ...] = option(
        Bands(),
        (7, 14, 28),
        says="Upper ends of the time bands, in days.",
        analyses=("near-repeats",),
    )
    distance: Distance = option(
        Choice(get_args(Distance)),
        "euclidean",
        says="Distance between incidents: straight line, or along both axes as many "
        "published tables have it.",
        analyses=("near-repeats",),
    )
    posts: PostTerms = PostTerms()
    need: NeedTerms = NeedTerms()
    patches: PatchTerms = PatchTerms()
    patrols: PatrolTerms = PatrolTerms()
    measures: MeasureTerms = MeasureTerms()
    records: RecordTerms = RecordTerms()

    @property
    def period_option(self) -> str:
        """The option that says its period, for a refusal."""
        return "datetime" if isinstance(self.period, Interval) else "period"

    @property
    def selection(self) -> Question:
        """The Question that selects the same incidents, with the defaults of what is made of them.

        Another number of officers or width of cells needs no incident to be read anew.
        """
        empty = Question()
        defaults: dict[str, object] = {name: getattr(empty, name) for name in MADE_OF_INCIDENTS}
        # Candidate bases are a layer, which is read with the incidents.
        patrols = replace(empty.patrols, bases=self.patrols.bases)
        return _changed(self, {**defaults, "patrols": patrols})

    @classmethod
    def read(cls, options: Mapping[str, str]) -> Question:
        """Read a Question from texts by option name; empty texts are as if not given.

        `from` and `to` may stand for `datetime`, and `method=gi` for `test=gi`.

        Raises
        ------
        QuestionError
            If an option is unknown, cannot be read, or contradicts another.
        """
        given = {name: text.strip() for name, text in options.items() if text.strip()}
        # Of cells the method is the test; of officers it is how they are rounded.
        if given.get("method") in get_args(CellTest):
            given["test"] = given.pop("method")
        first, last = given.pop("from", ""), given.pop("to", "")
        for name, day in (("from", first), ("to", last)):
            if "/" in day:  # as in 31/01/2024, which would be read as a period from 31 to 01
                raise QuestionError(
                    name, f"{day!r} is not a date; write it as 2024-01 or 2024-01-31"
                )
            try:
                Interval.read(day)
            except QuestionError as error:
                raise error.under(name) from error
        if first or last:
            if "datetime" in given:
                raise QuestionError("datetime", "use either datetime or from/to, not both")
            given["datetime"] = f"{first or '..'}/{last or '..'}"
        if "datetime" in given and "period" in given:
            raise QuestionError("period", "use either period or dates, not both")
        values: dict[str, dict[str, object]] = {}
        for name, text in given.items():
            if name not in OPTION:
                names = ", ".join(sorted(OPTION))
                raise QuestionError(name, f"unknown option; the options are: {names}")
            known = OPTION[name]
            values.setdefault(known.record, {})[known.attribute] = known.read(text)
        own, empty = values.pop("", {}), cls()
        records = {
            record: _changed(getattr(empty, record), changes) for record, changes in values.items()
        }
        return _changed(empty, own | records)

    def texts(self) -> dict[str, str]:
        """The text of every option, in the order of addresses; '' where there is no value."""
        return {known.name: _text(known, self._value(known)) for known in OPTIONS}

    def options(self) -> dict[str, str]:
        """The options that differ from their defaults, as texts that `read` takes."""
        return {
            known.name: text
            for known in OPTIONS
            if (value := self._value(known)) != known.default and (text := _text(known, value))
        }

    def query(self) -> str:
        """The Question as the query string of an address."""
        return urlencode(self.options(), safe="/:,.")

    def _value(self, known: Option) -> object:
        return getattr(getattr(self, known.record) if known.record else self, known.attribute)


def _changed(terms: T, values: Mapping[str, object]) -> T:
    return replace(terms, **values)


def _checked(options: list[Option], value: object) -> object:
    """The canonical value by the option whose kind it is; refused by the last where it is none."""
    for known in options[:-1]:
        try:
            return known.check(value)
        except QuestionError:
            continue
    return options[-1].check(value)


def _text(known: Option, value: object) -> str:
    """The text of a value; '' where it is none, or that of another option of the field."""
    if value in (None, "", ()):
        return ""
    try:
        return known.kind.write(value)
    except InputError:
        return ""


def _declared(part: Field[object], record: str = "") -> list[Option]:
    """The options of a field, or of the record that it holds."""
    if is_dataclass(part.default) and OPTIONS_KEY not in part.metadata:
        return [known for inner in fields(part.default) for known in _declared(inner, part.name)]
    return [
        replace(
            known,
            name=known.name or part.name,
            default=part.default,
            record=record,
            attribute=part.name,
        )
        for known in part.metadata[OPTIONS_KEY]
    ]


def _in_order(options: list[Option]) -> tuple[Option, ...]:
    """The options in the order of addresses, which caches and links know by heart."""
    ordered = [known for known in options if not known.after]
    for known in options:
        if known.after:
            names = [earlier.name for earlier in ordered]
            ordered.insert(names.index(known.after) + 1, known)
    return tuple(ordered)


OPTIONS: Final = _in_order([known for part in fields(Question) for known in _declared(part)])
"""Every option, in the order of addresses; a door never knows one that the others lack."""

OPTION: Final = {known.name: known for known in OPTIONS}
