"""What sounds secret is not shown, and what was shown masked may be sent back without harm."""

from __future__ import annotations

import json

import pytest

from scheduler.logs.masking import (
    MASK,
    masked_json,
    masked_variable,
    unmasked_json,
    unmasked_variable,
)

EXTRA = json.dumps({"api_key": "k", "nested": [{"token": "t", "n": 1}], "region": "eu"})


def test_fields_that_sound_secret_are_masked_and_others_are_not():
    assert json.loads(masked_json(EXTRA)) == {
        "api_key": MASK,
        "nested": [{"token": MASK, "n": 1}],
        "region": "eu",
    }
    assert masked_variable("db_password", "hunter2") == MASK
    assert masked_variable("currency", "EUR") == "EUR"


def test_whatever_lies_below_a_name_that_sounds_secret_is_masked_numbers_too():
    deep = {
        "credentials": {"user": "ada", "pin": 4711, "uses": [{"key": "k"}]},
        "password": 4711,
        "tokens": 0.5,
    }
    shown = masked_json(json.dumps(deep))
    assert json.loads(shown) == {
        "credentials": {"user": MASK, "pin": MASK, "uses": [{"key": MASK}]},
        "password": MASK,
        "tokens": MASK,
    }
    assert json.loads(unmasked_json(shown, json.dumps(deep))) == deep
    assert json.loads(masked_json('{"token": true, "secret": "", "password": null}'))["token"] is True


def test_what_comes_back_masked_leaves_the_secret_as_it_is():
    sent = json.loads(masked_json(EXTRA)) | {"region": "us"}
    whole = json.loads(unmasked_json(json.dumps(sent), EXTRA))
    assert whole == json.loads(EXTRA) | {"region": "us"}
    assert unmasked_variable("db_password", MASK, "hunter2") == "hunter2"
    assert unmasked_variable("db_password", "other", "hunter2") == "other"


@pytest.mark.parametrize("text", ["***", "plain", "{broken", "[1, 2]", '{"a": null}'])
def test_any_other_text_stays_as_it_is(text):
    assert masked_json(text) == text
    assert unmasked_json(text, EXTRA) == text
