"""What the leader and the workers write together, on both databases."""

from __future__ import annotations

import sqlalchemy as sa

from scheduler.core.settle import MAX_LOSSES
from scheduler.core.states import AttemptState, RunState, TaskState
from scheduler.operations.rerun import RerunRequest, rerun
from scheduler.store.leases import renew_leases
from scheduler.store.tables import event
from tests.loop.engine import spec, task


def test_a_chain_runs_in_order_and_the_run_succeeds(engine):
    engine.define(spec(task("a"), task("b", "a"), task("c", "b")))
    run = engine.trigger()

    engine.advance()
    first = engine.claim()
    assert [claim.task_id for claim in first] == ["a"]
    assert engine.states(run) == {"a": "running", "b": "none", "c": "none"}
    engine.report(*first)
    engine.run_to_end()

    assert engine.run_state(run) == RunState.SUCCESS
    assert [name for name, _, _ in engine.attempts(run)] == ["a", "b", "c"]


def test_a_failure_fails_what_follows_and_the_run(engine):
    engine.define(spec(task("a"), task("b", "a"), task("c", "b"), task("other")))
    run = engine.trigger()

    engine.advance()
    claims = {claim.task_id: claim for claim in engine.claim()}
    engine.report(claims["a"], state="failed")
    engine.report(claims["other"])
    engine.advance()

    assert engine.states(run) == {
        "a": "failed",
        "b": "upstream_failed",
        "c": "upstream_failed",
        "other": "success",
    }
    assert engine.run_state(run) == RunState.FAILED
    assert engine.reason(run) == "failed: a"


def test_a_failed_try_is_made_again_after_its_delay_and_not_before(engine):
    engine.define(spec(task("a", retries=1, retry_delay_s=60)))
    run = engine.trigger()

    engine.advance()
    engine.report(*engine.claim(), state="failed")
    engine.advance()
    assert engine.states(run) == {"a": "up_for_retry"}
    engine.wait(seconds=59)
    engine.advance()
    assert engine.claim() == []
    engine.wait(seconds=2)
    engine.run_to_end()

    assert engine.run_state(run) == RunState.SUCCESS
    assert engine.attempts(run) == [("a", 1, "failed"), ("a", 2, "success")]


def test_retries_end(engine):
    engine.define(spec(task("a", retries=2, retry_delay_s=0)))
    run = engine.trigger()

    engine.run_to_end(state="failed")

    assert engine.attempts(run) == [("a", 1, "failed"), ("a", 2, "failed"), ("a", 3, "failed")]
    assert engine.run_state(run) == RunState.FAILED


def test_an_error_that_forbids_retries_is_final_at_once(engine):
    engine.define(spec(task("a", retries=2, retry_delay_s=0)))
    run = engine.trigger()

    engine.run_to_end(state="failed", retryable=False)

    assert engine.attempts(run) == [("a", 1, "failed")]


def test_a_lost_attempt_runs_again_and_uses_up_no_retry(engine):
    engine.define(spec(task("a")))
    run = engine.trigger()
    engine.advance()
    [lost] = engine.claim()

    assert engine.kill("w1") == 1
    engine.worker("w2")
    engine.run_to_end("w2")

    assert engine.attempts(run) == [("a", 1, "lost"), ("a", 2, "success")]
    assert engine.run_state(run) == RunState.SUCCESS
    assert [report.claim.id for report in engine.report(lost)] == [lost.id]
    assert engine.attempts(run)[0] == ("a", 1, "lost")


def test_a_task_that_is_lost_again_and_again_is_given_up(engine):
    engine.define(spec(task("a")))
    run = engine.trigger()

    for _ in range(7):
        engine.advance()
        engine.claim()
        engine.kill("w1")

    assert engine.states(run) == {"a": TaskState.FAILED}
    assert len(engine.attempts(run)) == 6


def test_a_report_of_an_earlier_claim_is_refused(engine):
    engine.define(spec(task("a")))
    engine.trigger()
    engine.advance()
    [claim] = engine.claim()

    assert engine.report(claim) == []
    assert [report.claim for report in engine.report(claim, state="failed")] == [claim]


