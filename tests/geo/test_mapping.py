"""The mapping file: what it says, and how each fault of it is named."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.crs import BRITISH_NATIONAL_GRID, LONLAT
from geo.errors import InputError
from geo.sources import mapping
from geo.sources.mapping import Mapping, read_mapping
from geo.sources.sections import LARGEST_MAPPING

TOP = 'source = "council"\n'
WHEN = '[when]\nfrom = "Date"\nformat = "iso"\n'
WHERE = '[where]\neasting = "E"\nnorthing = "N"\n'
WHAT = '[what]\ncolumn = "Kind"\n'


def read(*parts: str, folder=None) -> Mapping:
    return read_mapping("".join(parts).encode(), file="m.toml", folder=folder)


def test_a_mapping_names_its_columns():
    top = 'source = "council"\nid = "Ref"\naddress = ["A", "B"]\nreference = "Kind"\n'
    result = read(top, WHEN, WHERE, WHAT)
    assert result.columns == ("Ref", "Date", "E", "N", "Kind", "A", "B")
    assert (result.where.crs, result.notes.caveats) == (BRITISH_NATIONAL_GRID, ())


def test_degrees_are_longitude_and_latitude():
    result = read(TOP, WHEN, '[where]\nlongitude = "Lon"\nlatitude = "Lat"\n', WHAT)
    assert (result.where.crs, result.where.columns) == (LONLAT, ("Lon", "Lat"))


def test_the_example_of_the_documentation_can_be_read(tmp_path):
    (tmp_path / "codes.csv").write_text("code,category\nN02,litter\n")
    example = mapping.__doc__.partition("::")[2].partition("Files named in a mapping")[0]
    result = read(example, folder=tmp_path)
    assert result.what.vocabulary == {"n01": "noise", "n02": "litter"}
    assert result.when.end == ("Date ended", "Time ended")


METADATA = 'title = "Cases"\nlicence = "Internal"\ncaveats = "Dated when reported."\n'


@pytest.mark.parametrize("table", ["[metadata]\n", "[papers]\n"])
def test_the_metadata_of_a_source_are_its_notes_also_by_their_former_name(table):
    assert read(TOP, WHEN, WHERE, WHAT).notes.title == "council"
    notes = read(TOP, WHEN, WHERE, WHAT, table + METADATA).notes
    assert (notes.title, notes.licence) == ("Cases", "Internal")
    assert notes.caveats == ("Dated when reported.",)


def test_metadata_under_both_names_are_refused():
    both = "[metadata]\n" + METADATA + "[papers]\n" + METADATA
    line = r"m\.toml: papers is the former name of metadata; use \[metadata\] alone"
    with pytest.raises(InputError, match=line):
        read(TOP, WHEN, WHERE, WHAT, both)


def test_postcodes_have_a_caveat(tmp_path):
    (tmp_path / "l.csv").write_text("PC,EA,NO\n")
    where = '[where]\npostcode = "PC"\nlookup = "l.csv"\n'
    assert "centres of postcodes" in read(TOP, WHEN, where, WHAT, folder=tmp_path).notes.caveats[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = ", "m.toml is not TOML"),
        ("[" * 5_000, "m.toml is not TOML"),
        ("#" * (LARGEST_MAPPING + 1), "m.toml is longer than 1,048,576 bytes"),
        (
            TOP + 'colour = "red"\n' + WHEN + WHERE + WHAT,
            "m.toml: 'colour' is not a known key; known keys are",
        ),
        (WHEN + WHERE + WHAT, "m.toml: source is missing"),
        ('source = "A b"\n' + WHEN + WHERE + WHAT, "source must be a word like council"),
        ('source = "police.uk"\n' + WHEN + WHERE + WHAT, "source cannot be police.uk"),
        ("source = 3\n" + WHEN + WHERE + WHAT, "source must be text, not 3"),
        (TOP + "id = []\n" + WHEN + WHERE + WHAT, "id must be text, not "),
        (TOP + "address = 1\n" + WHEN + WHERE + WHAT, "address must be a column or a list"),
        (TOP + "address = []\n" + WHEN + WHERE + WHAT, "address must name 1 to 20 columns"),
        (TOP + 'address = ["a", "a"]\n' + WHEN + WHERE + WHAT, "address names a column twice"),
        (TOP + "when = 1\n" + WHERE + WHAT, r"when must be a table, written \[when\]"),
        (TOP + WHERE + WHAT, r"when is missing: the mapping needs a table \[when\]"),
        (TOP + '[when]\nformat = "iso"\n' + WHERE + WHAT, "when.from is missing"),
        (TOP + '[when]\nfrom = "D"\n' + WHERE + WHAT, "when.format is missing"),
        (
            TOP + WHEN + WHERE + WHAT + "[metadata]\nowner = 1\n",
            "metadata.'owner' is not a known key",
        ),
        (
            TOP + WHEN + WHERE + WHAT + "[metadata]\ncaveats = [1]\n",
            "metadata.caveats must be a text",
        ),
        (TOP + WHEN + "until = 1\n" + WHERE + WHAT, "when.'until' is not a known key"),
        (TOP + WHEN + 'to = ["a", "b", "c"]\n' + WHERE + WHAT, "when.to must name 1 to 2"),
        (
            TOP + '[when]\nfrom = ["D", "T"]\nformat = "dd/mm/yyyy"\n' + WHERE + WHAT,
            "when.format has no time of day, but two columns are named",
        ),
        (
            TOP + '[when]\nfrom = "D"\nformat = "%d"\n' + WHERE + WHAT,
            "when.format is wrong: unknown date format '%d'",
        ),
        (
            TOP + WHEN + '[where]\neasting = "E"\n' + WHAT,
            "where must have easting and northing, or",
        ),
        (TOP + WHEN + WHERE + 'postcode = "P"\n' + WHAT, "where must have easting and northing"),
        (TOP + WHEN + WHERE + 'crs = "EPSG:0"\n' + WHAT, "where.crs is wrong: unknown coord"),
        (
            TOP + WHEN + '[where]\nlongitude = "a"\nlatitude = "b"\ncrs = "EPSG:4326"\n' + WHAT,
            "where.crs can only be used with easting and northing",
        ),
        (
            TOP + WHEN + '[where]\neasting = "E"\nnorthing = "E"\n' + WHAT,
            "where.northing names the same column as easting",
        ),
        (
            TOP + WHEN + '[where]\npostcode = "P"\nlookup = "l.csv"\n' + WHAT,
            "where.lookup names the file 'l.csv', which was not sent with the mapping",
        ),
        (TOP + WHEN + WHERE + "[what]\n", "what must have either a column, or one category"),
        (
            TOP + WHEN + WHERE + '[what]\ncategory = "?"\n',
            "what.category must be a category, not '?'",
        ),
        (
            TOP + WHEN + WHERE + '[what]\ncategory = "a"\n[categories]\nx = "y"\n',
            "what.category is for every row and cannot be used with a code list",
        ),
        (TOP + WHEN + WHERE + WHAT + 'unknown = "keep"\n', "what.unknown needs a code list"),
        (
            TOP + WHEN + WHERE + WHAT + 'unknown = "drop"\n[categories]\nx = "y"\n',
            "what.unknown must be reject or keep, not 'drop'",
        ),
        (TOP + WHEN + WHERE + WHAT + "[categories]\n", "categories is empty"),
        (
            TOP + WHEN + WHERE + WHAT + "[categories]\nx = 1\n",
            "categories.'x' must be a category, not 1",
        ),
        (
            TOP + WHEN + WHERE + WHAT + '[categories]\nx = "a"\nX = "b"\n',
            "categories has two codes that differ only in capitals",
        ),
    ],
)
def test_a_fault_is_named_with_its_key(text, message):
    with pytest.raises(InputError, match=message):
        read(text)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(
        InputError, match=r"what\.vocabulary names the file 'v\.csv'; put that file"
    ):
        read(TOP, WHEN, WHERE, WHAT, 'vocabulary = "v.csv"\n', folder=tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n", "v.csv lacks the column code, category"),
        ("code,category\nx,a\nX,b\n", "v.csv, line 3: 'X' has another category on an earlier"),
        ("code,category\nx,\n", "v.csv, line 2: category must be a category, not ''"),
        ("code,category\n,a\n", "v.csv, line 2: '' is empty or too long for a code"),
    ],
)
def test_a_vocabulary_with_a_fault_is_refused(content, message, tmp_path):
    (tmp_path / "v.csv").write_text(content)
    with pytest.raises(InputError, match=message):
        read(TOP, WHEN, WHERE, WHAT, 'vocabulary = "v.csv"\n', folder=tmp_path)


def test_a_mapping_that_is_no_text_is_refused():
    with pytest.raises(InputError, match=r"m\.toml is not UTF-8 text"):
        read_mapping(b"\xff\xfe", file="m.toml", folder=None)


keys = st.sampled_from(
    ["source", "id", "when", "where", "what", "from", "format", "easting", "column", "categories"]
)
values = st.recursive(
    st.text(max_size=9) | st.integers() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=8,
)


def toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return repr(value) if isinstance(value, str) else str(value).lower()


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(keys, values, max_size=6))
def test_no_toml_brings_anything_but_a_refusal(tables):
    text = "\n".join(f"{key} = {toml(value)}" for key, value in tables.items())
    with pytest.raises(InputError):
        read(text.encode("utf-8", "replace").decode())
