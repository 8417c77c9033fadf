"""Loading DAG files: which DAGs a file declares, and what it may import."""

from __future__ import annotations

import sys
import textwrap
from dataclasses import dataclass, field

import pytest

from scheduler.errors import BadDag, DuplicateDag, NotFound
from scheduler.runtime.child.loading import load_file, module_name


@dataclass
class Kept:
    """Variables and connections of a test."""

    variables: dict[str, str] = field(default_factory=dict)

    def get_variable(self, key):
        return self.variables.get(key)

    def get_connection(self, conn_id):
        return None

    def hide(self, secret, name):
        pass


@pytest.fixture
def load(tmp_path):
    known = set(sys.modules)

    def write_and_load(reader=None, /, **files):
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(textwrap.dedent(text))
        return load_file(str(tmp_path), f"{next(iter(files))}.py", reader or Kept())

    yield write_and_load
    for name in set(sys.modules) - known:
        del sys.modules[name]


def test_all_dags_of_a_file_are_found_even_unnamed_ones(load):
    found = load(
        many="""
        from scheduler import DAG, dag, EmptyOperator
        first = DAG("first")
        for number in range(2):
            with DAG(f"made_{number}"):
                EmptyOperator(task_id="a")
        @dag
        def decorated():
            EmptyOperator(task_id="a")
        decorated()
        """
    )
    assert list(found) == ["first", "made_0", "made_1", "decorated"]


def test_a_dag_made_by_a_factory_of_a_helper_module_belongs_to_the_file_that_calls_it(load):
    found = load(
        calls="""
        from factory_of_dags import make
        make("made")
        """,
        factory_of_dags="""
        from scheduler import DAG
        def make(name):
            return DAG(name)
        helper = DAG("of_the_helper")
        """,
    )
    assert list(found) == ["made"]


def test_a_dag_that_does_not_register_itself_is_found_only_by_name(load):
    found = load(
        quiet="""
        from scheduler import DAG
        kept = DAG("kept", auto_register=False)
        [DAG("dropped", auto_register=False)]
        """
    )
    assert list(found) == ["kept"]


def test_two_dags_of_one_id_in_a_file_are_refused(load):
    with pytest.raises(DuplicateDag, match="'same'"):
        load(
            twice="""
            from scheduler import DAG
            DAG("same"), DAG("same")
            """
        )


def test_variables_can_be_read_while_the_file_is_loaded(load):
    source = """
        from scheduler import DAG, Variable
        DAG(Variable.get("name"), tags=[Variable.get("tag", default="none")])
        """
    found = load(Kept({"name": "from_variable"}), reads=source)
    assert found["from_variable"].tags == ("none",)
    with pytest.raises(NotFound, match="no variable 'name'"):
        load(reads=source)


def test_a_file_that_fails_leaves_no_half_module_behind(load):
    with pytest.raises(ZeroDivisionError):
        load(broken="1 / 0")
    assert module_name("broken.py") not in sys.modules


def test_files_of_one_name_in_two_folders_are_two_modules():
    assert module_name("a/orders.py") != module_name("b/orders.py")


def test_sys_exit_in_a_file_is_passed_on(load):
    with pytest.raises(SystemExit):
        load(leaves="import sys; sys.exit(3)")


def test_a_dag_that_would_run_at_each_load_is_refused(load):
    with pytest.raises(BadDag, match="if __name__ =="):
        load(
            runs="""
            from scheduler import DAG
            DAG("runs").test()
            """
        )


def test_a_file_whose_dag_function_is_never_called_is_told_so(load):
    with pytest.warns(UserWarning, match=r"hello stands under @dag and is never called.*hello\(\)") as seen:
        found = load(
            forgotten="""
            from scheduler import dag, task
            @dag(schedule=None)
            def hello():
                task(print)("x")
            """
        )
    assert found == {}
    assert (seen[0].filename.rpartition("/")[2], seen[0].lineno) == ("forgotten.py", 3)


def test_a_function_that_others_call_with_arguments_is_no_forgotten_dag(load, recwarn):
    load(
        factory="""
        from scheduler import dag
        @dag(schedule=None)
        def made(shop): pass
        """
    )
    assert list(recwarn) == []
