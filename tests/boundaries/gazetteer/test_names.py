"""Names as they are typed, and the places that they are found at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from boundaries.gazetteer.folding import NameQuery, folded
from boundaries.gazetteer.index import IndexFacts, postcode_key, postcode_of, write_index
from boundaries.gazetteer.lookup import MetresBox, NameIndex
from boundaries.gazetteer.names import NAME_COLUMNS, Entry, NameBatch
from boundaries.gazetteer.ranking import best
from boundaries.gazetteer.references import grid_reference, read_reference
from boundaries.gazetteer.search import search
from geo.crs import Projection
from tests.bench.scripts.make_names import made_names

DERBY = MetresBox(430_000, 331_000, 441_000, 342_000)


@pytest.fixture(scope="module")
def projection() -> Projection:
    return Projection.choose()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("St. Peter's Street", "saint peters st"),
        ("ST PETER’S STREET", "St Peter's Street"),
        ("Église Saint-Jean", "eglise st jean"),
        ("Bryn-y-Môr", "bryn y mor"),
        ("Mill Ln", "Mill Lane"),
        ("Marks & Spencer", "marks and spencer"),
    ],
)
def test_spellings_of_one_name_are_the_same(one: str, other: str) -> None:
    assert folded(one) == folded(other) != ""


def test_st_is_a_saint_first_and_a_street_last() -> None:
    assert folded("St St") == "st street"
    assert NameQuery.read("high st").terms == ("high", "st")  # also the beginning of Stephen
    assert NameQuery.read("mill ln").terms == ("mill", "lane")


# Each against the Ordnance Survey's own conversion of its headquarters, SU 38683 15494, or by hand.
@pytest.mark.parametrize(
    ("text", "x", "y", "half"),
    [
        ("SK 351 362", 435_150, 336_250, 50),
        ("sk35103620", 435_105, 336_205, 5),
        ("SK33", 435_000, 335_000, 5_000),
        ("SK 3510, 3620", 435_105, 336_205, 5),
        ("SU 38683 15494", 438_683.5, 115_494.5, 0.5),
        ("HP 60 10", 460_500, 1_210_500, 500),
        ("TV 49 97", 549_500, 97_500, 500),
        ("435100 336200", 435_100, 336_200, 0),
        ("E 435100, N 336200", 435_100, 336_200, 0),
        ("Easting: 435100.5 Northing: 336200", 435_100.5, 336_200, 0),
    ],
)
def test_positions_on_the_grid(
    projection: Projection, text: str, x: float, y: float, half: float
) -> None:
    position = read_reference(text, projection)
    assert position is not None
    assert (position.x, position.y, position.half, position.note) == (x, y, half, "")


@pytest.mark.parametrize(
    "text",
    [
        "52.9225, -1.4746",
        "52.9225 -1.4746",
        "-1.4746, 52.9225",
        "52.9225N 1.4746W",
        "N 52.9225 W 1.4746",
        "52°55'21\"N 1°28'28.56\"W",
        "52° 55.35′ N, 1° 28.476′ W",
        "1.4746W 52.9225N",
        "geo:52.9225,-1.4746",
        "lat 52.9225 long -1.4746",
    ],
)
def test_degrees_in_their_usual_notations(projection: Projection, text: str) -> None:
    position = read_reference(text, projection)
    assert position is not None
    x, y = projection.to_metres([-1.4746], [52.9225])
    assert position.x == pytest.approx(x[0], abs=0.01)
    assert position.y == pytest.approx(y[0], abs=0.01)
    assert ("read as longitude" in position.note) == text.startswith("-1")


@pytest.mark.parametrize(
    "text",
    ["SK", "SK 351 36", "AA 123 456", "SI 12 34", "12 34", "52.9", "52 61 00 N 1 0 0 W", "5 N 5 N",
     "0.5, -92.0", "1.0, 88.1", "0.0, 180.0",
     "High Street", "A52", "", "N", "91.5, 200.5", "435100", "1 2 3"],
)  # fmt: skip
def test_texts_that_are_no_position(projection: Projection, text: str) -> None:
    assert read_reference(text, projection) is None


def test_a_position_beyond_the_grid_says_so(projection: Projection) -> None:
    paris = read_reference("48.8566, 2.3522", projection)
    assert paris is not None
    assert paris.note == f"outside the area where {projection.crs} is used"


def test_a_point_has_its_reference(projection: Projection) -> None:
    assert grid_reference(438_683.5, 115_494.5, projection) == "SU 3868 1549"
    assert grid_reference(435_105, 336_205, projection) == "SK 3510 3620"
    assert grid_reference(460_500, 1_210_500, projection) == "HP 6050 1050"
    assert grid_reference(-5, 336_205, projection) == ""


def test_postcodes_are_numbers_in_the_order_of_the_alphabet() -> None:
    codes = ["DE11 0AA", "DE1 1AA", "DE1 1AB", "DE23 6AB", "M1 1AE", "SW1A 1AA"]
    keys = [postcode_key(code.replace(" ", "")) for code in codes]
    assert keys == sorted(keys)
    assert [postcode_of(key) for key in keys] == codes


# name, kind, order, place, x, y
NAMES = [
    ("Derby", "settlement", 0, "Derbyshire", 435_300, 336_100),
    ("Newport", "settlement", 1, "Isle of Wight", 450_000, 89_000),
    ("High Street", "street", 5, "Melbourne, DE73", 438_500, 325_300),
    ("High Street", "street", 5, "Newport, PO30", 449_900, 89_100),
    ("St Peter's Street", "street", 5, "Derby, DE1", 435_200, 336_000),
    ("St Peter's Street", "street", 6, "Derby, DE1", 435_300, 335_900),
    ("St Peter's Street", "street", 5, "St Albans, AL1", 514_900, 207_500),
    ("Peter Street", "street", 5, "Derby, DE1", 436_000, 336_000),
    ("Newport Road", "street", 5, "Derby, DE1", 434_000, 337_000),
    ("Derby Road", "street", 5, "Derby, DE21", 437_000, 337_500),
    ("Derby", "station", 4, "Derby, DE1", 436_200, 335_600),
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameIndex]:
    rows = pd.DataFrame(NAMES, columns=["name", "kind", "order", "place", "x", "y"])
    rows = rows.assign(also="", type=rows["kind"], half_x=0, half_y=0, ref="")
    codes = ["DE11AA", "DE11AB", "DE110AA", "AL11AA", "DE11AA"]
    postcodes = pd.DataFrame({"postcode": codes, "x": 435_000, "y": 336_000, "place": "Derby"})
    path = tmp_path_factory.mktemp("names") / "own.names"
    path.touch()
    batch = NameBatch(len(rows) + len(codes), rows[list(NAME_COLUMNS)], postcodes)
    facts = write_index(path, IndexFacts("own"), [batch])
    assert (facts.read, facts.names, facts.postcodes) == (16, 11, 4)
    assert facts.rejected == {"the postcode stands in an earlier row": 1}
    with closing(NameIndex.open(path)) as opened:
        yield opened


def lines(index: NameIndex, text: str, near: MetresBox | None = DERBY) -> list[str]:
    results = search(text, [index], projection=Projection.choose(), near=near)
    return [", ".join(filter(None, (one.entry.name, one.entry.place))) for one in results]


def test_the_whole_name_comes_first_then_beginnings_then_words(index: NameIndex) -> None:
    assert lines(index, "derby")[:3] == [
        "Derby, Derbyshire",
        "Derby, Derby, DE1",
        "Derby Road, Derby, DE21",
    ]
    # A settlement far away before a street nearby that only begins so.
    assert lines(index, "newport") == ["Newport, Isle of Wight", "Newport Road, Derby, DE1"]
    assert lines(index, "street peter")[0] == "Peter Street, Derby, DE1"


def test_what_lies_in_the_study_area_comes_first(index: NameIndex) -> None:
    assert lines(index, "high st") == ["High Street, Melbourne, DE73", "High Street, Newport, PO30"]
    assert lines(index, "high st newp") == ["High Street, Newport, PO30"]
    far = MetresBox(445_000, 85_000, 455_000, 93_000)
    assert lines(index, "high st", far)[0] == "High Street, Newport, PO30"


def test_sections_of_a_road_are_one_result(index: NameIndex) -> None:
    assert lines(index, "saint peters street") == [
        "St Peter's Street, Derby, DE1",
        "St Peter's Street, St Albans, AL1",
    ]


def test_what_reads_the_same_outside_the_study_area_is_one_result() -> None:
    places = [(435_000, 0), (436_000, 0), (448_000, 0), (449_000, 0), (700_000, 0)]
    streets = [Entry("Causeway", "street", "", 5, "", x, y + 336_000) for x, y in places]
    shown = best(streets, NameQuery.read("causeway"), DERBY, most=9)
    assert [entry.x for entry in shown] == [435_000, 436_000, 448_000]
    layer = Entry("Causeway", "street", "Streets", 5, "", 435_100, 336_000, ref="streets/1")
    assert len(best([streets[0], layer], NameQuery.read("causeway"), DERBY, most=9)) == 1


def test_words_may_be_begun_and_in_any_order(index: NameIndex) -> None:
    for text in ("st pet", "peter's st", "street st peters", "  ST   PETER'S  S"):
        assert "St Peter's Street, Derby, DE1" in lines(index, text), text
    assert lines(index, "peters road") == []
    assert lines(index, "s") == []


def test_postcodes_whole_and_begun(index: NameIndex) -> None:
    assert lines(index, "de1 1aa") == ["DE1 1AA, Derby"]
    assert lines(index, "DE11") == ["DE1 1AA, Derby", "DE1 1AB, Derby", "DE11 0AA, Derby"]
    assert lines(index, "de1 1") == ["DE1 1AA, Derby", "DE1 1AB, Derby"]
    assert lines(index, "zz9 9zz") == []


@pytest.mark.parametrize(
    "text", ['"', '" OR name : "', "*", "name:derby", "(", "NEAR(", "\0", "-" * 99, "'"]
)
def test_no_text_is_read_as_a_query_of_the_index(index: NameIndex, text: str) -> None:
    assert "Newport, Isle of Wight" not in lines(index, text)


def test_sixty_thousand_names_are_searched_as_few_are(tmp_path: Path) -> None:
    path = tmp_path / "made.names"
    path.touch()
    facts = write_index(path, IndexFacts("made"), made_names(60_000))
    assert facts.names == facts.read == 60_000
    with closing(NameIndex.open(path)) as made:
        streets = search("high st", [made], projection=Projection.choose(), near=DERBY, most=20)
    assert len(streets) == 20
    # All of this name before those that need the name of their place too.
    names = [one.entry.name == "High Street" for one in streets]
    assert names == sorted(names, reverse=True)
    assert names[0]
