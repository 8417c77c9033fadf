"""Questions of tasks: who may answer, what is an answer, and what becomes of the task."""

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.core.states import TaskState
from scheduler.errors import BadConf, BadParams, Conflict, Forbidden, NotFound
from scheduler.operations.cancel import cancel_run
from scheduler.operations.explain import explain_task
from scheduler.operations.mark import mark_task
from scheduler.operations.questions import answer_question, find_question
from scheduler.operations.rerun import RerunRequest, rerun
from scheduler.store import questions
from scheduler.store.events import list_events
from scheduler.store.runs import find_run
from scheduler.store.tasks import tasks_of_run
from scheduler.wire import TAG, MeantQuestion, Question
from tests.loop.engine import Engine, spec, task
from tests.store.contention import met_by

TASK = ("orders", "first", "asks")
ASKS = Question(
    subject="Ship it?",
    options=("yes", "no"),
    params={
        "rows": {"value": 5, "schema": {"type": "integer", "minimum": 1}},
        "why": {"schema": {"type": ["string", "object"]}},
    },
    method="execute_complete",
)


@pytest.fixture
def engine(db):
    engine = Engine(db)
    engine.worker()
    engine.define(spec(task("asks", asks=True), task("after", "asks")))
    engine.trigger(run_id="first", logical_date=engine.now)
    return engine


@pytest.fixture
def ask(engine):
    """Let the task ask."""

    def asks(question=ASKS, meant=None, **changes):
        engine.advance()
        [claim] = engine.claim()
        asked = replace(question, **changes)
        reason = f"asks: {asked.subject}"
        engine.report(claim, state="awaiting_input", question=asked, meant=meant, reason=reason)

    return asks


def _answer(engine, *chosen, user_name="ada", asked=ASKS, **params):
    given = ({"why": "so"} if asked is ASKS else {}) | params
    return engine.db.transact(
        lambda session: answer_question(
            session,
            engine.now,
            *TASK,
            chosen_options=chosen,
            params_input=given,
            actor=f"user:{user_name}",
            user_name=user_name,
        )
    )


def _run(engine):
    with engine.db.read() as session:
        run = find_run(session, "orders", "first")
        assert run is not None
        return run


def _states(engine):
    return engine.states(_run(engine).id)


def _open(engine):
    with engine.db.read() as session:
        return [each.task_id for each in questions.list_open(session, 10)]


def test_a_task_that_asks_holds_no_slot_and_goes_on_with_the_answer(engine, ask):
    ask()
    assert _states(engine) == {"asks": "awaiting_input", "after": "none"}
    assert engine.claim() == []
    with engine.db.read() as session:
        assert questions.count_open(session) == 1
        why = explain_task(session, *TASK)
    assert why == ["It asks a person since 2026-11-21 12:00:00 UTC, without a slot: “Ship it?”."]
    asked = _answer(engine, "yes", rows=7)
    assert (asked.responded_by, asked.chosen_options) == ("ada", ["yes"])
    assert asked.params_input == {"rows": 7, "why": "so"}
    engine.advance()
    [claim] = engine.claim()
    assert claim.resume is not None
    assert claim.resume["method"] == "execute_complete"
    assert claim.resume["event"] == {
        "chosen_options": ["yes"],
        "params_input": {"rows": 7, "why": "so"},
        "responded_at": {TAG: "datetime", "value": engine.now.isoformat()},
        "responded_by_user": {"id": "ada", "name": "ada"},
        "timedout": False,
    }
    engine.report(claim)
    engine.run_to_end()
    assert engine.run_state(_run(engine).id) == "success"


def test_who_answered_stands_in_the_events(engine, ask):
    ask()
    _answer(engine, "no")
    with engine.db.read() as session:
        told = [
            each for _, each in list_events(session, _run(engine).id) if each.from_state == "awaiting_input"
        ]
    assert [(each.to_state, each.actor, each.reason) for each in told] == [
        ("scheduled", "user:ada", "ada answered: no")
    ]


