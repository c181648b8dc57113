"""Whether a task worked: the verdict that was fixed when it was decided, once its months are known.

Nobody chooses the months, the control or the moment: a task that is done is judged as soon as all
its months are published, whatever comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from urllib.parse import parse_qsl

import numpy as np
import shapely

from boundaries.tasking.assessment import Assessment, Outcome
from boundaries.tasking.finding_text import cannot_tell, control_words, sentence
from boundaries.tasking.history import LONDON, Signed
from boundaries.tasking.judged_counts import (
    JudgedCounts,
    NotYetError,
    judged_counts,
    matched_months,
)
from boundaries.tasking.task import Task
from geo.coverage import Coverage
from geo.errors import InputError, QuestionError
from geo.hotspots.place_effect import PlaceEffect, Windows, place_effect, refuse_few
from geo.hotspots.treatment import CLEAR_FALL, CLEAR_RISE, NO_CLEAR_EFFECT, RateRatio
from geo.incidents import months_between
from geo.period import Interval, Period, month_title
from geo.question.answer import Answer
from geo.question.model import OPTION, Question

BY: Final = "Patchmap"
"""Who signs an assessment: it follows from what was fixed, and from nobody's choice."""

_DATES: Final = ("from", "to", "method")
"""Names that `Question.read` takes beside those of its options."""

_WORKED_ON: Final = frozenset({"doing", "waiting", "done", "assessed"})

_OUTCOMES: Final[Mapping[str, Outcome]] = {
    CLEAR_FALL: "worked",
    CLEAR_RISE: "worse",
    NO_CLEAR_EFFECT: "no clear effect",
}


@dataclass(frozen=True)
class Finding:
    """What an assessment finds, as the step `assess` of a task takes it.

    Attributes
    ----------
    outcome
        Worked, no clear effect, worse, or cannot tell.
    sentence
        That with its numbers and its control, for people.
    figures
        The numbers as plain JSON; none where nobody can tell.
    """

    outcome: Outcome
    sentence: str
    figures: Mapping[str, Any] = field(default_factory=dict)


def after_period(assessment: Assessment, done: date) -> Period:
    """The whole months that are counted after the work.

    Parameters
    ----------
    assessment
        As it was fixed.
    done
        The day on which the task was done. Its month counts for neither side.

    Returns
    -------
    The period of whole months.
    """
    first = np.datetime64(f"{done:%Y-%m}", "M") + 1 + assessment.wait_months
    return Period.of_months(str(first), str(first + assessment.after_months - 1))


def due_for_assessment(tasks: Iterable[Task], coverage: Coverage, day: date) -> list[Task]:
    """The tasks whose assessment is due, by what is published and without reading an incident.

    Parameters
    ----------
    tasks
        Any.
    coverage
        Which months each publisher has published.
    day
        Today.

    Returns
    -------
    Those that are done, have an assessment, and whose months after the work are over and published,
    in the order given. Whether all of it is known at the place is for `assess` to say.
    """
    return [task for task in tasks if task.assessment and _is_due(task, coverage, day)]


def question_of(assessment: Assessment, done: date, origin: Question | None = None) -> Question:
    """The Question whose Answer an assessment is made of.

    Parameters
    ----------
    assessment
        As it was fixed.
    done
        The day on which the task was done.
    origin
        The Question that the task came from: its sources, hours, layers and places left out stay.

    Returns
    -------
    A Question from the first month that is matched to the last one after the work.
    """
    own = origin or Question()
    after = after_period(assessment, done)
    months = Interval.read(f"{matched_months(assessment)[0]}/{after.months[-1]}")
    return Question(
        period=months,
        category=assessment.category,
        source=own.source,
        hours=own.hours,
        layer=own.layer,
        study=own.study,
        without=own.without,
    )


def question_in(query: str) -> Question:
    """The Question in the query string of a page, which has other options beside it.

    Parameters
    ----------
    query
        Such as `layer=wards&category=drugs&view=map`.

    Returns
    -------
    The Question; the default one where there is none.

    Raises
    ------
    QuestionError
        If an option of it cannot be read.
    """
    pairs = parse_qsl(query)
    return Question.read({name: text for name, text in pairs if name in OPTION or name in _DATES})


