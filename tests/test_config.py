import re
import subprocess
import sys
from pathlib import Path

import pytest

from scheduler.config import Settings, load_settings, without_password
from scheduler.config.reference import reference
from scheduler.errors import BadSetting

DOCS = Path(__file__).parents[1] / "docs"


def test_defaults_serve_one_machine(tmp_path):
    settings = load_settings({}, tmp_path)

    assert settings.is_embedded
    assert settings.database_url == f"sqlite:///{Path.cwd()}/.dirigent/dirigent.db"
    assert settings.page_url == "http://127.0.0.1:8080"
    assert settings.heartbeat_s == 10.0


def test_environment_overrides_the_file_and_the_file_overrides_defaults(tmp_path):
    (tmp_path / "dirigent.toml").write_text('port = 9000\nhost = "::1"\n')

    settings = load_settings({"DIRIGENT_PORT": "9100"}, tmp_path)

    assert (settings.port, settings.host) == (9100, "::1")
    assert settings.page_url == "http://[::1]:9100"


def test_an_option_of_the_command_line_overrides_all(tmp_path):
    settings = load_settings({"DIRIGENT_PORT": "9100"}, tmp_path, port=9200, host=None)

    assert (settings.port, settings.host) == (9200, "127.0.0.1")


def test_database_follows_the_home_folder(tmp_path):
    settings = load_settings({"DIRIGENT_HOME": str(tmp_path / "kept")}, tmp_path)

    assert settings.database_url == f"sqlite:///{tmp_path}/kept/dirigent.db"


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"DIRIGENT_PROT": "9"}, "DIRIGENT_PROT='9': there is no such setting; did you mean DIRIGENT_PORT?"),
        ({"DIRIGENT_port": "9"}, "DIRIGENT_port='9': there is no such setting; did you mean DIRIGENT_PORT?"),
        ({"DIRIGENT_HOME": "/a", "DIRIGENT_DAGS_FOLDER": "/a"}, "the home folder holds Dirigent's secrets"),
        ({"DIRIGENT_PORT": "many"}, "DIRIGENT_PORT='many': give a whole number"),
        ({"DIRIGENT_PORT": "70000"}, "DIRIGENT_PORT='70000': give 65535 or less"),
        ({"DIRIGENT_SECRET_KEY": "abc"}, "give at least 32 characters; `openssl rand -hex 32` makes them"),
        (
            {"DIRIGENT_DATABASE_URL": "mysql://h/d"},
            "DIRIGENT_DATABASE_URL='mysql://h/d': the address must start with",
        ),
        (
            {"DIRIGENT_LEASE_S": "9", "DIRIGENT_HEARTBEAT_S": "4"},
            "DIRIGENT_HEARTBEAT_S='4': a heartbeat may take at",
        ),
        ({"DIRIGENT_LOG_URL": "logs"}, "DIRIGENT_LOG_URL='logs': write it like file:///srv/logs or s3://"),
        (
            {"DIRIGENT_LOG_URL": "file://logs"},
            "DIRIGENT_LOG_URL='file://logs': the folder must begin at the root: file:///logs",
        ),
        (
            {"DIRIGENT_PARALLELISM": "0"},
            "DIRIGENT_PARALLELISM='0': give 1 or more",
        ),
        (
            {"DIRIGENT_SQLITE_SYNCHRONOUS": "OFF"},
            "DIRIGENT_SQLITE_SYNCHRONOUS='OFF': give 'NORMAL' or 'FULL'",
        ),
    ],
)
def test_an_unknown_or_bad_variable_is_refused_by_name_and_value(tmp_path, environ, sentence):
    with pytest.raises(BadSetting, match=re.escape(sentence)):
        load_settings(environ, tmp_path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("prot = 1\n", "dirigent.toml: prot=1: there is no such setting; did you mean port?"),
        (
            "xyzzy = 1\n",
            "dirigent.toml: xyzzy: there is no such setting; `dirigent config reference` lists all",
        ),
        ("port = 'x'\n", "dirigent.toml: port='x': give a whole number"),
        ("lease_s = 'x'\n", "dirigent.toml: lease_s='x': give a number"),
        ("[web]\nport = 1\n", "dirigent.toml: [web]: settings stand at the top, under no heading."),
        (
            "port = \n",
            "dirigent.toml: Invalid value (at line 1, column 8). Write each setting as in TOML: port = 8080",
        ),
    ],
)
def test_an_unknown_or_bad_line_of_the_file_is_refused_by_name_and_value(tmp_path, text, sentence):
    (tmp_path / "dirigent.toml").write_text(text)

    with pytest.raises(BadSetting, match=re.escape(sentence)):
        load_settings({}, tmp_path)


def test_settings_of_the_tests_and_of_other_programs_are_not_looked_at(tmp_path):
    foreign = [
        "DIRIGENT_TEST_POSTGRES_URL",
        "DIRIGENT_VAR_x",
        "DIRIGENT_CONN_db",
        "DIRIGENT_TASK_ID",
        "AIRFLOW_HOME",
    ]
    settings = load_settings(dict.fromkeys(foreign, "x") | {"DIRIGENT_PORT": ""}, tmp_path)

    assert settings == load_settings({}, tmp_path)


@pytest.mark.parametrize("variable", ["DIRIGENT_SECRET_KEY", "DIRIGENT_SECRET_KYE"])
def test_an_error_about_a_secret_does_not_show_it(tmp_path, variable):
    with pytest.raises(BadSetting) as caught:
        load_settings({variable: "canary"}, tmp_path)

    assert "canary" not in str(caught.value)