def test_the_first_answer_counts_and_a_second_is_told_so(engine, ask):
    ask()
    _answer(engine, "yes")
    with pytest.raises(Conflict, match=r"ada answered already, at 2026-11-21 12:00:00 UTC: yes\."):
        _answer(engine, "no", user_name="bob")


@pytest.mark.parametrize(
    ("chosen", "params", "words"),
    [
        ((), {}, "No option was chosen"),
        (("maybe",), {}, "'maybe' is no option; choose of yes, no"),
        (("yes", "no"), {}, "2 options were chosen; choose one"),
        (("yes",), {"rows": 0}, "'rows' cannot be 0"),
        (("yes",), {"rows": "many"}, "'rows' cannot be 'many'"),
        (("yes",), {"other": 1}, "no param 'other'"),
    ],
)
def test_what_is_no_answer_is_refused_and_can_be_given_again(engine, ask, chosen, params, words):
    ask()
    with pytest.raises(BadParams, match=words):
        _answer(engine, *chosen, **params)
    _answer(engine, "yes")


def test_what_must_be_filled_in_is_and_what_is_too_deep_is_refused(engine, ask):
    ask()
    with pytest.raises(BadParams, match="'why' must be filled in"):
        engine.db.transact(
            lambda session: answer_question(session, engine.now, *TASK, chosen_options=["yes"], actor="cli")
        )
    deep: dict[str, object] = {}
    for _ in range(200):
        deep = {"in": deep}
    with pytest.raises(BadConf, match="nested too deeply"):
        _answer(engine, "yes", why=deep)


SECRET = "hunter22"
#: A question as people see it, and what it stands for.
SHOWN = replace(
    ASKS,
    options=("as ***", "no"),
    defaults=("as ***",),
    params={
        "word": {"value": "***", "schema": {"type": "string"}, "description": "***"},
        "one": {"value": "***1", "schema": {"enum": ["***1", "***2"]}},
    },
    timeout_s=60.0,
)
MEANT = MeantQuestion(
    options=(f"as {SECRET}", "no"),
    params={
        "word": {"value": SECRET, "schema": {"type": "string", "pattern": "^hunter"}, "description": SECRET},
        "one": {"value": f"{SECRET}1", "schema": {"enum": [f"{SECRET}1", f"{SECRET}2"]}},
    },
    secrets=(SECRET,),
)


def _resume(engine):
    engine.advance()
    [claim] = engine.claim()
    resume = claim.resume
    assert resume is not None
    return resume["secrets"], *(resume["event"][name] for name in ("chosen_options", "params_input"))


@pytest.mark.parametrize("named", ["as ***", f"as {SECRET}"])
def test_an_answer_without_secrets_tells_the_task_what_it_stands_for(engine, ask, named):
    ask(SHOWN, MEANT)
    asked = _answer(engine, named, asked=SHOWN, one="***2")
    assert (asked.chosen_options, asked.params_input) == (["as ***"], {"word": "***", "one": "***2"})
    assert _resume(engine) == ([SECRET], [f"as {SECRET}"], {"word": SECRET, "one": f"{SECRET}2"})
    with engine.db.read() as session:
        assert SECRET not in str(list_events(session, _run(engine).id))


def test_what_people_type_themselves_is_held_against_the_schema_and_no_secret_of_it_is_told(engine, ask):
    ask(SHOWN, MEANT)
    for wrong in ({"word": "***", "one": "x"}, {"word": "typed"}):
        with pytest.raises(BadParams) as refused:
            _answer(engine, "as ***", asked=SHOWN, **wrong)
        assert SECRET not in str(refused.value)
    asked = _answer(engine, "no", asked=SHOWN, word="hunter33")
    assert asked.params_input == {"word": "hunter33", "one": "***1"}
    assert _resume(engine)[1:] == (["no"], {"word": "hunter33", "one": f"{SECRET}1"})


def test_the_defaults_of_a_question_with_secrets_stand_for_what_the_task_knows(engine, ask):
    ask(SHOWN, MEANT)
    engine.now += timedelta(seconds=61)
    assert _resume(engine)[1:] == ([f"as {SECRET}"], {"word": SECRET, "one": f"{SECRET}1"})
    with engine.db.read() as session:
        asked = find_question(session, *TASK)
    assert (asked.chosen_options, asked.params_input) == (["as ***"], {"word": "***", "one": "***1"})