def test_of_two_workers_one_gets_the_attempt(engine):
    engine.define(spec(task("a")))
    engine.worker("w2")
    engine.trigger()
    engine.advance()

    assert len(engine.claim("w1")) + len(engine.claim("w2")) == 1


def test_a_claim_takes_the_highest_priority_first(engine):
    engine.define(spec(*(task(f"t{n}", priority_weight=n, weight_rule="absolute") for n in range(6))))
    engine.trigger()
    engine.advance()

    assert [claim.task_id for claim in engine.claim(limit=2)] == ["t5", "t4"]


def test_no_more_is_queued_than_live_workers_have_use_for(engine):
    engine.define(spec(*(task(f"t{n}") for n in range(40)), max_active_tasks=100))
    run = engine.trigger()

    engine.advance()

    states = list(engine.states(run).values())
    assert (states.count("queued"), states.count("scheduled")) == (16, 24)


def test_tasks_of_a_queue_without_a_worker_wait_as_scheduled(engine):
    engine.define(spec(task("a", queue="gpu")))
    run = engine.trigger()

    engine.advance()
    assert engine.states(run) == {"a": "scheduled"}
    engine.worker("w2", queues=["gpu"])
    engine.advance()

    assert [claim.task_id for claim in engine.claim("w2", queues=["gpu"])] == ["a"]


def test_a_run_never_has_more_than_its_max_active_tasks(engine):
    engine.define(spec(*(task(f"t{n}") for n in range(10)), max_active_tasks=3))
    run = engine.trigger()

    for _ in range(10):
        engine.advance()
        states = list(engine.states(run).values())
        assert states.count("queued") + states.count("running") <= 3
        engine.report(*engine.claim())

    engine.run_to_end()
    assert engine.run_state(run) == RunState.SUCCESS


def test_no_more_runs_start_than_max_active_runs(engine):
    engine.define(spec(task("a"), max_active_runs=2))
    runs = [engine.trigger() for _ in range(4)]

    engine.advance()
    assert [engine.run_state(run) for run in runs] == ["running", "running", "queued", "queued"]
    engine.run_to_end()

    assert {engine.run_state(run) for run in runs} == {RunState.SUCCESS}


def test_skipping_goes_on_downstream(engine):
    engine.define(spec(task("a"), task("b", "a"), task("c", "b"), task("d", "c", trigger_rule="all_done")))
    run = engine.trigger()

    engine.advance()
    engine.report(*engine.claim(), state="skipped")
    engine.run_to_end()

    assert engine.states(run) == {"a": "skipped", "b": "skipped", "c": "skipped", "d": "success"}
    assert engine.run_state(run) == RunState.SUCCESS


def test_a_branch_skips_what_it_did_not_choose(engine):
    engine.define(spec(task("pick"), task("left", "pick"), task("right", "pick")))
    run = engine.trigger()

    engine.advance()
    engine.report(*engine.claim(), skip_tasks=("right",))
    engine.run_to_end()

    assert engine.states(run) == {"pick": "success", "left": "success", "right": "skipped"}


def test_a_renewal_keeps_only_what_is_still_ones_own(engine):
    engine.define(spec(task("a"), task("b")))
    engine.trigger()
    engine.advance()
    mine, other = engine.claim()
    engine.report(other)

    renewal = engine.db.transact(
        lambda session: renew_leases(session, worker_id="w1", ids=[mine.id, other.id], lease_s=30)
    )

    assert renewal.kept == {mine.id}


def test_every_change_of_a_task_is_one_event(engine):
    engine.define(spec(task("a")))
    run = engine.trigger()
    engine.run_to_end()

    query = sa.select(event.c.to_state).where(event.c.run_pk == run, event.c.kind == "task.state")
    with engine.db.read() as session:
        trail = list(session.execute(query.order_by(event.c.id)).scalars())

    assert trail == ["scheduled", "queued", "running", "success"]


