from scheduler.store.views.changes import Change
from webui.live.wishes import Wish


def test_a_page_is_told_of_what_it_shows():
    change = Change(1, "orders", "r1")
    assert Wish().is_met_by([change])
    assert Wish("orders").is_met_by([change])
    assert Wish("orders", "r1").is_met_by([change])
    assert not Wish("orders", "r2").is_met_by([change])
    assert not Wish("sync").is_met_by([change])


def test_what_happens_to_a_dag_concerns_the_pages_of_its_runs():
    assert Wish("orders", "r1").is_met_by([Change(1, "orders", "")])