def test_of_several_options_those_that_were_chosen_are_kept_in_their_order(engine, ask):
    ask(options=("a", "b", "c"), multiple=True)
    assert _answer(engine, "c", "a", "c").chosen_options == ["a", "c"]


def test_only_the_assigned_users_may_answer_and_who_has_the_command_line(engine, ask):
    ask(assigned_users=({"id": "7", "name": "ada"}, {"id": "bob", "name": "Bob"}))
    with pytest.raises(Forbidden, match="eve may not answer task 'asks': it asks ada, Bob"):
        _answer(engine, "yes", user_name="eve")
    assert _answer(engine, "yes", user_name="bob").responded_by == "bob"


def test_nothing_that_a_person_types_is_read_as_a_type(engine, ask):
    ask()
    _answer(engine, "yes", why={TAG: "dataclass", "value": ["os.system", {}]})
    engine.advance()
    [claim] = engine.claim()
    assert claim.resume is not None
    assert claim.resume["event"]["params_input"]["why"] == {
        TAG: "dict",
        "value": [[TAG, "dataclass"], ["value", ["os.system", {}]]],
    }


def test_after_its_time_the_defaults_are_the_answer(engine, ask):
    ask(defaults=("no",), timeout_s=60.0, params={"rows": {"value": 5}})
    engine.wait(seconds=59)
    engine.advance()
    assert _states(engine)["asks"] == "awaiting_input"
    engine.wait(seconds=1)
    engine.advance()
    assert _states(engine)["asks"] == "queued"
    [claim] = engine.claim()
    assert claim.resume is not None
    assert claim.resume["event"]["chosen_options"] == ["no"]
    assert claim.resume["event"]["params_input"] == {"rows": 5}
    assert (claim.resume["event"]["responded_by_user"], claim.resume["event"]["timedout"]) == (None, True)
    with pytest.raises(Conflict, match="its defaults, as nobody did in time, answered already"):
        _answer(engine, "yes")


def test_after_its_time_without_defaults_it_goes_on_to_fail(engine, ask):
    ask(timeout_s=60.0)
    engine.wait(seconds=60)
    engine.advance()
    [claim] = engine.claim()
    assert claim.resume is not None
    assert claim.resume["event"] == {"error": "nobody answered within 60 s", "error_type": "timeout"}
    with pytest.raises(Conflict, match="waits for no answer any more: it is running"):
        _answer(engine, "yes")


def _mark(session, engine):
    mark_task(session, engine.now, *TASK, to="success", actor="user:ada")


def _cancel(session, engine):
    cancel_run(session, engine.now, "orders", "first", actor="user:ada")


def _clear(session, engine):
    request = RerunRequest(dag_id="orders", run_id="first", tasks=("asks",))
    rerun(session, engine.now, request, actor="user:ada")


@pytest.mark.parametrize("end", [_mark, _cancel, _clear])
def test_a_task_that_was_ended_otherwise_takes_no_answer_and_runs_out_no_more(engine, ask, end):
    ask(timeout_s=60.0, defaults=("no",))
    engine.db.transact(lambda session: end(session, engine))
    assert _open(engine) == []
    state = _states(engine)["asks"]
    with pytest.raises(Conflict, match=f"waits for no answer any more: it is {state}"):
        _answer(engine, "yes")
    engine.wait(seconds=120)
    engine.run_to_end()
    expected = {_mark: "success", _cancel: "skipped", _clear: "success"}
    assert _states(engine)["asks"] == expected[end]


def test_a_cleared_task_asks_anew_and_what_was_answered_before_stays(engine, ask):
    ask()
    _answer(engine, "yes")
    engine.db.transact(lambda session: _clear(session, engine))
    ask(subject="Again?")
    assert _answer(engine, "no").subject == "Again?"
    with engine.db.read() as session:
        [row] = [each for each in tasks_of_run(session, _run(engine).id) if each.task_id == "asks"]
        told = [(each.subject, each.chosen_options) for each in questions.questions_of_task(session, row.id)]
        first = find_question(session, *TASK, try_number=1)
    assert told == [("Ship it?", ["yes"]), ("Again?", ["no"])]
    assert first.subject == "Ship it?"
    assert row.state is TaskState.SCHEDULED


