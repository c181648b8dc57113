"""Rules of the house that no linter knows."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
CODE = [path for folder in ("geo", "boundaries", "api") for path in (ROOT / folder).rglob("*.py")]


def names(pattern: str, *, but: str) -> list[str]:
    matches = [path for path in CODE if re.search(pattern, path.read_text(encoding="utf-8"))]
    return [str(path.relative_to(ROOT)) for path in matches if path != ROOT / but]


def test_only_crs_names_an_epsg_code() -> None:
    assert names(r"\b(27700|4326|3857|4258)\b", but="geo/crs.py") == []


def test_only_settings_reads_the_environment() -> None:
    assert names(r"\bos\.(environ|getenv)\b", but="api/settings.py") == []


def test_no_page_links_another_host() -> None:
    scripts = [path for path in (ROOT / "api/static/page").rglob("*") if path.is_file()]
    pages = [*(ROOT / "api/templates").rglob("*.html"), *scripts]
    linked = [
        path.name for path in pages if re.search(r"(src|href|url\()=?\W*https?:", path.read_text())
    ]
    assert linked == []
