"""`/answers/COMMAND`: what an analysis found, in its own words, with its table.

The board shows some analyses in sections made for them. Each, also one of which the board says
nothing, can be read here: the page is made of its declaration and its result alone.
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from api.addresses import own_address
from api.answer_pages.table import shown_table
from api.answers import Answers
from api.dependencies import HTML, AnswersDep
from api.etags import not_modified_or
from api.formats.registry import download_formats
from api.identity.declared import requires
from api.identity.roles import Capability
from api.pages.templating import templates
from api.pages.text import period_words
from api.query import QUESTION_PARAMETERS, only
from api.settings import VERSION
from geo.analyses import ANALYSES, Analysis
from geo.analyses.analysis import AnalysisResult
from geo.analyses.record_rows import ACCOUNTS_OF_RECORDS
from geo.errors import NotFoundError
from geo.question.ask import Answer, Question

router = APIRouter(dependencies=[requires(Capability.READ_ANSWERS)])

_SENTENCES: Final = ("headline", *ACCOUNTS_OF_RECORDS)
"""The parameters of a result that are sentences."""

_ANALYSES: Final = {analysis.command: analysis for analysis in ANALYSES}


@router.get("/answers/{command}")
def answer_page(request: Request, answers: AnswersDep, command: str) -> Response:
    """An answer as a page."""
    analysis = _ANALYSES.get(command)
    if command == "find":
        query = f"&{request.url.query}" if request.url.query else ""
        return RedirectResponse(own_address(f"/search?f=html{query}"), status_code=308)
    if analysis is None:
        listed = ", ".join(_ANALYSES)
        raise NotFoundError(f"there is no answer {command!r}; there are: {listed}")

    def make() -> Response:
        question = Question.read(only(request, QUESTION_PARAMETERS))
        return Response(_page(answers, analysis, question), media_type=HTML)

    return not_modified_or(request, answers, make, media_type=HTML)


def _page(answers: Answers, analysis: Analysis, question: Question) -> str:
    answer, result = answers.result(analysis, question)
    name = analysis.collection or analysis.command
    query = question.query()
    return templates.get_template("answer.html").render(
        analysis=analysis,
        said=_said(result),
        result=result,
        tables={
            "": shown_table(result.frame),
            **{name: shown_table(frame) for name, frame in result.tables.items()},
        },
        accounts=answer.accounts,
        counted=_counted(analysis, answer),
        period=period_words(answer),
        study_title=answer.study_title,
        back=own_address(f"/?{query}" if query else "/"),
        files={
            form.label: own_address(f"/download/{name}{form.ending}?{query}")
            for form in download_formats(layer=bool(analysis.collection))
        },
        version=VERSION,
    )


def _counted(analysis: Analysis, answer: Answer) -> str:
    """How many of what was read are counted."""
    accounts = answer.accounts
    if analysis.subject == "measures" and answer.facts.no_incidents:
        return "no incidents"
    names = {"incidents": "incidents", "measures": "incidents", "records": "records"}
    things = names.get(analysis.subject, "entries")
    return f"{accounts.counted:,} of {accounts.read:,} {things} counted"


def _said(result: AnalysisResult) -> list[str]:
    """What the analysis itself says of its result, in sentences; none where it says nothing."""
    verdict = result.parameters.get("verdict")
    if isinstance(verdict, list):
        return [str(sentence) for sentence in verdict]
    sentences = (verdict, *map(result.parameters.get, _SENTENCES))
    return [str(text) for text in sentences if text]