def test_a_task_that_has_not_asked_has_no_question(engine):
    with pytest.raises(NotFound, match="question of task 'asks'"):
        _answer(engine, "yes")


def test_a_lost_attempt_after_the_answer_goes_on_with_it_again(engine, ask):
    ask()
    _answer(engine, "yes")
    engine.advance()
    [claim] = engine.claim()
    engine.report(claim, state="lost", reason="its worker died")
    engine.wait(seconds=1)
    engine.advance()
    [again] = engine.claim()
    assert again.resume is not None
    assert again.resume["event"]["chosen_options"] == ["yes"]


def test_a_run_whose_question_is_answered_late_ends_as_ever(engine, ask):
    ask()
    engine.wait(**{"seconds": timedelta(days=400).total_seconds()})
    engine.advance()
    _answer(engine, "yes")
    engine.run_to_end()
    assert _states(engine) == {"asks": "success", "after": "success"}


def test_a_retry_after_no_answer_asks_again(engine, ask):
    engine.define(spec(task("asks", asks=True, retries=1, retry_delay_s=0), dag_id="others"))
    engine.trigger("others", run_id="second")
    engine.advance()
    asked = replace(ASKS, timeout_s=60.0)
    claims = engine.claim()
    engine.report(*claims, state="awaiting_input", question=asked)
    engine.wait(seconds=60)
    engine.advance()
    [claim] = [each for each in engine.claim() if each.dag_id == "others"]
    engine.report(claim, state="failed", reason="nobody answered")
    engine.advance()
    [again] = engine.claim()
    assert (again.dag_id, again.resume) == ("others", None)


def test_a_failure_beside_it_ends_a_question_where_the_dag_fails_fast(engine):
    engine.define(spec(task("asks", asks=True), task("breaks"), dag_id="fast", fail_fast=True))
    run_pk = engine.trigger("fast", run_id="second")
    engine.advance()
    claims = {claim.task_id: claim for claim in engine.claim() if claim.dag_id == "fast"}
    engine.report(claims["asks"], state="awaiting_input", question=ASKS)
    engine.report(claims["breaks"], state="failed", retryable=False)
    engine.run_to_end()
    assert (engine.states(run_pk)["asks"], engine.run_state(run_pk)) == ("skipped", "failed")


def test_of_two_answers_at_once_one_counts(postgres_db):
    engine = Engine(postgres_db)
    engine.worker()
    engine.define(spec(task("asks", asks=True)))
    engine.trigger(run_id="first", logical_date=engine.now)
    engine.advance()
    engine.report(*engine.claim(), state="awaiting_input", question=replace(ASKS, params={}))

    def answer(session, who):
        return answer_question(session, engine.now, *TASK, chosen_options=["yes"], actor="cli", user_name=who)

    def second():
        with pytest.raises(Conflict, match="ada answered already"):
            postgres_db.transact(lambda session: answer(session, "bob"))

    with met_by(postgres_db, second) as session:
        assert answer(session, "ada").responded_by == "ada"


def test_two_secrets_that_look_alike_stay_where_they_stand(engine, ask):
    pair, look = {"a": "hunter22", "b": ["hunter33", 1]}, {"a": "***", "b": ["***", 1]}
    shown = Question(
        subject="?",
        options=("yes",),
        params={"pair": {"value": look, "schema": {}}},
        method="execute_complete",
    )
    params = {"pair": {"value": pair, "schema": {}}}
    ask(shown, MeantQuestion(options=("yes",), params=params, secrets=("hunter22", "hunter33")))
    _answer(engine, "yes", asked=shown, pair={**look, "b": ["***", 2], "c": "***"})
    _, _, given = _resume(engine)
    assert given == {"pair": {"a": "hunter22", "b": ["hunter33", 2], "c": "hunter22"}}
