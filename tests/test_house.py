"""Rules of the house that no linter knows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import mypy.api

ROOT = Path(__file__).parent.parent
PAGES = [
    path
    for folder in ("api/static/page", "api/templates")
    for path in (ROOT / folder).rglob("*")
    if path.is_file()
]
CODE = [path for folder in ("geo", "boundaries", "api") for path in (ROOT / folder).rglob("*.py")]

# Files that name the words in order to keep them out, or to read them in old files.
_NAMING = ("test_house.py", "test_help_texts.py", "test_mapping.py")
TESTS = [path for path in (ROOT / "tests").rglob("*.py") if path.name not in _NAMING]
GUIDE = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "api/help").rglob("*.md")]
TEXTS = [*CODE, *PAGES, *TESTS, *GUIDE]


def names(pattern: str, *, but: str) -> list[str]:
    matches = [path for path in CODE if re.search(pattern, path.read_text(encoding="utf-8"))]
    return [str(path.relative_to(ROOT)) for path in matches if path != ROOT / but]


def test_only_crs_names_an_epsg_code() -> None:
    assert names(r"\b(27700|4326|3857|4258)\b", but="geo/crs.py") == []


def test_no_geometry_that_threads_share_is_prepared() -> None:
    assert names(r"shapely\.prepare|import prep\b", but="geo/prepared.py") == []


def test_each_migration_has_a_number_of_its_own() -> None:
    for folder in (ROOT / "geo/store/migrations").glob("*/"):
        numbers = [file.name.partition("_")[0] for file in folder.glob("*.sql")]
        assert len(numbers) == len(set(numbers)), folder


def test_only_settings_reads_the_environment() -> None:
    assert names(r"\bos\.(environ|getenv)\b", but="api/settings.py") == []


def test_only_properties_takes_the_cached_property_of_functools() -> None:
    assert names(r"functools import .*\bcached_property\b", but="geo/properties.py") == []


def test_no_page_links_another_host() -> None:
    linked = [
        path.name for path in PAGES if re.search(r"(src|href|url\()=?\W*https?:", path.read_text())
    ]
    assert linked == []


# One concept, one name, the field's own: a name says what a thing is, not what was done to it.
_VAGUE_NAMES = {
    "asked",
    "desk",
    "desks",
    "found",
    "held",
    "kept",
    "papers",
    "seen",
    "settled",
    "told",
}
_VAGUE_PARTS = {"crosser", "crossers", "desk", "desks", "nought", "papers", "settled", "told"}
_OLD_WORDS = re.compile(r"\b(told|papers|nought)\b", re.IGNORECASE)
# The column of a layer's metadata in stores, and the first spelling of a mapping's table.
_PUBLIC = re.compile(r"(SELECT|SET|INSERT INTO|added,) .*papers|\[papers\]|\"papers\"|`papers`")


def bound_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of whatever a file binds: functions, classes, parameters, variables."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr


def is_vague(name: str) -> bool:
    """Whether a name is one of the vague words, or holds one of the worst."""
    words = re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower().strip("_").split("_")
    return "_".join(words) in _VAGUE_NAMES or not _VAGUE_PARTS.isdisjoint(words)


def test_names_say_what_a_thing_is() -> None:
    vague = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in CODE
        for line, name in bound_names(ast.parse(path.read_text(encoding="utf-8")))
        if is_vague(name)
    ]
    assert vague == []


def test_texts_use_present_day_words() -> None:
    old = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in TEXTS
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if _OLD_WORDS.search(line) and not _PUBLIC.search(line)
    ]
    assert old == []


def public_functions(path: Path) -> Iterator[ast.FunctionDef]:
    """Public functions of a file, and public methods of its public classes, with two parameters."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        public = isinstance(node, ast.ClassDef) and not node.name.startswith("_")
        for function in node.body if public else [node]:
            if not isinstance(function, ast.FunctionDef) or function.name.startswith("_"):
                continue
            if len(parameters(function)) > 1 and ast.get_docstring(function):
                yield function


def parameters(function: ast.FunctionDef) -> list[str]:
    """The names of a function's parameters, without the instance or class."""
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [each.arg for each in named if each.arg not in ("self", "cls")]


def unexplained(function: ast.FunctionDef) -> list[str]:
    """What the docstring of a function should explain and does not."""
    text = ast.get_docstring(function) or ""
    section = re.search(r"Parameters\n-+\n(.*?)(?=\n\n[A-Z][a-z]+\n-+|\Z)", text, re.DOTALL)
    heads = [line for line in (section[1] if section else "").splitlines() if line[:1].strip()]
    explained = {name.strip() for line in heads for name in line.split(",")}
    missing = [name for name in parameters(function) if name not in explained]
    gives = not (isinstance(function.returns, ast.Constant) and function.returns.value is None)
    if gives and "Returns\n" not in text and "Yields\n" not in text:
        missing.append("Returns")
    return missing


