"""Every option of a Question at the command line, on pages and in collections."""

from __future__ import annotations

import html
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from geo.analyses import ANALYSES, Analysis
from geo.errors import QuestionError
from geo.question.model import OPTIONS, Question
from geo.question.options import Option
from tests.services import run_patchmap

UNREADABLE = ("=:", "latest-0m", "0-", "x")
"""Texts of which each option that is not a free text refuses some."""


def refusal(option: Option) -> tuple[str, str] | None:
    """A text that an option refuses, with its refusal; None for free texts, which take any."""
    for text in UNREADABLE:
        try:
            Question.read({option.name: text})
        except QuestionError as error:
            return text, str(error)
    return None


REFUSED = [
    pytest.param(option, *refused, id=option.name)
    for option in OPTIONS
    if (refused := refusal(option))
]


def analysis_for(option: Option) -> Analysis:
    """An analysis that takes an option."""
    return next(analysis for analysis in ANALYSES if option in analysis.options)


def test_only_free_texts_and_names_take_any_text():
    free = {option.name for option in OPTIONS} - {case.id for case in REFUSED}
    assert free == {
        "category", "source", "layer", "study", "within", "without", "weight", "treated",
        "control", "low", "exclude", "today", "bases", "streets", "measures",
        "service",
    }  # fmt: skip


@pytest.mark.parametrize(("option", "text", "message"), REFUSED)
def test_a_value_is_refused_with_the_same_words_everywhere(
    town_client: TestClient, tmp_path: Path, option: Option, text: str, message: str
) -> None:
    analysis = analysis_for(option)
    words = (analysis.command, f"--{option.name}", text, "-o", "out.csv")
    done = run_patchmap(*words, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, f"patchmap: --{message}\n")
    query = {option.name: text}
    collection = town_client.get("/ogc/collections/patrols/items", params=query)
    assert (collection.status_code, collection.json()["detail"]) == (400, message)
    download = town_client.get(
        f"/download/{analysis.collection or analysis.command}.csv", params=query
    )
    assert (download.status_code, download.json()["detail"]) == (400, message)
    words = html.escape(message.removeprefix(f"{option.name}: "), quote=True)[1:]
    # On the planner `compare` is how the map shows two states.
    pages = ("/", "/allocation") if option.name == "compare" else ("/", "/allocation", "/planner")
    for page in pages:
        shown = town_client.get(page, params=query)
        assert shown.status_code == 400
        assert words in shown.text.replace("&#34;", "&quot;").replace("&#39;", "&#x27;")


def test_a_reason_shows_on_a_board_that_was_opened_before(town_client: TestClient) -> None:
    view = {"period": "latest-1m", "compare": "previous"}
    town_client.get("/", params=view)
    shown = town_client.get("/", params=view | {"since": "May"})
    assert shown.status_code == 400
    assert "is not a month; write it as 2024-03. Your form is unchanged" in shown.text
    assert "Your form is unchanged" not in town_client.get("/", params=view).text


def test_an_option_is_for_analyses_that_there_are():
    commands = {analysis.command for analysis in ANALYSES}
    assert {name for option in OPTIONS for name in option.analyses} <= commands


ONE_MORE_OPTION = """
import json, sys
from importlib.machinery import PathFinder, SourceFileLoader

MARK = "    layer: str = option("
DECLARED = '''    colour: Literal["red", "blue"] = option(
        Choice(("red", "blue")), "red", says="A made-up option.", analyses=("rank",)
    )
'''


class WithOneMoreOption(SourceFileLoader):
    def get_code(self, fullname):
        source = self.get_source(fullname)
        assert source.count(MARK) == 1
        return compile(source.replace(MARK, DECLARED + MARK), self.path, "exec")


class Finder(PathFinder):
    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        spec = PathFinder.find_spec(fullname, path, target)
        if fullname == "geo.question.model":
            spec.loader = WithOneMoreOption(fullname, spec.origin)
        return spec


sys.meta_path.insert(0, Finder)

from typer.testing import CliRunner

from api.cli import app
from api.ogc.parameters import option_parameters
from api.query import QUESTION_PARAMETERS
from geo.question.ask import Question

ranking = CliRunner().invoke(app, ["rank", "--help"]).output
counting = CliRunner().invoke(app, ["count", "--help"]).output
(parameter,) = option_parameters(["colour"])
print(json.dumps({
    "rank": "--colour" in ranking and "A made-up option." in ranking,
    "count": "--colour" in counting,
    "query": Question.read({"colour": "blue"}).query(),
    "address": "colour" in QUESTION_PARAMETERS,
    "schema": parameter["schema"],
}))
"""


def test_one_declaration_makes_an_option_known_everywhere():
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", ONE_MORE_OPTION],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout == (
        '{"rank": true, "count": false, "query": "colour=blue", "address": true, '
        '"schema": {"type": "string", "enum": ["red", "blue"]}}\n'
    )
