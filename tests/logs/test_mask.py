"""Secrets do not show, in whichever form they are printed."""

from __future__ import annotations

import json
import re
from base64 import b64encode, encodebytes, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.logs.mask import Masker, secrets_of_connection, secrets_of_variable
from scheduler.logs.secret_forms import finder_of
from scheduler.wire import Json, cut, cut_start

SECRET = 'p"a/s s%wörd\\'


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        quote(SECRET, safe=""),
        re.sub("%..", lambda found: found[0].lower(), quote(SECRET, safe="")),
        quote_plus(SECRET),
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        repr(SECRET),
    ],
    ids=["as is", "url", "small url", "query", "json", "json utf-8", "repr"],
)
def test_a_secret_is_masked_in_the_forms_in_which_it_gets_printed(form: str) -> None:
    masked = Masker([SECRET]).mask(f"<{form}>")
    assert "***" in masked
    assert "wörd" not in masked
    assert "w%c3%b6rd" not in masked.lower()


@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode])
@pytest.mark.parametrize("before", ["", "u:", "ann:", "bob::"])
def test_a_secret_is_masked_in_base64_wherever_it_stands_in_what_was_encoded(
    encode: Callable[[bytes], bytes], before: str
) -> None:
    secret = "correct/horse?battery>staple"
    text = encode(f"{before}{secret}@host".encode()).decode()
    masked = Masker([secret]).mask(f"Authorization: Basic {text}")
    shown = masked.removeprefix("Authorization: Basic ")
    assert "***" in shown
    assert all(text[start : start + 5] not in shown for start in range(len(before) * 4 // 3 + 2, 30))


def test_a_long_secret_is_masked_in_base64_of_many_lines() -> None:
    secret = "".join(map(str, range(100)))
    masker = Masker([secret])
    assert {masker.mask(line) for line in encodebytes(secret.encode()).decode().split()} == {"***"}


def test_each_line_of_a_key_is_masked() -> None:
    masker = Masker(["-----BEGIN KEY-----\nabcdefgh\nijklmnop\n"])
    assert masker.mask("got ijklmnop") == "got ***"


def test_a_secret_that_contains_another_is_masked_whole() -> None:
    assert Masker(["secret", "secret-longer"]).mask("a secret-longer b") == "a *** b"


def test_short_texts_are_no_secrets() -> None:
    assert Masker(["yes", ""]).mask("yes") == "yes"


@given(
    st.text(min_size=5, max_size=20).filter(
        lambda text: len(text.strip()) >= 5 and len(text.splitlines()) == 1
    )
)
def test_no_secret_survives_and_other_text_stays(secret: str) -> None:
    secret = secret.strip()
    masked = Masker([secret]).mask(f"[{secret}]")
    assert masked == "[***]"


@given(st.integers(min_value=0, max_value=8))
def test_of_a_secret_at_a_cut_no_part_shows(size: int) -> None:
    assert Masker(["hunter22"]).mask_start("it is " + "hunter22"[:size]) == "it is " + ("***" if size else "")


@given(st.integers(min_value=5, max_value=7), st.sampled_from(["hunter22", "aaaaaaaa", "abababab"]))
def test_half_a_secret_that_user_code_cut_off_is_hidden(size: int, secret: str) -> None:
    masker = Masker([secret, "another one"])
    assert masker.mask(cut(f"it is {secret}, see", 6 + size)) == "it is ***…"
    assert masker.mask(cut_start(f"it is {secret}!", size + 1)) == "…***!"
    assert masker.mask(f"{secret} waits… for it… hunt…") == "*** waits… for it… hunt…"


def test_the_secrets_in_some_data_are_found_as_they_stand_there() -> None:
    masker = Masker(["hunter22", "other-one"])
    assert masker.found_in({"a": ["is hunter22"]}, {"other-one": 5}, None) == ("hunter22", "other-one")
    assert Masker().found_in("hunter22") == ()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"pw": "hunter22", "n": [1]}, '{"pw":"***","n":[1]}'),
        (["x" * 33, "hunter22"], f'["{"x" * 33}","***'),
        ("x" * 100, None),
        (3, None),
    ],
)
def test_of_a_value_the_beginning_is_shown_without_secrets(value: Json, text: str | None) -> None:
    assert Masker(["hunter22"]).masked_json(value, 40) == text
    assert Masker().masked_json(value, 40) is None


def test_a_value_that_is_too_deep_to_look_into_is_not_shown() -> None:
    value: Json = "hunter22"
    for _ in range(5000):
        value = [value]
    assert Masker(["hunter22"]).masked_json(value, 20_000) == '"***"'


def test_data_is_masked_at_every_depth() -> None:
    data = {"a": ["hunter22", {"b": "x hunter22"}], "n": 1}
    assert Masker(["hunter22"]).mask_data(data) == {"a": ["***", {"b": "x ***"}], "n": 1}


def test_data_that_is_too_deep_to_look_through_is_masked_whole_below() -> None:
    value: Json = "hunter22"
    for _ in range(5000):
        value = {"a": [value]}
    masked = Masker(["hunter22"]).mask_data({"deep": value, "x": "hunter22"})
    assert masked["x"] == "***"
    assert json.dumps(masked["deep"]).count("[") == 99


def test_a_variable_is_secret_by_its_name_or_by_the_names_in_its_json() -> None:
    assert list(secrets_of_variable("API_KEY", "abc123")) == ["abc123"]
    assert list(secrets_of_variable("region", "north")) == []
    assert list(secrets_of_variable("shop", '{"url": "u", "login": {"password": "pw"}}')) == ["pw"]
    assert list(secrets_of_variable("token", None)) == []


def test_a_connection_hides_its_password_and_secret_extras() -> None:
    fields = {"login": "ann", "password": "hunter22", "extra": '{"region": "n", "secret_key": "s3cret"}'}
    assert list(secrets_of_connection(fields)) == ["hunter22", "s3cret"]
    assert list(secrets_of_connection(None)) == []


@given(
    st.frozensets(st.text("ab.", min_size=5, max_size=9), min_size=1, max_size=20),
    st.text("ab.", max_size=60),
)
def test_many_secrets_are_hidden_as_few_are(forms, text):
    few, many = finder_of(forms), finder_of(forms, few=0)
    assert many.replace(text) == few.replace(text)
    assert many.found_in(text) == few.found_in(text)


def test_a_secret_of_ten_thousand_lines_is_hidden_without_a_look_at_each_of_them():
    lines = [f"{number:x}".rjust(12, "-") for number in range(10_000)]
    masker = Masker(["\n".join(lines)])
    assert masker.mask(f"see {lines[7]} and {lines[-1]}") == "see *** and ***"
    assert masker.mask("z" * 300_000) == "z" * 300_000
