"""Notes of authors: read as Markdown, and harmless."""

from __future__ import annotations

import pytest

from webui.markdown import markdown


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# Orders", "<h3>Orders</h3>"),
        ("##### deep", "<h6>deep</h6>"),
        ("    Orders\n\n    - one", "<p>Orders</p>\n<ul>\n<li>one</li>\n</ul>"),
        ("`a < b`", "<p><code>a &lt; b</code></p>"),
        ("~~gone~~", "<p><s>gone</s></p>"),
    ],
)
def test_markdown_is_read_with_headings_below_those_of_the_page(text: str, html: str) -> None:
    assert markdown(text).strip() == html


def test_tables_are_read() -> None:
    assert "<td>1</td>" in markdown("| a |\n|---|\n| 1 |")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](http://example.org/pixel.png)",
        '<img src=x onerror="alert(1)">',
        "[x](http://example.org 'a\" onclick=alert(1) b')",
        "<javascript:alert(1)>",
    ],
)
def test_nothing_in_it_can_act(text: str) -> None:
    html = markdown(text)
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert 'href="data' not in html
    assert " onclick=" not in html.partition("<a")[2].partition(">")[0]
    assert " onerror=" not in html or "&lt;img" in html


def test_links_tell_the_other_side_nothing() -> None:
    assert markdown("[x](https://example.org)") == (
        '<p><a href="https://example.org" rel="noopener noreferrer">x</a></p>\n'
    )
