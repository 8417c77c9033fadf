"""What tasks wrote reaches a terminal without steering it."""

from scheduler.cli.output import print_rows


def test_a_cell_steers_nothing_and_is_no_markup(capsys):
    print_rows([{"reason": "\x1b]0;x\x07[red]no[/red] [/]"}], ["reason"], "table")
    assert "\x1b" not in (out := capsys.readouterr().out)
    assert "[red]no[/red] [/]" in out
