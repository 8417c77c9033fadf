import pytest

from scheduler.cli.parts.proxies import BehindProxies, networks


def seen(trusted: list[str], **given: str) -> tuple[str, str, str]:
    """Return what an application sees of who asks: address, scheme and name of the server."""
    environ = {"REMOTE_ADDR": "10.0.0.1", "wsgi.url_scheme": "http", "HTTP_HOST": "inner", **given}
    BehindProxies(lambda environ, start: [], networks(trusted))(environ, None)
    return environ["REMOTE_ADDR"], environ["wsgi.url_scheme"], environ["HTTP_HOST"]


FORWARDED = {
    "HTTP_X_FORWARDED_FOR": "203.0.113.7",
    "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_X_FORWARDED_HOST": "dags.example",
}


def test_what_a_trusted_proxy_says_is_believed():
    assert seen(["10.0.0.0/8"], **FORWARDED) == ("203.0.113.7", "https", "dags.example")


def test_nobody_else_is_believed():
    assert seen(["10.9.9.9"], **FORWARDED) == ("10.0.0.1", "http", "inner")


@pytest.mark.parametrize(
    ("hops", "asker"),
    [
        ("1.2.3.4, 203.0.113.7", "203.0.113.7"),
        ("1.2.3.4, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("", "10.0.0.1"),
    ],
)
def test_what_stands_before_the_first_stranger_may_be_made_up(hops: str, asker: str):
    assert seen(["10.0.0.0/8"], HTTP_X_FORWARDED_FOR=hops)[0] == asker


def test_a_scheme_is_one_of_the_web():
    assert seen(["10.0.0.1"], HTTP_X_FORWARDED_PROTO="javascript")[1] == "http"
