"""What to know before the board opens, in a few plain lines; and which Question it opens with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from api.commands.start.figures import has_residents
from api.text_tables import listed
from geo.incidents import category_title, months_between
from geo.period import Interval, Period
from geo.question.ask import Question, ask
from geo.question.quality import NO_PLACE, DoubleWatch, short_months
from geo.sources.police_uk import SOURCE
from geo.store.contract import ImportRecord, Store

MOST_MONTHS: Final = 12
"""Months of the board's first Question: a year has every season once."""

MOST_LINES: Final = 6


def opening_question(records: Sequence[ImportRecord], layer: str) -> Question:
    """The latest months without a gap, a year at most, over a layer.

    Parameters
    ----------
    records
        The current imports of the force; at least one.
    """
    months = sorted({record.month for record in records})
    run = [months[-1]]
    for month in months[-2::-1]:
        if len(run) == MOST_MONTHS or months_between(month, run[0]) != [month, run[0]]:
            break
        run.insert(0, month)
    text = run[0] if len(run) == 1 else f"{run[0]}/{run[-1]}"
    return Question(layer=layer, period=Interval.read(text))


def what_to_know(
    store: Store, question: Question, *, force: str, place: str, ingest: str
) -> list[str]:
    """Say what to know before the board is believed, the most important first.

    Parameters
    ----------
    question
        The board's first Question.
    place
        The name of the authority.
    ingest
        The command that imports the force's archive by hand.
    """
    records = [record for record in store.imports() if _is_of(record, force)]
    areas = store.layer(question.layer)[1]
    lines = [
        _counted(store, question, force=force, place=place),
        _gaps(records, force),
        _doubled(store, records, ingest),
        _short(records),
        _unplaced(records),
        ""
        if has_residents(areas)
        else f"no residents of {question.layer} are known, so no rates per 1,000 are shown",
    ]
    return [line for line in lines if line][:MOST_LINES]


def _is_of(record: ImportRecord, force: str) -> bool:
    return (record.source, record.name) == (SOURCE, force)


def _counted(store: Store, question: Question, *, force: str, place: str) -> str:
    accounts = ask(question, store).accounts
    title = accounts.period.title
    if not accounts.counted:
        return f"no incident of {title} lies in {place}: check that {force} is the force of {place}"
    return (
        f"{accounts.counted:,} incidents of {title} lie in {place}, {accounts.outside:,} elsewhere"
    )


def _gaps(records: Sequence[ImportRecord], force: str) -> str:
    months = sorted({record.month for record in records})
    missing = [month for month in months_between(months[0], months[-1]) if month not in months]
    number = "1 month" if len(months) == 1 else f"{len(months)} months"
    span = Period.of_months(months[0], months[-1]).title
    if not missing:
        return f"{number} of {force} are there, {span}, without a gap"
    lie = "1 month between is" if len(missing) == 1 else f"{len(missing)} months between are"
    return f"{number} of {force} are there, {span}; {lie} missing: unknown, not zero"


def _doubled(store: Store, records: Sequence[ImportRecord], ingest: str) -> str:
    doubles = []
    for record in records:
        watch = DoubleWatch()
        watch.add(store.import_rows(record.import_id))
        doubles += watch.doubles()
    if not doubles:
        return ""
    names = listed([f"{category_title(each.category)} of {each.month}" for each in doubles], most=3)
    first = doubles[0]
    halve = f"{records[0].name}:{first.month}:{first.category}"
    return f"{names} looks published twice; to count it once: {ingest} --halve {halve}"


def _short(records: Sequence[ImportRecord]) -> str:
    short = [each.month for each in short_months(records)]
    return f"{listed(short)} may be incomplete: fewer than half the usual rows" if short else ""


def _unplaced(records: Sequence[ImportRecord]) -> str:
    read = sum(record.rows_read for record in records)
    lost = sum(record.rejected_by_reason.get(NO_PLACE, 0) for record in records)
    if not lost:
        return ""
    return f"{lost:,} of {read:,} rows ({lost / read:.1%}) have no place and are on no map"
