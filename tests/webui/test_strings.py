"""What people read is marked, and said in every language."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from jinja2 import Environment, nodes

import scheduler.config
import webui
from webui.looks import LANGUAGES
from webui.tongues.catalogue import read

TEMPLATES = Path(webui.__file__).parent / "templates"
#: Names, and what is the same in every language.
NAMES = {"Airflow 2", "Airflow 3", "Ctrl", "Dirigent", "Enter", "OpenID Connect", "UTC", "dirigent login"}
#: Names of what a log, an address or the API calls so.
NAMES |= {"Esc", "ApprovalOperator", "stdout", "stderr", "logging", "GB·h", "openapi.json"}
#: Shows samples of what files and logs say, or what the API says of itself.
ENGLISH = {"design.html", "api_docs.html"}
READ = {"title", "aria-label", "placeholder", "alt"}
QUIET = {"code", "pre", "kbd", "script", "style"}
WORD = re.compile(r"[^\W\d_]{2,}")
#: JSON as a sample; attributes of a field.
CODE = re.compile(r"\{\"|\w+=\"")
#: Views; of these some answer programs, or show what the API says of itself.
PAGES = Path(webui.__file__).parent / "pages"
SPEAKS_ENGLISH = {"api_docs.py", "artifacts.py", "live.py"}
WORDS = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")
PLACE = re.compile(r"\x01(\d+)\x01")


#: The browser's code: comments and texts, where a text is said, what looks like one, and where it is none.
SCRIPTS = Path(webui.__file__).parent / "frontend" / "src"
SCRIPTED = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`", re.DOTALL
)
SAYS = re.compile(
    r"((textContent|innerText|ariaLabel) =|(title|placeholder|\"aria-label\"):|(alert|said)\("
    r"|setAttribute\(\"(aria-label|title)\",)\s*$"
)
PROSE = re.compile(r"^[A-Z][a-z]+(?![a-zA-Z-])|[A-Za-z]{2,} [a-z]{2,}")
QUIETLY = re.compile(
    r"(spoken(Many)?\(([^()]|\([^()]*\))*|(class|rel): |[!=]== |WIDE = "
    r"|(Error|startsWith|closest|matches|querySelector\w*(<\w+>)?)\()$"
)
#: Selectors, and what style sheets calculate.
SHEET = re.compile(r"\w\(|\(\w+-|\w, \w+, ")


PARSER = Environment()


class Page(HTMLParser):
    """Gathers what a reader of a template would see."""

    def __init__(self) -> None:
        super().__init__()
        self.quiet = 0
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.quiet += tag in QUIET
        self.seen += [value for name, value in attrs if name in READ and value]

    def handle_endtag(self, tag: str) -> None:
        self.quiet -= tag in QUIET

    def handle_data(self, data: str) -> None:
        if not self.quiet:
            self.seen.append(data)


def unmarked(source: str) -> Iterator[str]:
    """Return the texts of a template that a reader would see in English whatever their language."""
    source = re.sub(r"\{%-? trans\b.*?endtrans -?\+?%\}|\{#.*?#\}", "", source, flags=re.DOTALL)
    written: list[str] = []

    def keep(found: re.Match[str]) -> str:
        written.append(found[0])
        return f"\x01{len(written) - 1}\x01" if found[0].startswith("{{") else ""

    page = Page()
    page.feed(re.sub(r"\{\{.*?\}\}|\{%.*?%\}", keep, source, flags=re.DOTALL))
    for text in page.seen:
        if CODE.match(text.strip()):
            continue
        if WORD.search(PLACE.sub("", text)) and PLACE.sub("", text).strip(" ·.,:;/\n") not in NAMES:
            yield text.strip()
        for place in PLACE.findall(text):
            yield from literals(PARSER.parse(written[int(place)]))
    for statement in written:
        if re.match(r"\{%-? (for|set)|\{\{ (head_tabs|picks_bar|entry)", statement):
            yield from labels(statement)


def literals(tree: nodes.Node) -> Iterator[str]:
    """Return the texts that an expression may write as they are."""
    for output in tree.find_all(nodes.Output):
        for node in output.nodes:
            yield from ways(node)


def ways(node: nodes.Expr) -> Iterator[str]:
    match node:
        case nodes.Const(value=str(text)) if WORD.search(text) and text not in NAMES:
            yield text
        case nodes.CondExpr(expr1=one, expr2=other):
            yield from (text for each in (one, other) if each is not None for text in ways(each))
        case nodes.Or(left=one, right=other) | nodes.Add(left=one, right=other):
            yield from (*ways(one), *ways(other))
        case nodes.Concat(nodes=parts):
            yield from (text for each in parts for text in ways(each))
        case nodes.Call(node=nodes.Name(name="state"), args=[_, text, *_]):
            yield from ways(text)
        case _:
            pass


def labels(statement: str) -> Iterator[str]:
    """Return what stands in a list of names and labels, and is no name."""
    bare = re.sub(r"\b(_|ngettext)\(('[^']*'|\"[^\"]*\")", "", statement)
    for text in re.findall(r"'([^']*)'", bare):
        if re.match(r"[A-Z][a-z]|\w+ \w|.*…", text) and text not in NAMES:
            yield text


def sentences(tree: ast.Module) -> Iterator[str]:
    """Return the texts of more than one word that Python says as they are; errors are said in English."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        match waiting.pop():
            case (
                ast.Raise()
                | ast.Expr(value=ast.Constant())
                | ast.Call(func=ast.Name("gettext" | "ngettext" | "marked" | "read_conf"))
            ):
                pass
            case ast.Constant(value=str(text)) if WORDS.search(text):
                yield text
            case node:
                waiting += ast.iter_child_nodes(node)


