"""The form on the page of a report: which areas, which time, and what else it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from api.answers import Answers
from api.errors import LASTING
from api.pages.bar import PERIODS
from api.pages.financial_years import financial_years
from api.reports.asking import known_period
from geo.calendar_parts import parts_of
from geo.question.ask import Question, default_layer

MOST_AREAS: Final = 400
"""Of a layer with more areas than this their codes are typed, not chosen from a list."""

MOST_HALVES: Final = 8

WAS: Final = "was"
"""The parameter with the layer whose areas a form offered."""

_PARTS: Final = {
    "month": "month",
    "": "quarter",
    "half": "half-year",
    "financial-year": "financial year",
}


@dataclass(frozen=True)
class Field:
    """A field of the form.

    Attributes
    ----------
    name, title
        Of the option, and for people.
    value
        What is chosen.
    choices
        What can be, by its value; None where it is typed.
    hint
        What a typed value looks like.
    """

    name: str
    title: str
    value: str
    choices: Mapping[str, str] | None = None
    hint: str = ""


@dataclass(frozen=True)
class ReportForm:
    """The form of a report: its fields, and the options of the address that it leaves alone."""

    fields: list[Field]
    hidden: Mapping[str, str]


def form_of(name: str, answers: Answers, question: Question) -> ReportForm:
    """The form of a report, filled in with a Question.

    Parameters
    ----------
    name
        Of the kind of report.
    answers
        About the store.
    question
        As the address asks it.

    Returns
    -------
    A field where there is something to choose.
    """
    made = [maker(answers, question) for maker in _FIELDS[name]]
    fields = [field for field in made if field is not None]
    chosen = {field.name for field in fields}
    if "datetime" in chosen:  # which leaves no place for a period
        chosen.add("period")
    texts = question.options()
    return ReportForm(fields, {key: text for key, text in texts.items() if key not in chosen})


def _layers(answers: Answers) -> dict[str, str]:
    return {one.layer_id: one.title or one.layer_id for one in answers.snapshot().choices()}


def _layer_id(answers: Answers, question: Question) -> str:
    return question.layer or default_layer(answers.snapshot())


def _layer(answers: Answers, question: Question) -> Field:
    return Field("layer", "Areas", _layer_id(answers, question), _layers(answers))


def _study(answers: Answers, question: Question) -> Field:
    own = _layer_id(answers, question)
    others = _other_layers(answers, question)
    title = _layers(answers).get(own, own)
    return Field("study", "Held against", question.study, {"": f"the rest of {title}", **others})


def _also(answers: Answers, question: Question) -> Field:
    """Reports of records are also by the areas of the study area's layer."""
    others = _other_layers(answers, question)
    return Field("study", "And by", question.study, {"": "no other areas", **others})


def _other_layers(answers: Answers, question: Question) -> dict[str, str]:
    own = _layer_id(answers, question)
    return {key: title for key, title in _layers(answers).items() if key != own}


def _within(answers: Answers, question: Question) -> Field:
    try:
        frame = answers.snapshot().layer(_layer_id(answers, question))[1]
    except LASTING:
        frame = None
    codes = ",".join(question.within)
    if frame is None or len(frame) > MOST_AREAS or len(question.within) > 1:
        return Field("within", "Only these areas", codes, hint="codes, separated by commas")
    named = sorted(zip(frame["area_name"].astype(str), frame.index.astype(str), strict=True))
    every = f"all {len(frame):,}"
    return Field("within", "Area", codes, {"": every, **{code: name for name, code in named}})


def _period(answers: Answers, question: Question) -> Field:
    del answers
    texts = question.options()
    dates = texts.get("datetime", "")
    first = dates.replace("/", " to ") if dates else "Latest 12 months"
    offered = {key: text for key, text in PERIODS.items() if key != "latest-12m" or dates}
    return Field("period", "Period", texts.get("period", ""), {"": first, **offered})


def _half(answers: Answers, question: Question) -> Field | None:
    """Up to which half-year: that of the data by default."""
    try:
        known = known_period(answers, Question(layer=question.layer, study=question.study))
    except LASTING:
        return None
    halves = [part for part in parts_of(known, "half") if not part.is_cut][-MOST_HALVES:]
    ends = {f"../{part.whole.last:%Y-%m}": part.label for part in reversed(halves)}
    dates = question.options().get("datetime", "")
    others = {dates: "as in the address"} if dates and dates not in ends else {}
    return Field("datetime", "Up to", dates, {"": "the latest half-year", **others, **ends})


def _year(kind: str) -> Callable[[Answers, Question], Field]:
    def field(answers: Answers, question: Question) -> Field:
        years = financial_years(answers, "money" if kind == "money" else "time")
        dates = question.options().get("datetime", "")
        others = {dates: dates} if dates and dates not in years.values() else {}
        values = {value: label for label, value in years.items()}
        return Field("datetime", "Financial year", dates, {"": "the latest", **others, **values})

    return field


def _by(answers: Answers, question: Question) -> Field:
    del answers
    value = "" if question.by == "quarter" else str(question.by)
    others = {} if value in _PARTS else {value: value}
    return Field("by", "Split by", value, {**_PARTS, **others})


def _rate(answers: Answers, question: Question) -> Field:
    del answers
    return Field("rate", "£ an hour", question.options().get("rate", ""), hint="31.50")


def _target(answers: Answers, question: Question) -> Field:
    del answers
    return Field("target", "Target", question.options().get("target", ""), hint="10wd")


def _dates(answers: Answers, question: Question) -> Field:
    del answers
    return Field("datetime", "Time", question.options().get("datetime", ""), hint="2026-01/2026-03")


_FIELDS: Final[Mapping[str, tuple[Callable[[Answers, Question], Field | None], ...]]] = {
    "six-monthly": (_layer, _study, _half),
    "profile": (_layer, _within, _study, _period),
    "spend": (_layer, _year("money")),
    "officer-hours": (_layer, _year("time"), _by, _rate),
    "response-times": (_layer, _also, _period, _by, _target),
    "members-enquiries": (_layer, _also, _period, _by, _target),
    "log": (_layer, _period),
    "repeat-issues": (_layer, _within, _period),
    "task-tracker": (_layer, _within),
    "city-board": (_layer,),
    "board-pack": (_layer, _within, _dates),
    "assessed-tasks": (_layer, _within),
}
"""By the name of the kind of report."""