def test_nothing_secret_is_shown(tmp_path):
    settings = load_settings(
        {
            "DIRIGENT_SECRET_KEY": "canary" * 10,
            "DIRIGENT_DATABASE_URL": "postgresql://me:canary@host/db",
            "DIRIGENT_BROKER_URL": "redis://:canary@host:6379/0",
            "DIRIGENT_NOTIFY_ON_FAILURE": "slack://canary/a/b mailto://me:canary@host",
        },
        tmp_path,
    )

    assert "canary" not in str(settings.shown())
    assert "canary" not in repr(settings.secret_key)
    assert settings.notify_on_failure == ("slack://canary/a/b", "mailto://me:canary@host")


def test_a_hidden_password_leaves_the_rest_of_the_address():
    assert without_password("amqp://me:secret@host:5672//") == "amqp://me:***@host:5672//"
    assert without_password("sqlite:////tmp/a.db") == "sqlite:////tmp/a.db"


def test_a_secret_may_be_read_from_a_file(tmp_path):
    key, url = tmp_path / "key", tmp_path / "url"
    key.write_text("k" * 40 + "\n")
    url.write_text("postgresql://me:swordfish@host/db\n")
    (tmp_path / "dirigent.toml").write_text(f'database_url_file = "{url}"\n')

    settings = load_settings({"DIRIGENT_SECRET_KEY_FILE": str(key)}, tmp_path)

    assert settings.secret_key is not None
    assert settings.secret_key.get_secret_value() == "k" * 40
    assert settings.database_url == "postgresql://me:swordfish@host/db"


def test_a_variable_overrides_a_file_that_the_settings_file_names(tmp_path):
    (tmp_path / "key").write_text("k" * 40)
    (tmp_path / "dirigent.toml").write_text(f'secret_key_file = "{tmp_path / "key"}"\n')

    settings = load_settings({"DIRIGENT_SECRET_KEY": "x" * 40}, tmp_path)

    assert settings.secret_key is not None
    assert settings.secret_key.get_secret_value() == "x" * 40


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        (
            {"DIRIGENT_SECRET_KEY_FILE": "/no/such"},
            "DIRIGENT_SECRET_KEY_FILE='/no/such': the file cannot be read: No such file",
        ),
        (
            {"DIRIGENT_SECRET_KEY_FILE": "/dev/null"},
            "DIRIGENT_SECRET_KEY_FILE='/dev/null': the file is empty",
        ),
        (
            {"DIRIGENT_SECRET_KEY_FILE": "/etc/hostname", "DIRIGENT_SECRET_KEY": "canary"},
            "DIRIGENT_SECRET_KEY_FILE: DIRIGENT_SECRET_KEY is set too; leave one of them out",
        ),
        (
            {"DIRIGENT_PORT_FILE": "/etc/hostname"},
            "DIRIGENT_PORT_FILE='/etc/hostname': there is no such setting",
        ),
    ],
)
def test_a_secret_that_no_file_gives_is_told_by_its_variable(tmp_path, environ, sentence):
    with pytest.raises(BadSetting, match=re.escape(sentence)) as caught:
        load_settings(environ, tmp_path)
    assert "canary" not in str(caught.value)


def test_what_a_file_holds_is_not_shown_in_an_error(tmp_path):
    (tmp_path / "url").write_text("mysql://me:canary@host/db")
    with pytest.raises(BadSetting, match="must start with") as caught:
        load_settings({"DIRIGENT_DATABASE_URL_FILE": str(tmp_path / "url")}, tmp_path)
    assert "canary" not in str(caught.value)


def test_the_settings_page_is_current():
    page = (DOCS / "settings.md").read_text(encoding="utf-8")

    assert page == reference(), "run: dirigent config reference > docs/settings.md"


def test_every_setting_is_described_and_documented():
    page = (DOCS / "settings.md").read_text(encoding="utf-8")

    for name, field in Settings.model_fields.items():
        assert field.description, name
        headings = {"channels": "`DIRIGENT_CHANNEL_<NAME>`", "alerts": "`[[alerts]]`"}
        assert headings.get(name, f"`DIRIGENT_{name.upper()}`") in page


def test_every_setting_is_read_by_the_program():
    root = Path(__file__).parents[1]
    sources = [path for package in ("scheduler", "webui") for path in (root / package).rglob("*.py")]
    program = "".join(path.read_text(encoding="utf-8") for path in sources if path.name != "config.py")

    for name in Settings.model_fields:
        assert re.search(rf"settings\.{name}\b", program), (
            f"nothing reads {name}: setting it would do nothing"
        )


def test_what_runs_user_code_does_not_load_settings():
    code = (
        "import pkgutil, sys, scheduler.runtime.child as child\n"
        "for module in pkgutil.iter_modules(child.__path__): __import__(f'{child.__name__}.{module.name}')\n"
        "print(*sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert {"scheduler.config", "pydantic"}.isdisjoint(printed.split())


@pytest.mark.parametrize(
    "name", [name for name, field in Settings.model_fields.items() if "Secret" in str(field.annotation)]
)
def test_a_secret_that_cannot_be_is_not_shown(name, tmp_path):
    with pytest.raises(BadSetting) as told:
        load_settings({}, tmp_path, **{name: ["canary"]})

    assert "canary" not in str(told.value)
