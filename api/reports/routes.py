"""`/reports`: the reports as pages, and as files."""

from __future__ import annotations

import shlex
from collections.abc import Callable

from fastapi import APIRouter, Request, Response

from api.addresses import own_address
from api.answers import Answers
from api.dependencies import HTML, AnswersDep
from api.etags import not_modified_or
from api.identity.declared import requires
from api.identity.roles import Capability
from api.pages.templating import templates
from api.query import QUESTION_PARAMETERS, only
from api.reports.form import WAS, form_of
from api.reports.kinds import REPORTS
from api.reports.model import Report
from api.reports.registry import MAKERS
from api.reports.rendering import REPORT_POLICY, report_page, report_sheets
from api.reports.task_tables import today
from api.settings import VERSION
from geo.errors import NotFoundError
from geo.formats.workbook import to_workbook
from geo.question.model import Question

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_FROM_TO = ("from", "to")

router = APIRouter(dependencies=[requires(Capability.READ_ANSWERS)])


@router.get("/reports")
def list_reports() -> Response:
    """The reports that there are."""
    page = templates.get_template("reports.html").render(reports=REPORTS.values(), version=VERSION)
    return Response(page, media_type=HTML)


@router.get("/reports/{name}.xlsx")
def report_tables(request: Request, answers: AnswersDep, name: str) -> Response:
    """A report as a workbook."""
    make_report = _maker(name)

    def make() -> Response:
        report = make_report(answers, _question(request, name))
        headers = {"content-disposition": f'attachment; filename="{name}.xlsx"'}
        return Response(to_workbook(report_sheets(report)), media_type=XLSX, headers=headers)

    return not_modified_or(request, answers, make, media_type=XLSX, setting=_day(name))


@router.get("/reports/{name}.html")
def report_file(request: Request, answers: AnswersDep, name: str) -> Response:
    """A report as one file to print, store or send."""
    make_report = _maker(name)

    def make() -> Response:
        headers = {
            "content-security-policy": REPORT_POLICY,
            "content-disposition": f'attachment; filename="{name}.html"',
        }
        text = report_page(make_report(answers, _question(request, name)))
        return Response(text, media_type=HTML, headers=headers)

    return not_modified_or(request, answers, make, media_type=HTML, setting=_day(name))


@router.get("/reports/{name}")
def report(request: Request, answers: AnswersDep, name: str) -> Response:
    """A report as a page."""
    make_report = _maker(name)

    def make() -> Response:
        question = _question(request, name)
        query = f"?{question.query()}" if question.query() else ""
        text = report_page(
            make_report(answers, question),
            files={
                label: own_address(f"/reports/{name}{ending}{query}")
                for label, ending in (("XLSX", ".xlsx"), ("HTML, one file", ".html"))
            },
            command=_command(name, question),
            form=form_of(name, answers, question),
        )
        return Response(text, media_type=HTML)

    return not_modified_or(request, answers, make, media_type=HTML, setting=_day(name))


def _day(name: str) -> str:
    """What the ETag of a report that is of today holds beside its data: the day."""
    return f"{today()}" if REPORTS[name].of_today else ""


def _command(name: str, question: Question) -> str:
    """The command that writes this report as a PDF."""
    options = (word for name, text in question.options().items() for word in (f"--{name}", text))
    return shlex.join(["patchmap", "report", name, *options, "-o", f"{name}.pdf"])


def _question(request: Request, name: str) -> Question:
    own = REPORTS[name].names
    texts = only(
        request, (*(own or QUESTION_PARAMETERS), *(_FROM_TO if "datetime" in own else ()), WAS)
    )
    was = texts.pop(WAS, "")
    if was and was != texts.get("layer", was):
        # A form whose areas were changed still has those of the former layer chosen.
        texts.pop("within", None)
    if was and texts.get("period"):
        # The dates that its reader came with.
        texts.pop("datetime", None)
    # A form sends what is left empty too.
    return Question.read({name: text for name, text in texts.items() if text})


def _maker(name: str) -> Callable[[Answers, Question], Report]:
    if name not in MAKERS:
        raise NotFoundError(f"there is no report {name!r}; there are: {', '.join(MAKERS)}")
    return MAKERS[name]
