"""Where statements end."""

from __future__ import annotations

import pytest

from scheduler.hooks.sql_text import statements_of


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("", []),
        (" ; ;\n", []),
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1; SELECT 2;", ["SELECT 1", "SELECT 2"]),
        ("SELECT ';' || 'it''s;'; SELECT 2", ["SELECT ';' || 'it''s;'", "SELECT 2"]),
        ('SELECT ";"; SELECT `;`', ['SELECT ";"', "SELECT `;`"]),
        ("SELECT 1 -- one; two\n; SELECT 2", ["SELECT 1 -- one; two", "SELECT 2"]),
        ("SELECT 1 /* ; \n ; */; -- end;", ["SELECT 1 /* ; \n ; */"]),
        ("DO $$ BEGIN; END $$; SELECT $1", ["DO $$ BEGIN; END $$", "SELECT $1"]),
        ("AS $body$ a; $$ b; $body$; SELECT 2", ["AS $body$ a; $$ b; $body$", "SELECT 2"]),
        ("SELECT 6 / 2 - 1; SELECT 'open; text", ["SELECT 6 / 2 - 1", "SELECT 'open", "text"]),
    ],
)
def test_a_semicolon_ends_a_statement_unless_it_is_quoted(text, statements):
    assert statements_of(text) == statements