def test_public_functions_explain_their_parameters_and_what_they_return() -> None:
    # The demo city's generator is no library: its docstrings are short.
    files = [path for path in CODE if path.relative_to(ROOT).parts[0] != "api"]
    faults = [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}: {', '.join(missing)}"
        for path in files
        if "demo" not in path.parts
        for function in public_functions(path)
        if (missing := unexplained(function))
    ]
    assert faults == []


def test_the_type_checker_sees_into_frames(tmp_path: Path) -> None:
    (tmp_path / "blind.py").write_text(
        "import geopandas as gpd\n\n\n"
        "def area(frame: gpd.GeoDataFrame) -> object:\n    return frame.no_such_method(1)\n"
    )
    # With what is known of the libraries' types already: to find it anew takes minutes.
    options = (
        "--config-file",
        str(ROOT / "pyproject.toml"),
        "--cache-dir",
        str(ROOT / ".mypy_cache"),
    )
    output = mypy.api.run([*options, str(tmp_path / "blind.py")])[0]
    assert "blind.py:5: error" in output


# Whole or not at all, never in the place of a device, no cell a formula: said once, in these files.
_WRITERS = {
    "geo/output/files.py": "writes every output",
    "geo/output/reasons.py": "tries whether a disk is full",
    "geo/store/audit_archive.py": "fills the part of an Output",
    "geo/temporary.py": "makes every temporary folder",
    "geo/formats/csv_text.py": "writes every CSV",
    "geo/formats/workbook.py": "makes the bytes of every workbook",
    "geo/store/geopackage/sqlite_file.py": "copies stores",
    "geo/formats/features.py": "unpacks an archive into its own folder",
    "geo/formats/gdal.py": "fills the sandbox's own folder",
    "geo/formats/gdal_worker.py": "likewise",
    "geo/formats/sandbox.py": "likewise",
    "geo/locate/saved.py": "fills the part of an Output",
    "geo/columns/files.py": "makes files of the copy beside a store",
    "api/pages/printing.py": "fills its own folder",
    "api/data/uploads.py": "likewise",
    "api/commands/start/downloads.py": "likewise",
    "api/fetch/download.py": "appends to a download that goes on later",
    "api/fetch/fetch.py": "fills the part of an Output",
    "api/formats/points.py": "fills its own folder",
    "api/formats/registry.py": "fills the part of an Output",
    "api/formats/rejects.py": "fills the part of an Output",
    "api/ogc/files.py": "likewise",
}
_WRITING = re.compile(
    r"""open\([^)\n]*["'][wax]b?\+?["']|\.write_(text|bytes)\(|\.to_(csv|file|parquet|excel)\("""
    r"|copyfile|csv\.writer\(|Workbook\(|xlsxwriter|os\.(replace|rename)\(|[a-z]part\.replace\("
    r"|tempfile\.(?!gettempdir)|TemporaryDirectory\(|\.backup\("
)


def test_files_are_written_in_few_places() -> None:
    texts = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in CODE}
    assert {name for name, text in texts.items() if _WRITING.search(text)} - set(_WRITERS) == set()


def test_tables_are_written_by_the_one_writer() -> None:
    assert names(r"csv\.writer\(|csv\.DictWriter\(|\.to_csv\(", but="geo/formats/csv_text.py") == []
    assert names(r"\.to_excel\(|xlsxwriter|Workbook\(\)", but="geo/formats/workbook.py") == []


_SORTS = {"argsort", "sort_values"}


def _by_several(call: ast.Call) -> bool:
    """Whether a frame is sorted by several columns, which pandas always does stably."""
    by = call.args[0] if call.args else None
    return isinstance(by, ast.List) and (
        len(by.elts) > 1 or any(isinstance(one, ast.Starred) for one in by.elts)
    )


def _may_swap_ties(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in _SORTS:
        return False
    stable = any(
        word.arg == "kind" and isinstance(word.value, ast.Constant) and word.value.value == "stable"
        for word in call.keywords
    )
    return not stable and not _by_several(call)


def test_ties_are_sorted_alike_on_every_processor() -> None:
    # NumPy's default sort orders ties by what vector instructions the processor has.
    swapping = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in CODE
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and _may_swap_ties(node)
    ]
    assert swapping == []
