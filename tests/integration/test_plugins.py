"""Plugins in a server: what they bring reaches tasks, templates and the command line."""

from __future__ import annotations

import json

import pytest

from tests.integration.waiting import eventually

DEPOT = "http://me:s3cret-of-depot@depot.test:8080"
VAULT = """
from scheduler.plugins import hookimpl

class Vault:
    def get_variable(self, key):
        return "of_the_vault" if key == "dag" else None

    def get_connection(self, conn_id):
        return None

@hookimpl
def dirigent_secret_backend():
    return Vault()
"""

WAREHOUSE = """
from pathlib import Path
from scheduler import BaseOperator
from scheduler.plugins import hookimpl

class Count(BaseOperator):
    template_fields = ("day",)

    def __init__(self, task_id, day, **arguments):
        super().__init__(task_id, **arguments)
        self.day = day

    def execute(self, context):
        from scheduler import Connection, Variable
        print("counted", self.day, Variable.get("limit"), Connection.get("stock").host)
        print("by the environment:", Variable.get("region"), Connection.get("depot"), Connection.get("depot").password)

class Vault:
    def get_variable(self, key):
        return "of the vault" if key == "limit" else None

    def get_connection(self, conn_id):
        return {"conn_type": "http", "host": "stock.test", "password": "swordfish"} if conn_id == "stock" else None

@hookimpl
def dirigent_macros():
    return {"shout": lambda text: text.upper() + "!"}

@hookimpl
def dirigent_secret_backend():
    return Vault()

@hookimpl
def on_task_instance_success(task_instance):
    Path(__file__).with_name("heard.txt").write_text(task_instance.task_id)
"""

STOCK = """
from scheduler import DAG, BashOperator
from warehouse import Count

with DAG("stock", schedule=None):
    Count("count", "{{ macros.warehouse.shout('today') }}")

with DAG("shout", schedule=None):
    BashOperator("say", bash_command="echo {{ macros.warehouse.shout('hello') }}")
"""


def test_tasks_use_what_plugins_bring_and_a_broken_one_stops_nothing(new_project):
    shop = new_project()
    plugins = shop.folder / "plugins"
    plugins.mkdir()
    (plugins / "warehouse.py").write_text(WAREHOUSE)
    (plugins / "broken.py").write_text("import nowhere_at_all")
    shop.write("stock.py", STOCK)
    shop.start(
        AIRFLOW_VAR_LIMIT="the plugin comes first", AIRFLOW_VAR_REGION="north", AIRFLOW_CONN_DEPOT=DEPOT
    )
    run = shop.trigger("stock").until("success")
    assert "counted TODAY! of the vault stock.test" in run.log("count")
    assert (
        "by the environment: north Connection(conn_id='depot', conn_type='http', host='depot.test'"
        in run.log("count")
    )
    assert "s3cret-of-depot" not in run.log("count")
    listed = shop.dirigent("plugins", "list", "--output", "json")
    broken, warehouse = json.loads(listed.stdout)
    assert listed.returncode == 1
    assert "nowhere_at_all" in broken["error"]
    assert warehouse["hooks"] == "dirigent_macros, dirigent_secret_backend, on_task_instance_success"
    assert (
        eventually(lambda: (plugins / "heard.txt").exists() and (plugins / "heard.txt").read_text())
        == "count"
    )
    tried = shop.dirigent("dags", "test", "shout")
    assert "HELLO!" in tried.stdout + tried.stderr


@pytest.mark.slow
def test_a_scheduler_of_its_own_asks_them_for_what_dag_files_read(new_project, tables_url, redis_url):
    shop = new_project(database_url=tables_url, broker_url=redis_url, secret_key="s" * 44)
    (shop.folder / "plugins").mkdir()
    (shop.folder / "plugins" / "vault.py").write_text(VAULT)
    shop.write("read.py", "from scheduler import DAG, Variable\nDAG(Variable.get('dag'), schedule=None)\n")
    shop.start("scheduler")
    eventually(lambda: shop.record.dag("of_the_vault"), told=shop.told)
