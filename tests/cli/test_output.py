"""What tasks wrote reaches a terminal without steering it."""

import json

from scheduler.cli.output import json_line, print_json, print_rows


def test_a_cell_steers_nothing_and_is_no_markup(capsys):
    print_rows([{"reason": "\x1b]0;x\x07[red]no[/red] [/]"}], ["reason"], "table")
    assert "\x1b" not in (out := capsys.readouterr().out)
    assert "[red]no[/red] [/]" in out


def test_json_means_the_same_and_steers_nothing(capsys):
    told = {"reason": "\x9b2J", "name": "a\u202eb", "half": "\ud800", "umlaut": "ü"}
    print_json(told)
    out = capsys.readouterr().out
    assert json.loads(out) == json.loads(json_line(told)) == told
    assert "ü" in out
    assert not {"\x9b", "\u202e"} & {*out, *json_line(told)}


def test_a_name_that_turns_the_reading_direction_is_shown_as_such(capsys):
    print_rows([{"name": "invoice\u202egpj.exe"}], ["name"], "table")
    assert "invoice\ufffdgpj.exe" in capsys.readouterr().out
