"""Programs that wait: how often somebody looks for them."""

from __future__ import annotations

from queue import SimpleQueue

import pytest

from tests.integration.waiting import eventually
from webui.live.waits import Pace, Seen, Wait, Waits


def test_the_looks_of_an_account_take_no_more_than_its_share_of_the_time() -> None:
    pace = Pace(share=0.1)
    assert pace.free_at("ada") == 0.0
    pace.note("ada", 100.0, 100.5)
    assert pace.free_at("ada") == pytest.approx(105.0)
    assert pace.free_at("bob") == 0.0, "others are looked for meanwhile"
    pace.keep({"bob"})
    assert pace.free_at("ada") == 0.0


def test_many_waits_of_an_account_are_all_looked_for_and_hold_up_nobody_else() -> None:
    waits, looked = Waits(), SimpleQueue[str]()
    mine = [_wait(waits, "ada", looked, f"ada {number}") for number in range(20)]
    other = _wait(waits, "bob", looked, "bob")
    seen: set[str] = set()

    def all_were_looked_for() -> bool:
        while not looked.empty():
            seen.add(looked.get())
        return len(seen) == 21

    eventually(all_were_looked_for)
    for each in (*mine, other):
        each.detach()
    assert waits.count_of("ada") == 0


def _wait(waits: Waits, account: str, looked: SimpleQueue[str], name: str) -> Wait:
    def look() -> Seen:
        looked.put(name)
        return Seen(b"")

    wait = Wait(waits, account, 0.25, look, b"")
    wait.attach(lambda _: None, lambda *_: None)
    return wait
