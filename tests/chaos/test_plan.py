"""Plans of faults come of their seed."""

from __future__ import annotations

from random import Random

from tests.chaos.plan import Choice, Fault, described, in_turn, mixture, perform


def test_the_same_seed_makes_the_same_plan_and_another_one_another():
    plans = [in_turn(Random(seed), "kill", ["a", "b", "c"], every_s=0.2, for_s=10) for seed in (1, 1, 2)]
    assert plans[0] == plans[1] != plans[2]


def test_in_turn_means_that_each_has_its_turn_in_each_round():
    plan = in_turn(Random(1), "kill", ["a", "b", "c"], every_s=0.5, for_s=3)
    assert [fault.at_s for fault in plan] == [0.5, 1.0, 1.5, 2.0, 2.5, 3.0]
    assert {fault.target for fault in plan[:3]} == {fault.target for fault in plan[3:]} == {"a", "b", "c"}


def test_what_is_undone_is_undone_before_the_end():
    choice = Choice("freeze", 1, ("a", "b"), undone_by="thaw", after_s=(1, 30))
    plan = mixture(Random(3), [choice], every_s=1, for_s=20)
    assert plan == sorted(plan)
    assert sum(fault.act == "freeze" for fault in plan) == sum(fault.act == "thaw" for fault in plan) > 5
    assert plan[-1].at_s <= 20


def test_faults_are_carried_out_in_the_order_of_their_times():
    done = []

    class Stage:
        def act(self, name, target):
            done.append((name, target))

    plan = [Fault(0.02, "thaw", "a"), Fault(0.01, "freeze", "a")]
    perform(plan, Stage())
    assert done == [("freeze", "a"), ("thaw", "a")]
    assert described(sorted(plan)).splitlines()[0] == "   0.01 s  freeze a"
