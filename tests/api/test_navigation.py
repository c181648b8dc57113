"""Every page links only what its reader may open, and loads the tokens that its styles use."""

import re
from pathlib import Path

import pytest

from api import app
from api.identity.identity import Identity, local_identity
from api.identity.roles import Role
from api.pages.navigation import ACCOUNT_PAGES, PAGES, home_of

_API = Path(app.__file__).parent
_STYLES = _API / "static/page"


def _named(role: Role) -> Identity:
    return Identity("someone", frozenset({role}), "account")


@pytest.mark.parametrize(
    ("role", "home"),
    [
        (Role.PUBLIC, "/open"),
        (Role.VIEWER, "/"),
        (Role.OFFICER, "/"),
        (Role.ADMIN, "/"),
        (Role.AUDITOR, "/audit"),
    ],
)
def test_each_role_begins_where_it_may(role: Role, home: str) -> None:
    assert home_of(_named(role)) == home


def test_this_machines_user_may_open_all() -> None:
    user = local_identity("someone")
    assert all(link.is_for(user) for link in (*PAGES, *ACCOUNT_PAGES))
    assert home_of(user) == "/"


def _templates() -> list[Path]:
    return [
        file
        for file in sorted((_API / "templates").glob("*.html"))
        if 'rel="stylesheet"' in file.read_text()
    ]


@pytest.mark.parametrize("template", _templates(), ids=lambda file: file.stem)
def test_a_page_loads_what_its_styles_refer_to(template: Path) -> None:
    sheets = re.findall(r'href="/static/page/([a-z_]+\.css)"', template.read_text())
    text = "\n".join((_STYLES / name).read_text() for name in sheets)
    used = set(re.findall(r"var\((--[a-z0-9-]+)", text))
    # A page that extends another has the styles of that one too.
    if "{% extends" not in template.read_text():
        assert used <= set(re.findall(r"(--[a-z0-9-]+)\s*:", text))
