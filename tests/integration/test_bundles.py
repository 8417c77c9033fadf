"""`dirigent up` on a git repository: real fetches, a signed push, a kill at the worst moment."""

from __future__ import annotations

import hashlib
import hmac
import json
import urllib.request

import sqlalchemy as sa

from scheduler.store.tables import dag_bundle
from tests.integration.waiting import eventually
from tests.repository import Repository
from tests.wheels import make_wheel

SECRET = "only between us two"


def settings(repository, **more):
    return {
        "dags_git_url": repository.url,
        "dags_git_ref": "main",
        "dags_git_refresh_s": "0",
        "dags_git_hook_secret": SECRET,
        "dags_git_view_url": "https://git.shop.test/dags/commit/{version}",
        **more,
    }


def push(server):
    """Tell the page what a hook tells."""
    signature = hmac.new(SECRET.encode(), b"{}", hashlib.sha256).hexdigest()
    request = urllib.request.Request(
        f"{server.address}/hooks/git", b"{}", {"X-Hub-Signature-256": f"sha256={signature}"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.status


def shown(project, *words):
    return json.loads(project.dirigent(*words, "--output", "json").stdout)


def test_a_signed_push_brings_a_commit_into_force_and_a_run_keeps_its_own(tmp_path, new_project):
    repository = Repository(tmp_path / "work")
    repository.write_dag("dags/orders.py", "orders", "import time; time.sleep(1); print('total 1')")
    first = repository.commit("Add the orders")
    shop = new_project(**settings(repository, dags_git_subfolder="dags"))
    server = shop.start()
    before = shop.trigger("orders")
    repository.write_dag("dags/orders.py", "orders", "print('total 2')")
    second = repository.commit("Count them twice")
    assert push(server) == 202
    eventually(lambda: shop.record.dag("orders").bundle_version == second, told=shop.told)
    after = shop.trigger("orders")
    for run, commit, value in ((before, first, 1), (after, second, 2)):
        run.until("success")
        assert run.row.bundle_version == commit
        assert f"total {value}" in run.log("work")
    assert shown(shop, "runs", "show", "orders", after.run_id)["bundle_version"] == second
    (bundle,) = shown(shop, "bundles", "list")
    assert (bundle["version"], bundle["subject"]) == (second, "Count them twice")
    assert bundle["view_url"] == f"https://git.shop.test/dags/commit/{second}"
    repository.folder.rename(tmp_path / "gone")
    assert shop.dirigent("bundles", "refresh").returncode == 0
    eventually(lambda: shop.record.rows(sa.select(dag_bundle.c.error))[0].error, told=shop.told)
    doctor = {each["check"]: each for each in shown(shop, "doctor")}
    assert not doctor["dags folder"]["is_ok"]
    assert f"commit {second[:10]} is in force" in doctor["dags folder"]["finding"]


def test_a_kill_while_a_commit_comes_into_force_costs_nothing(tmp_path, new_project):
    repository = Repository(tmp_path / "work")
    repository.write_dag("orders.py", "orders", "return 1")
    first = repository.commit()
    shop = new_project(**settings(repository))
    server = shop.start(DIRIGENT_TEST_FAILPOINTS="bundle-written=crash@2")
    eventually(lambda: shop.record.dag("orders"), told=shop.told)
    repository.write_dag("orders.py", "orders", "print('total 2')")
    second = repository.commit()
    push(server)
    eventually(lambda: not server.is_running, told=shop.told)
    assert shop.record.dag("orders").bundle_version == first
    shop.start()
    eventually(lambda: shop.record.dag("orders").bundle_version == second, told=shop.told)
    assert "total 2" in shop.trigger("orders").until("success").log("work")


def test_tasks_run_in_the_environment_of_their_commits_lock_file(tmp_path, new_project):
    repository = Repository(tmp_path / "work")
    repository.write(
        "orders.py",
        """
        import sys
        import rare
        from scheduler import DAG, task

        with DAG("orders", description=rare.WORD):
            @task
            def work():
                print(rare.WORD, "in", sys.prefix)
            work()
        """,
    )
    make_wheel(repository.folder / "wheels", "rare", "WORD = 'one'\n")
    repository.write("requirements.lock", "./wheels/rare-1.0-py3-none-any.whl\n")
    repository.commit()
    shop = new_project(**settings(repository, dags_lock_file="requirements.lock"))
    server = shop.start()
    first = shop.trigger("orders").until("success")
    assert f"one in {shop.home / 'environments'}" in first.log("work")
    make_wheel(repository.folder / "wheels", "rare", "WORD = 'two'\n")
    second = repository.commit()
    push(server)
    eventually(lambda: shop.record.dag("orders").bundle_version == second, told=shop.told)
    assert "two in " in shop.trigger("orders").until("success").log("work")
    assert shop.record.dag("orders").description == "two"
    repository.write("requirements.lock", "./wheels/none-1.0-py3-none-any.whl\n")
    repository.commit()
    push(server)
    (fault,) = eventually(shop.record.import_errors, told=shop.told)
    assert fault.path == "orders.py"
    assert "The environment of requirements.lock could not be built (exit " in fault.error.message
    run = shop.trigger("orders").until("success")
    assert (run.row.bundle_version, "two in " in run.log("work")) == (second, True)