def scripted(source: str) -> Iterator[str]:
    """Return the texts that the browser's code would say in English whatever the language of the page."""
    for found in SCRIPTED.finditer(source):
        if found[0].startswith("/"):
            continue
        text, before = found[0][1:-1], source[max(0, found.start() - 160) : found.start()]
        for inner in re.findall(r"\$\{([^}]*)\}", text) if found[0].startswith("`") else ():
            yield from scripted(inner)
        bare = re.sub(r"\$\{[^}]*\}", "", text).strip(" ·.,:;/()")
        says = SAYS.search(before) and WORD.search(bare)
        if QUIETLY.search(before) or SHEET.search(bare) or bare in NAMES:
            continue
        if says or PROSE.search(bare):
            yield text


def test_what_the_browser_says_is_marked() -> None:
    files = [file for file in SCRIPTS.rglob("*.ts") if not file.name.endswith(".test.ts")]
    found = {str(file.relative_to(SCRIPTS)): list(scripted(file.read_text())) for file in files}
    assert {name: texts for name, texts in found.items() if texts} == {}


@pytest.mark.parametrize(
    "source",
    [
        'node.textContent = "now"',
        'html("p", {}, "Try it again")',
        "said(`${count} new`)",
        "put(node, `${isOld ? 'Too old' : ''}`)",
        '{ "aria-label": "close", title: spoken("Close") }',
    ],
)
def test_a_text_that_is_not_marked_is_found(source: str) -> None:
    assert len(list(scripted(source))) == 1


def test_what_a_reader_sees_is_marked() -> None:
    files = [file for file in TEMPLATES.rglob("*.html") if file.name not in ENGLISH]
    found = {str(file.relative_to(TEMPLATES)): list(unmarked(file.read_text())) for file in files}
    assert {name: texts for name, texts in found.items() if texts} == {}


def test_what_a_view_says_is_marked() -> None:
    files = [file for file in PAGES.glob("*.py") if file.name not in SPEAKS_ENGLISH]
    found = {file.name: list(sentences(ast.parse(file.read_text()))) for file in files}
    assert {name: texts for name, texts in found.items() if texts} == {}


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_every_marked_text_is_said_in_every_language(language: str) -> None:
    said = {key(message.id): texts(message) for message in read(language) if message.id}
    assert [text for text in gathered() if not all(said.get(text, ("",)))] == [], (
        "run tools/strings, and say these"
    )
    assert set(said) - gathered() == set(), "run tools/strings: nothing says these any more"


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_what_is_filled_in_is_the_same_in_every_language(language: str) -> None:
    for message in read(language):
        meant = (message.id,) if isinstance(message.id, str) else tuple(message.id)
        assert {names(text) for text in texts(message)} <= {names(text) for text in meant} or not meant[0], (
            meant
        )


def test_no_marked_text_holds_attributes_alone() -> None:
    assert [text for text in gathered() if re.search(r'^[^<]*\w="', text)] == []


@cache
def gathered() -> frozenset[str]:
    """Return the texts that are marked, as `tools/strings` finds them."""
    root = Path(webui.__file__).parent
    settings = tomllib.loads((root.parent / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    methods = [(each["pattern"], each["method"]) for each in settings]
    options = {each["pattern"]: each for each in settings}
    marks = {**DEFAULT_KEYWORDS, "marked": None, "spoken": None, "spokenMany": (2, 3)}
    found = (
        extract_from_dir(folder, methods, options, marks, directory_filter=is_ours)
        for folder in (root, Path(scheduler.config.__file__).parent)
    )
    return frozenset(key(message) for each in found for _, _, message, _, _ in each)


def is_ours(folder: str) -> bool:
    return Path(folder).name not in {"node_modules", "static", "__pycache__"}


def key(text: str | tuple[str, ...] | list[str]) -> str:
    return text if isinstance(text, str) else text[0]


def texts(message: Message) -> tuple[str, ...]:
    said = message.string or ""
    return (said,) if isinstance(said, str) else tuple(said)


def names(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"%\(\w+\)s|%%|<[^>]+>", text))
