"""`/money`: what was given to each area, what has become of it, and what is left."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.answers import Answers
from api.areas.money import Money, left_words, money_of, money_sheets
from api.areas.view import named_file, options_of, wants_workbook
from api.dependencies import HTML, AnswersDep
from api.errors import LASTING
from api.etags import not_modified_or
from api.formats.registry import XLSX
from api.identity.declared import requires
from api.identity.roles import Capability
from api.pages.financial_years import financial_years, year_or_days
from api.pages.measure_text import pounds
from api.pages.templating import templates
from api.pages.text import reason_of
from api.settings import VERSION
from geo.errors import QuestionError
from geo.formats.workbook import to_workbook
from geo.period import Interval, Period
from geo.question.ask import Question, default_layer
from geo.store.layer_ids import areas_among

router = APIRouter(dependencies=[requires(Capability.READ_ANSWERS)])

_LAYER = "layer"


@router.get("/money")
def money_page(request: Request, answers: AnswersDep) -> Response:
    """Money by area and by priority."""

    def make() -> Response:
        options = options_of(request) | _layer_of(request)
        question = Question.read(options)
        if wants_workbook(request):
            content = to_workbook(money_sheets(money_of(answers, question)))
            named = XLSX.attachment(named_file("money"))
            return Response(content, media_type=XLSX.media_type, headers=named)
        return Response(_page(answers, question), media_type=HTML)

    media_type = XLSX.media_type if request.query_params.get("f") == "xlsx" else HTML
    return not_modified_or(request, answers, make, media_type=media_type)


def _layer_of(request: Request) -> dict[str, str]:
    layer = request.query_params.get(_LAYER, "")
    return {_LAYER: layer} if layer else {}


def _page(answers: Answers, question: Question) -> str:
    money, reason = _money_or_reason(answers, question)
    years, days = financial_years(answers, "money"), _time_asked(question)
    snapshot = answers.snapshot()
    layer = question.layer or (default_layer(snapshot) if areas_among(snapshot.layers()) else "")
    return templates.get_template("money.html").render(
        money=money,
        reason=reason,
        # The form says what was asked, be it a year without entries.
        years=years if days.keys() <= years.keys() else days | years,
        year=money.year if money else "".join(days),
        layers=snapshot.choices(),
        layer=layer,
        question=question,
        pounds=pounds,
        left_words=left_words,
        version=VERSION,
    )


def _time_asked(question: Question) -> dict[str, str]:
    """The label of the days that a Question names, and their value; nothing where it names none."""
    period = question.period
    if not isinstance(period, Interval) or period.first is None or period.last is None:
        return {}
    return {year_or_days(Period(period.first, period.last)): str(period)}


def _money_or_reason(answers: Answers, question: Question) -> tuple[Money | None, str]:
    """The money, or why none is shown; an option at fault is refused."""
    try:
        return money_of(answers, question), ""
    except LASTING as refusal:
        # Nothing recorded, at all or in this time, is no fault of the address: the form stays, so
        # that another year can be chosen. A time that cannot be read was refused before.
        if isinstance(refusal, QuestionError):
            at_fault = refusal.option in question.options()
            if at_fault and refusal.option != question.period_option:
                raise
        reason = reason_of(refusal).rstrip(".")
        return None, reason[:1].upper() + reason[1:]
