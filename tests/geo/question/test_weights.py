"""Harm tables: what they must say, and how each fault of one is named."""

import pandas as pd
import pytest

from geo.errors import InputError
from geo.question.harm import HarmTable, read_weights

TOP = 'title = "Days"\nsource = "https://example.org"\n'
GOOD = TOP + '[weights]\n"Anti-social behaviour" = 1\nburglary = 20.5\n'


def test_a_table_weighs_categories_by_the_words_of_questions():
    table = read_weights(GOOD.encode(), file="w.toml")
    assert table.weights == {"anti-social-behaviour": 1.0, "burglary": 20.5}
    assert table.of(pd.Series(["burglary", "anti-social-behaviour"])).tolist() == [20.5, 1.0]
    assert HarmTable.read(table.as_dict()) == table


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            TOP + "[weights]\nburglary = 2\n",
            "has no weight for anti-social-behaviour: no published",
        ),
        (TOP, r"the table \[weights\] is missing"),
        ('[weights]\n"anti-social-behaviour" = 1\n', "title is missing"),
        ('title = "a"\n[weights]\n"anti-social-behaviour" = 1\n', "source is missing"),
        (GOOD.replace("20.5", "-1"), "the weight of 'burglary' must be a number of 0 or more"),
        (GOOD.replace("20.5", "inf"), "the weight of 'burglary' must be a number of 0 or more"),
        (GOOD.replace("20.5", "true"), "the weight of 'burglary' must be a number"),
        (GOOD.replace("20.5", "0").replace("= 1", "= 0"), "every weight is 0"),
        ("unit = 1\n" + GOOD, "unknown key 'unit'"),
        ("title =", "w.toml is not TOML"),
    ],
)
def test_a_faulty_table_is_refused_with_its_fault(text, message):
    with pytest.raises(InputError, match=message):
        read_weights(text.encode(), file="w.toml")


def test_a_file_that_is_no_text_is_refused():
    with pytest.raises(InputError, match="is not UTF-8 text"):
        read_weights(b"\xff", file="w.toml")
    with pytest.raises(InputError, match="is larger than 1,048,576 bytes"):
        read_weights(b"#" * (2**20 + 1), file="w.toml")