def test_a_task_that_depends_on_its_past_waits_for_the_run_before(engine):
    engine.define(spec(task("a", depends_on_past=True)))
    first = engine.trigger(logical_date=engine.now)
    engine.wait(days=1)
    second = engine.trigger(logical_date=engine.now)

    engine.advance()
    [claim] = engine.claim()
    assert (engine.states(first), engine.states(second)) == ({"a": "running"}, {"a": "none"})
    engine.report(claim)
    engine.run_to_end()

    assert engine.run_state(second) == RunState.SUCCESS


def test_an_attempt_keeps_how_it_ended(engine):
    engine.define(spec(task("a")))
    run = engine.trigger()
    engine.advance()

    engine.report(
        *engine.claim(), state="failed", reason="killed by SIGKILL", signal=9, peak_memory_bytes=512
    )

    assert engine.attempts(run) == [("a", 1, AttemptState.FAILED)]


def test_an_attempt_that_died_with_its_preloader_uses_up_no_retry_up_to_a_limit(engine):
    engine.define(spec(task("a", has_failure_callback=True)))
    run = engine.trigger()
    for _ in range(MAX_LOSSES):
        engine.advance()
        engine.report(*engine.claim(), state="lost", reason="its preloader was killed by SIGKILL")
        assert engine.states(run) == {"a": "up_for_retry"}
    engine.advance()
    engine.report(*engine.claim(), state="lost", reason="its preloader was killed by SIGKILL")

    assert engine.states(run) == {"a": "failed"}
    assert [state for _, _, state in engine.attempts(run)] == ["lost"] * 6 + ["queued"], (
        "the callback is queued"
    )


def test_a_task_of_the_rule_always_waits_for_nothing(engine):
    engine.define(spec(task("a"), task("b", "a", trigger_rule="always")))
    run = engine.trigger()
    engine.advance()
    engine.claim()

    assert engine.states(run) == {"a": "running", "b": "running"}


def test_a_task_that_waits_for_what_follows_it_is_woken_by_itself_too(engine):
    engine.define(spec(task("a", wait_for_downstream=True), task("b", "a", trigger_rule="always")))
    engine.trigger(logical_date=engine.now)
    engine.advance()
    claims = {claim.task_id: claim for claim in engine.claim()}
    engine.wait(days=1)
    second = engine.trigger(logical_date=engine.now)
    engine.advance()
    engine.report(claims["b"])
    engine.report(*engine.claim())
    engine.advance()
    engine.report(claims["a"])
    engine.run_to_end()

    assert engine.run_state(second) == RunState.SUCCESS


def test_new_code_that_depends_on_the_past_is_freed_by_a_run_of_the_old_code(engine):
    engine.define(spec(task("a")))
    engine.trigger(logical_date=engine.now)
    engine.advance()
    claims = engine.claim()
    engine.redefine(spec(task("a", depends_on_past=True)))
    engine.wait(days=1)
    second = engine.trigger(logical_date=engine.now)
    engine.advance()
    engine.report(*claims)
    engine.run_to_end()

    assert engine.run_state(second) == RunState.SUCCESS


def test_a_run_does_not_wait_for_a_task_that_the_code_of_now_took_out_of_the_run_before(engine):
    engine.define(spec(task("a", depends_on_past=True), task("b")))
    first = engine.trigger(run_id="first", logical_date=engine.now)
    engine.advance()
    engine.report(*engine.claim(), state="failed")
    engine.run_to_end()
    engine.wait(days=1)
    second = engine.trigger(logical_date=engine.now)
    engine.run_to_end()
    assert engine.states(second) == {"a": "none", "b": "success"}

    engine.redefine(spec(task("b")))
    request = RerunRequest(dag_id="orders", run_id="first", code="now")
    engine.db.transact(lambda session: rerun(session, engine.now, request, actor="user:ada"))
    engine.run_to_end()

    assert engine.states(first) == {"a": "removed", "b": "success"}
    assert engine.run_state(second) == RunState.SUCCESS
