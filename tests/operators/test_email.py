"""EmailOperator, to a real mail server."""

from __future__ import annotations

import json
from email import message_from_bytes
from email.policy import default

import pytest

from scheduler import Connection, EmailOperator, PythonOperator
from scheduler.compat.airflow.email import send_email
from scheduler.errors import BadDag
from scheduler.testing.local_channel import LocalChannel
from tests.loop.smtp import mail_server
from tests.runtime.attempts import attempt
from tests.services.certificates import Authority


@pytest.fixture
def server():
    with mail_server() as server:
        yield server


def channel(server, extra='{"disable_tls": true, "from_email": "shop@example.org"}'):
    port = server.server_address[1]
    return LocalChannel("d", {}, {"mail": Connection("mail", "smtp", "127.0.0.1", port, extra=extra)})


def test_a_letter_goes_to_all_with_its_files(dag, server, tmp_path):
    (tmp_path / "sales.csv").write_text("a,b\n")
    EmailOperator(
        "a",
        to="ada@example.org; bob@example.org",
        cc=["cem@example.org"],
        bcc="dora@example.org",
        subject="Sales of {{ ds }}",
        html_content="<p>Größe: <b>{{ 1 + 1 }}</b></p>",
        files=[str(tmp_path / "sales.csv")],
        custom_headers={"X-Shop": "books"},
        conn_id="mail",
    )
    assert attempt(dag, channel(server)).state == "success"
    letter = message_from_bytes(server.letters[0], policy=default)
    assert (letter["From"], letter["To"], letter["Cc"], letter["Bcc"]) == (
        "shop@example.org", "ada@example.org, bob@example.org", "cem@example.org", None,
    )  # fmt: skip
    assert (letter["Subject"], letter["X-Shop"]) == ("Sales of 2026-11-21", "books")
    assert letter.get_body(("html",)).get_content().strip() == "<p>Größe: <b>2</b></p>"
    assert letter.get_body(("plain",)).get_content().strip() == "Größe: 2"
    (file,) = letter.iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("sales.csv", "a,b\n")
    assert server.recipients == [f"{name}@example.org" for name in ("ada", "bob", "cem", "dora")]


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ('{"disable_tls": true}', "Who sends? Give from_email"),
        ('{"from_email": "shop@example.org"}', "STARTTLS extension not supported by server"),
    ],
)
def test_what_is_missing_is_named(dag, server, extra, words):
    EmailOperator("a", to="ada@example.org", subject="x", html_content="y", conn_id="mail")
    assert words in attempt(dag, channel(server, extra)).reason
    assert server.letters == []


def test_a_letter_to_nobody_is_refused(dag):
    with pytest.raises(BadDag, match="to=''"):
        EmailOperator("a", to="", subject="x", html_content="y")


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


def sends(dag, server, kind, **extra):
    EmailOperator("a", to="ada@example.org", subject="x", html_content="y", conn_id="mail")
    given = json.dumps({"from_email": "shop@example.org", **extra})
    port = server.server_address[1]
    connection = Connection("mail", kind, "127.0.0.1", port, extra=given)
    return attempt(dag, LocalChannel("d", {}, {"mail": connection}))


@pytest.mark.parametrize(("kind", "at_once"), [("smtp", False), ("smtps", True)])
def test_letters_go_out_encrypted(dag, authority, tmp_path, kind, at_once):
    with mail_server(authority.issue(tmp_path), is_tls_at_once=at_once) as server:
        assert sends(dag, server, kind, ca_file=str(authority.file)).state == "success"
        assert len(server.letters) == 1


@pytest.mark.parametrize(("kind", "at_once"), [("smtp", False), ("smtps", True)])
def test_a_server_that_nobody_vouches_for_gets_no_letter(dag, authority, tmp_path, kind, at_once):
    with mail_server(authority.issue(tmp_path), is_tls_at_once=at_once) as server:
        assert "certificate verify failed" in sends(dag, server, kind).reason
        assert server.letters == []


def test_a_server_under_another_name_gets_no_letter(dag, authority, tmp_path):
    with mail_server(authority.issue(tmp_path, "127.0.0.9")) as server:
        assert "IP address mismatch" in sends(dag, server, "smtp", ca_file=str(authority.file)).reason
        assert server.letters == []


def test_mail_of_files_for_airflow_goes_the_same_way(dag, authority, tmp_path):
    with mail_server(authority.issue(tmp_path)) as server:
        PythonOperator("a", python_callable=send_email, op_args=["ada@example.org", "x", "y"])
        extra = {"from_email": "shop@example.org", "ca_file": str(authority.file)}
        port = server.server_address[1]
        connection = Connection("smtp_default", "smtp", "127.0.0.1", port, extra=json.dumps(extra))
        outcome = attempt(dag, LocalChannel("d", {}, {"smtp_default": connection}))
        assert (outcome.state, len(server.letters)) == ("success", 1)