def assess(
    assessment: Assessment,
    answer: Answer,
    *,
    done: date,
    day: date,
    elsewhere: Sequence[shapely.Geometry] = (),
) -> Finding:
    """Judge a task by what was fixed when it was decided.

    Parameters
    ----------
    assessment
        As it was fixed.
    answer
        The Answer to `question_of` it.
    done
        The day on which the task was done.
    day
        Today.
    elsewhere
        Places of other tasks that were worked on: those are no untreated places.

    Returns
    -------
    The finding. Too few incidents, no place to compare with, or other points of the source make it
    "cannot tell".

    Raises
    ------
    NotYetError
        If a month after the work is not over, not published, or looks incomplete or published
        twice: an unknown month is never a fall.

    Source: `geo.hotspots.place_effect`.
    """
    after = after_period(assessment, done)
    if day <= after.last:
        raise NotYetError(f"the months after the work end with {month_title(after.months[-1])}")
    try:
        counts = judged_counts(assessment, answer, after, elsewhere=elsewhere)
        windows = Windows(
            *(
                np.searchsorted(counts.months, months)
                for months in (counts.matched, months_between(*assessment.before), after.months)
            )
        )
        refuse_few(counts.place, windows)  # before other places are looked for
        effect = place_effect(
            counts.place, counts.others, windows, control=counts.control, beside=counts.beside
        )
    except NotYetError:
        raise
    except InputError as error:
        return Finding("cannot tell", cannot_tell(str(error)))
    outcome = _OUTCOMES[effect.verdict]
    control = control_words(
        assessment.control, matched=len(effect.matched), layer=answer.question.layer
    )
    said = sentence(
        outcome,
        effect,
        months=(len(windows.before), len(windows.after)),
        control=control,
        buffer_m=assessment.buffer_m,
    )
    return Finding(outcome, said, _figures(effect, counts, after, control))


def assess_due(
    tasks: Iterable[Task],
    coverage: Coverage,
    day: date,
    *,
    answer_of: Callable[[Question], Answer],
    signed: Signed,
) -> tuple[list[Task], dict[str, str]]:
    """Judge every task whose assessment is due.

    Parameters
    ----------
    tasks
        All there are: controls keep away from the places of the others.
    coverage, day
        As for `due_for_assessment`.
    answer_of
        Answers a Question, such as `geo.question.ask.ask` of a store.
    signed
        Who signs, usually `BY`, and when.

    Returns
    -------
    The tasks that were assessed, with that step; and by their ids why others are not yet.
    """
    every, assessed, waiting = list(tasks), [], {}
    for task in due_for_assessment(every, coverage, day):
        try:
            finding = finding_of(task, answer_of, day, others=every)
        except (NotYetError, QuestionError) as error:
            # A layer that was replaced, or a source that was taken out, can come back.
            waiting[task.task_id] = str(error)
            continue
        assessed.append(take_finding(task, finding, signed=signed))
    return assessed, waiting


def finding_of(
    task: Task,
    answer_of: Callable[[Question], Answer],
    day: date,
    *,
    others: Iterable[Task] = (),
) -> Finding:
    """Judge one task that is done.

    Parameters
    ----------
    task
        With an assessment.
    answer_of
        Answers a Question.
    day
        Today.
    others
        Other tasks; those that were worked on are no untreated places.

    Returns
    -------
    As `assess`.

    Raises
    ------
    InputError
        If it has no assessment or is not done; as `assess`.
    """
    done = _done_on(task)
    if task.assessment is None or done is None:
        raise InputError(f"{task.task_id} is not done, or nobody fixed how it will be judged")
    origin = question_in(task.question)
    answer = answer_of(question_of(task.assessment, done, origin))
    elsewhere = [
        one.place.geometry
        for one in others
        if one.state in _WORKED_ON and one.task_id != task.task_id
    ]
    return assess(task.assessment, answer, done=done, day=day, elsewhere=elsewhere)


def take_finding(task: Task, finding: Finding, *, signed: Signed) -> Task:
    """The task with its finding as one more step.

    Parameters
    ----------
    task
        A task that is done.
    finding
        What the assessment found.
    signed
        Who signs, and when.

    Returns
    -------
    The task, which is assessed.
    """
    return task.take(
        "assess",
        signed=signed,
        outcome=finding.outcome,
        finding=finding.sentence,
        figures=dict(finding.figures),
    )


def _is_due(task: Task, coverage: Coverage, day: date) -> bool:
    done = _done_on(task)
    if task.assessment is None or done is None or task.state != "done":
        return False
    after = after_period(task.assessment, done)
    known = {
        month
        for publisher in coverage.publishers
        for month in coverage.months_known(publisher, task.assessment.category)
    }
    return after.last < day and known.issuperset(after.months)


def _done_on(task: Task) -> date | None:
    return task.done_at.astimezone(LONDON).date() if task.done_at else None


def _figures(
    effect: PlaceEffect, counts: JudgedCounts, after: Period, control: str
) -> dict[str, Any]:
    """The numbers of a finding: keys never change, since tasks keep them."""
    assessment, ratio, beside = counts.assessment, effect.ratio, effect.beside
    names = counts.names if effect.matched else []
    return {
        "ratio": _rounded(ratio),
        "p": float(f"{ratio.p:.3g}"),
        "expected": round(effect.expected, 4),
        "before": list(assessment.before),
        "after": [after.months[0], after.months[-1]],
        "place": [int(n) for n in effect.place],
        "control": control,
        "control_counts": [int(n) for n in effect.control],
        "matched": [names[position] for position in effect.matched],
        "buffer_m": assessment.buffer_m,
        "beside": _rounded(beside) if beside else None,
    }


def _rounded(ratio: RateRatio) -> list[float]:
    """Ratio, low, high."""
    return [float(f"{value:.4g}") for value in (ratio.ratio, ratio.low, ratio.high)]
