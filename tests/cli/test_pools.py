"""`dirigent pools`."""

import pytest


@pytest.fixture(autouse=True)
def tables(dirigent):
    dirigent("db", "upgrade")


def test_pools_are_set_listed_and_deleted(dirigent):
    words = ("--description", "the warehouse takes four", "--include-deferred")
    said = dirigent("pools", "set", "etl", "4", *words)
    assert (said.code, said.out) == (0, "Pool etl has 4 slots.\n")

    assert dirigent("pools", "list", "-o", "json").json[1] == {
        "name": "etl",
        "slots": 4,
        "description": "the warehouse takes four",
        "occupied_slots": 0,
        "open_slots": 4,
        "include_deferred": True,
    }
    assert "the warehouse takes four" in dirigent("pools", "list").out

    assert dirigent("pools", "delete", "etl").out == "Pool etl was deleted.\n"
    assert [row["name"] for row in dirigent("pools", "list", "-o", "json").json] == ["default_pool"]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("delete", "default_pool"), 1, "'default_pool' cannot be deleted"),
        (("delete", "nothing"), 1, "There is no pool 'nothing'."),
        (("set", " etl", "1"), 1, "pool ' etl' is not allowed"),
        (("set", "etl", "--", "-1"), 2, "-1 is not in the range x>=0"),
        (("set", "etl", "many"), 2, "'many' is not a valid integer"),
    ],
)
def test_what_cannot_be_done_is_told(dirigent, words, code, sentence):
    said = dirigent("pools", *words)

    assert said.code == code
    assert sentence in said.err
    assert code == 2 or said.err.count("\n") == 1
