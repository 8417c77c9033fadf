"""Names that a file says literally."""

import ast

import pytest

from scheduler.testing.checks.wanted import wanted_in


def names(text):
    return [(each.kind, each.name, each.line) for each in wanted_in("a.py", ast.parse(text))]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('Variable.get("x")', "variable"),
        ('sdk.Variable.get("x", deserialize_json=True)', "variable"),
        ('Bash(command="{{ var.value.x }}")', "variable"),
        ('Bash(command="{% if var.json.x.y %}{% endif %}")', "variable"),
        ('Connection.get("x")', "connection"),
        ('BaseHook.get_connection("x")', "connection"),
        ('HttpHook("POST", http_conn_id="x")', "connection"),
        ('SqlHook("x")', "connection"),
        ('args = {"postgres_conn_id": "x"}', "connection"),
        ('Bash(command="{{ conn.x.host }}")', "connection"),
    ],
)
def test_a_name_is_found_with_its_line(text, kind):
    assert (kind, "x", 2) in names(f"\n{text}")


@pytest.mark.parametrize(
    "text",
    [
        'Variable.get("x", "default")',
        'Variable.get("x", default_var=None)',
        "Variable.get(name)",
        '"""A text that tells of {{ var.value.x }}."""',
        "Bash(command=\"{{ var.value.get('x') }}\")",
        'Http(http_conn_id="{{ params.x }}")',
        'settings.get("x")',
        'Connection(conn_id="x", host="made here")',
        '"var.value.x is read"',
    ],
)
def test_what_need_not_exist_is_not_asked_for(text):
    assert not names(text)
