"""The template variables that the board and all of its parts share."""

from __future__ import annotations

from collections.abc import Mapping

from api.answers import Answers
from api.board.findings import Findings
from api.board.headline import compared_words, headline_of, span_title
from api.board.view import BoardView
from api.maps.modes import DEFAULT_MODE, MAP_MODES
from api.pages.bar import BASELINES, bar, chosen_layer
from api.pages.text import (
    area_words,
    categories_words,
    gap_notes,
    headline,
    hot_cells,
    hot_share_words,
    hot_words,
    hotspot_count,
    hours_words,
    period_words,
    total_words,
)
from api.settings import VERSION
from api.snapshot import Snapshot
from geo.analyses.surfaces import against_words
from geo.period import Period
from geo.question.answer import Answer
from geo.question.ask import Question
from geo.question.baseline import possible_baselines
from geo.question.exclusions import place_title
from geo.store.layer_ids import MEASURE

Variables = Mapping[str, object]
"""The variables of a template, by name."""


def page_variables(findings: Findings, view: BoardView) -> dict[str, object]:
    """The variables of the page and of each of its parts."""
    answer = findings.answer
    return {
        "version": VERSION,
        "view": view,
        "linked": True,
        "has_records": findings.has_records,
        "question": findings.question,
        "answer": answer,
        "accounts": answer.accounts,
        "compared": answer.accounts.compared,
        "compared_words": compared_words(answer),
        "headline": headline(answer),
        "finding": headline_of(answer),
        "asked": _summary(answer),
        "categories": categories_words(answer),
        "period": period_words(answer),
        "shown": answer.n_shown,
        "hot": hotspot_count(answer),
        "hot_cells": len(hot_cells(answer)),
        "hot_words": hot_words(answer),
        "hot_share_words": hot_share_words(answer),
        "area_words": area_words(answer),
        "gap_notes": gap_notes(answer),
        "study_title": answer.study_title,
        "cells_tested": int(answer.cells_known.sum()),
        "total": total_words(answer),
        "against": against_words(answer, answer.area_changes.verdicts.against)
        if answer.accounts.compared
        else "",
        "per_day": "n_per_day" in answer.area_counts,
        "left_out": [place_title(place) for place in findings.question.without],
        "unit": "harm" if answer.harm else "incidents",
        "credits": answer.accounts.attribution,
        "map_address": view.map_address(),
        "maps": view.maps(answer.accounts),
        "treatable": findings.layers,
        "baselines": _baselines(answer),
    }


def _baselines(answer: Answer) -> dict[str, str]:
    """What the cells can be held against, by its name in an address; '' for what suits the data."""
    names = ["", *possible_baselines(answer.baseline_sources)]
    return {name: BASELINES.get(name, name) for name in names}


def _then(answer: Answer) -> str:
    """The compared period by its name, or by how long it was."""
    return compared_words(answer).removeprefix("in ").removeprefix("from ")


def _summary(answer: Answer) -> list[str]:
    """The Question in a few words, for the line that it is folded into."""
    question, compared = answer.question, answer.accounts.compared
    areas = int(answer.shown_areas.sum())
    return [
        categories_words(answer),
        span_title(answer.accounts.period),
        *([f"compared with {_then(answer)}"] if compared else []),
        *([hours_words(question.hours)] if question.hours else []),
        *([f"by harm ({answer.harm.title})"] if answer.harm else []),
        f"{areas:,} area{'' if areas == 1 else 's'}",
    ]


def bar_variables(answers: Answers, view: BoardView, question: Question) -> dict[str, object]:
    """The variables of the form, the tabs over the map and the restrictions.

    Parameters
    ----------
    view
        What the address says.
    question
        Its Question, with defaults filled in where it has an answer.
    """
    snapshot = answers.snapshot()
    titles = {one.layer_id: one.title for one in snapshot.choices()}
    return {
        "bar": bar(snapshot, question),
        "measured_baselines": {
            f"{MEASURE}:{one.measure_id}": f"{one.title} (measure)"
            for one in snapshot.measures()
            if one.kind == "count" and not one.question
        },
        "modes": _modes(view, has_records=any(one.extracted for one in snapshot.imports())),
        "limits": _limits(view, titles, _names_within(snapshot, question)),
    }


def _names_within(snapshot: Snapshot, question: Question) -> str:
    """The names of the areas that a Question shows alone; '' where it shows all."""
    areas = snapshot.areas_or_none(chosen_layer(snapshot, question)) if question.within else None
    names = {} if areas is None else areas["area_name"].to_dict()
    return ", ".join(str(names.get(code, code)) for code in question.within)


def _modes(view: BoardView, *, has_records: bool) -> list[dict[str, object]]:
    """The tabs over the map; a mode that compares brings a period to compare with."""
    compare = {"compare": view.question.compare or "previous"}
    return [
        {
            "title": mode.title,
            "now": name == view.mode,
            "address": view.address(
                "/",
                show=name if name != DEFAULT_MODE else "",
                **(compare if mode.compares else {}),
            ),
        }
        for name, mode in MAP_MODES.items()
        if has_records or not mode.of_records
    ]


def _limit_words(name: str, text: str, layers: Mapping[str, str]) -> str:
    """A restriction as people read it."""
    return Period.of_months(text, text).title if name == "month" else layers.get(text) or text


def _limits(view: BoardView, layers: Mapping[str, str], within: str) -> list[tuple[str, str]]:
    """Restrictions that are easily overlooked, each with the address that removes it."""
    titles = {"month": "only", "within": "only", "study": "judged against", "by": "by"}
    options = view.options()
    limits = [
        (
            f"{title} {(name == 'within' and within) or _limit_words(name, options[name], layers)}",
            view.address("/", at="", **{name: ""}),
        )
        for name, title in titles.items()
        if name in options
    ]
    places = view.question.without
    for place in places:
        others = ",".join(other for other in places if other != place)
        limits.append((f"without {place_title(place)}", view.address("/", at="", without=others)))
    return limits
