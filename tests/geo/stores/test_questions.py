"""A Question is asked of a store, of every kind."""

import pytest

from geo.analyses.along_streets import street_counts
from geo.errors import QuestionError, StoreError
from geo.question.ask import Needs, answer, ask, default_layer
from geo.question.model import Question
from geo.store.contract import LayerMetadata
from tests.geo.analyses.material import streets
from tests.geo.stores.parts import month_part, put, put_layer, undo


def test_a_question_is_asked_of_the_store(store, four_squares):
    put(store, month_part("2024-01", 4))
    with pytest.raises(QuestionError, match="layer: the store has no layer yet"):
        ask(Question(), store)
    put_layer(store, four_squares)
    answer = ask(Question(), store)
    assert answer.area_counts["n"].tolist() == [4, 0, 0, 0]
    assert (answer.accounts.read, answer.accounts.rejected) == (5, 1)
    assert answer.accounts.mask == answer.question.layer == "wards"
    version = store.data_version()
    assert answer.accounts.data_version == version.of("incidents", "layers", "settings")
    with pytest.raises(QuestionError, match="study: there is no layer 'x'; there are: wards"):
        ask(Question(study="x"), store)


def test_too_many_cells_are_refused_before_an_incident_is_read(store, four_squares, monkeypatch):
    put_layer(store, four_squares)
    put(store, month_part("2024-01", 4))
    for name in ("incidents", "located_incidents"):
        monkeypatch.setattr(store, name, lambda *_, **__: pytest.fail("incidents were read"))
    monkeypatch.setattr("geo.cells.MOST_CELLS", 3)
    with pytest.raises(QuestionError, match=r"cell: cells of .* more than 3; choose wider cells"):
        ask(Question(cell=50), store, needs=Needs(cells=True))


def test_the_accounts_hold_what_stands_after_a_replacement_and_its_undo(store, four_squares):
    put_layer(store, four_squares)
    put(store, month_part("2024-01", 4), month_part("2024-02", 2))
    for replaced, read in ((True, 13), (False, 8)):
        if replaced:
            put(store, month_part("2024-01", 9))
        else:
            undo(store, store.imports(history=True)[-1].import_id)
        accounts = ask(Question.read({"datetime": "2024-02"}), store).accounts
        assert (accounts.read, accounts.rejected, accounts.counted) == (read, 2, 2)
        parts = (accounts.rejected, accounts.not_asked, accounts.outside, accounts.counted)
        assert sum(parts) == accounts.read


def test_the_setting_names_the_default_layer_while_it_is_there(store, four_squares):
    for layer_id in ("wards", "blocks"):
        put_layer(store, four_squares, LayerMetadata(layer_id))
    assert default_layer(store) == "wards"
    for chosen, expected in (("blocks", "blocks"), ("gone", "wards")):
        with store.transaction():
            store.put_setting("default_layer", chosen)
        assert default_layer(store) == expected


@pytest.mark.parametrize("history", [False, True])
@pytest.mark.parametrize(
    "options",
    [
        {"datetime": "2024-02"},
        {"datetime": "2024-02", "compare": "previous"},
        {"datetime": "2024-02", "compare": "year"},
        {"period": "latest-2m", "compare": "year", "category": "noise"},
    ],
)
def test_a_store_reads_all_that_its_rows_would_answer(store, four_squares, options, history):
    put_layer(store, four_squares)
    months = ["2022-02", "2023-01", "2023-02", "2024-01", "2024-02", "2024-03"]
    kinds = ["drugs", "noise", "noise", "drugs", "noise", "noise"]
    for n, (month, kind) in enumerate(zip(months, kinds, strict=True), start=2):
        put(store, month_part(month, n, category=kind))
    question = Question.read({"layer": "wards", **options})
    read = ask(question, store, history=history)
    every = answer(
        question, store.incidents(), four_squares, imports=store.imports(), history=history
    )
    assert len(read.counted) > 0
    assert (len(read.compared) > 0) is ("compare" in options)
    for name in ("counted", "compared", "history"):
        assert len(getattr(read, name)) == len(getattr(every, name)), name
    of_store = {"data_version", "operation", "caveats", "attribution"}
    accounts = [
        {name: value for name, value in one.accounts.as_dict().items() if name not in of_store}
        for one in (read, every)
    ]
    assert accounts[0] == accounts[1]


def test_only_answers_about_plans_depend_on_plans(store, four_squares):
    put(store, month_part("2024-01", 4))
    put_layer(store, four_squares)

    def version(**options: str) -> str:
        question = Question.read({"layer": "wards", "datetime": "2024-01", **options})
        reply = ask(question, store, layer_of=lambda _: store.layer("wards"))
        return reply.accounts.data_version

    own = store.data_version().of("incidents", "layers", "settings")
    with_plans = store.data_version().of("incidents", "layers", "settings", "plans")
    assert version() == version(study="wards") == own
    assert version(treated="wards", control="wards", since="2024-02") == own
    for name in ("layer", "study", "treated", "control", "bases"):
        assert version(**{name: "plan-north"}) == with_plans, name
    assert version(treated="p25:261015:201615") == own


def test_layers_that_options_name_are_read_and_places_are_not_layers(store, four_squares):
    put(store, month_part("2024-01", 4))
    put_layer(store, four_squares)
    options = {"layer": "wards", "datetime": "2024-01", "treated": "wards", "bases": "wards"}
    facts = ask(Question.read(options), store).facts
    assert facts.treated.index.tolist() == facts.bases.index.tolist() == list("ABCD")
    assert facts.control is None
    options["treated"] = "p25:261015:201615"
    assert ask(Question.read(options), store).facts.treated is None
    # Only the treatment is refused for it: the rest of a page stands.
    unknown = ask(Question.read({**options, "control": "x"}), store).facts.unknown
    assert unknown["control"].startswith("there is no layer 'x'")
    assert ask(Question.read({**options, "control": "matched"}), store).facts.unknown == {}


def test_incidents_are_counted_along_the_streets_of_the_store(store, four_squares):
    put_layer(store, four_squares)
    put(store, month_part("2024-01", 4))
    question = Question.read({"datetime": "2024-01"})
    with pytest.raises(QuestionError, match="streets: there is no layer of streets; add one"):
        street_counts(ask(question, store))
    put_layer(store, streets().segments, LayerMetadata("roads", geometry_type="MultiLineString"))
    result = street_counts(ask(question, store))
    assert result.frame["street_id"].tolist() == ["s1", "s2", "s3"]
    assert result.frame["n"].sum() == result.parameters["on_streets"] > 0
    assert result.parameters["on_streets"] + result.parameters["too_far"] == 4
    earlier = ask(question, store)
    put_layer(store, four_squares, LayerMetadata("others"))
    with pytest.raises(StoreError, match="the layers have just changed; try again"):
        street_counts(earlier)
