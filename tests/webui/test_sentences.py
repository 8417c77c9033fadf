"""Sentences of `scheduler` in the language of the reader."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

import scheduler
from webui.tongues.sentences import SENTENCES, form_of, sentence
from webui.tongues.speaking import choose

ROOT = Path(scheduler.__file__).parent
SAID_IN = ["operations", "core", "errors.py", "security", "store/views", "store/migrate.py"]


@pytest.fixture
def german(app: Flask) -> Iterator[None]:
    with app.test_request_context("/dags", headers={"Accept-Language": "de"}):
        choose()
        yield


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize(
    ("english", "said"),
    [
        ("Waits for extract, load (3 of 5 done).", "Wartet auf extract, load (3 von 5 fertig)."),
        ("It is about to be queued.", "Wird gleich eingereiht."),
        (
            "Its run waits: 16 of at most 16 runs of the DAG are running, 2 queued before it (max_active_runs).",
            "Der Lauf wartet: 16 von höchstens 16 Läufen des DAGs laufen, 2 sind vorher dran (max_active_runs).",
        ),
        ("1 of 2 upstream failed: load", "1 von 2 Vorgängern fehlgeschlagen: load"),
        ("Run 'a' is success already.", "Lauf 'a' ist schon erfolgreich."),
        (
            "a run takes 1.5 times the median of the last 20 good runs",
            "ein Lauf 1,5-mal so lange dauert wie der Median der letzten 20 guten Läufe",
        ),
        ("no run has started 10 min after it was due", "10 min nach Fälligkeit noch kein Lauf begonnen hat"),
        ("no older than 1 h, warned of after 30 min", "nicht älter als 1 h, gewarnt nach 30 min"),
        ("Where tasks run that name no pool.", "Worin Aufgaben laufen, die keinen Pool nennen."),
        ("Runs for each partition of", "Läuft für jede Partition von"),
        ("KeyError: 'currency'", "KeyError: 'currency'"),
        ("", ""),
    ],
)
def test_a_known_sentence_is_said_in_german_and_another_stays(english: str, said: str) -> None:
    assert sentence(english) == said


def test_a_text_full_of_what_stands_between_values_is_looked_through_once() -> None:
    [known] = [each for each in SENTENCES if each.startswith("pool %(pool)s is full")]
    many = [part * 1_000 for part in re.split(r"%\(\w+\)s", known)[1:-1]]
    assert re.fullmatch(form_of(known), "".join(["pool 'a'", *many])) is None


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize("text", ["it has ended as failed: " * 1_000, "1 of 2 done" * 1_000])
def test_what_is_longer_than_any_sentence_stays_as_it_is(text: str) -> None:
    assert sentence(text) == text


def test_in_english_a_sentence_stays_as_it_is() -> None:
    assert sentence("It is about to be queued.") == "It is about to be queued."


def test_each_known_sentence_is_still_said_somewhere() -> None:
    said = "\n".join(map(texts_of, sources())).casefold()
    gone = [each for each in SENTENCES if not all(part.casefold() in said for part in pieces(each))]
    assert gone == []


def sources() -> Iterator[Path]:
    for name in SAID_IN:
        place = ROOT / name
        yield from [place] if place.is_file() else place.rglob("*.py")


def texts_of(file: Path) -> str:
    """Return what a file says, without what it fills in."""
    tree = ast.walk(ast.parse(file.read_text()))
    return "\n".join(
        node.value for node in tree if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def pieces(known: str) -> list[str]:
    parts = (part.strip(" ,.:;()") for part in re.split(r"%\(\w+\)s", known))
    return [part for part in parts if len(part) > 3]
