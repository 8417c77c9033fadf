"""Brokers that talk TLS only: whom a client trusts, and what its address may ask for."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler.dispatch.broker_tls import split_tls
from scheduler.dispatch.tickets import check_broker, publish_ticket, queue_of
from scheduler.errors import BadSetting, BrokerUnavailable
from tests.services.certificates import Authority
from tests.services.encrypted import EncryptedRabbitMQ, EncryptedRedis
from tests.services.server import ProgramMissing
from tests.services.shared import new_folder


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(EncryptedRedis, marks=pytest.mark.redis, id="redis"),
        pytest.param(EncryptedRabbitMQ, marks=pytest.mark.rabbitmq, id="rabbitmq"),
    ],
)
def encrypted(request: pytest.FixtureRequest) -> Iterator[EncryptedRedis | EncryptedRabbitMQ]:
    """A broker that talks TLS only, with an authority that no system trusts."""
    try:
        request.param.program()
    except ProgramMissing as missing:
        pytest.skip(str(missing))
    with request.param(new_folder("encrypted")) as server:
        yield server


def without_options(url: str) -> str:
    return url.partition("?")[0]


def test_tickets_pass_where_the_address_names_the_authority(encrypted, make_celery):
    celery = make_celery(encrypted.url)
    check_broker(celery)
    publish_ticket(celery, "default")
    with celery.connection_for_read() as connection:
        assert connection.SimpleQueue(queue_of("default")).get(timeout=30).payload[0] == ["default"]


def test_a_certificate_that_nobody_vouches_for_is_refused(encrypted, make_celery):
    with pytest.raises(BrokerUnavailable, match="certificate verify failed"):
        check_broker(make_celery(without_options(encrypted.url)))


def test_the_certificate_of_another_authority_is_refused(encrypted, make_celery, tmp_path):
    other = Authority(tmp_path)
    with pytest.raises(BrokerUnavailable, match="certificate verify failed"):
        check_broker(make_celery(f"{without_options(encrypted.url)}?ssl_ca_certs={other.file}"))


def test_a_certificate_for_another_name_is_refused(encrypted, make_celery):
    elsewhere = encrypted.url.replace("127.0.0.1", "localhost")
    with pytest.raises(BrokerUnavailable, match=r"[Hh]ostname mismatch"):
        check_broker(make_celery(elsewhere))


@pytest.mark.parametrize("option", ["ssl_check_hostname=false", "ssl_cert_reqs=none"])
def test_the_address_may_ask_for_less(encrypted, make_celery, option):
    check_broker(make_celery(f"{encrypted.url.replace('127.0.0.1', 'localhost')}&{option}"))


def test_what_talks_no_tls_is_not_answered(encrypted, make_celery):
    scheme, _, place = without_options(encrypted.url).partition("://")
    with pytest.raises(BrokerUnavailable, match="cannot be reached"):
        check_broker(make_celery(f"{scheme.removesuffix('s')}://{place}"))


@pytest.mark.parametrize("scheme", ["rediss", "amqps"])
def test_an_address_keeps_its_other_options(scheme):
    address, tls = split_tls(f"{scheme}://me:a%2Fb@host:1//?heartbeat=3&ssl_cert_reqs=none")
    assert address == f"{scheme}://me:a%2Fb@host:1//?heartbeat=3"
    assert ssl.CERT_NONE in (tls or {}).values()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("rediss://h/0?ssl_cert_reqs=sometimes", "ssl_cert_reqs=sometimes.*one of required, none"),
        ("amqps://h//?ssl_ca_certs=/no/such/file", "/no/such/file.*no such file"),
        ("amqps://h//?ssl_version=3", "ssl_version.*options of TLS are ssl_ca_certs"),
        ("redis://h/0?ssl_cert_reqs=none", "rediss:// or amqps://"),
    ],
)
def test_an_option_that_means_nothing_is_refused_by_its_name(url, told):
    with pytest.raises(BadSetting, match=told):
        split_tls(url)


def test_a_file_is_named_as_it_is(tmp_path: Path):
    file = tmp_path / "my authority.pem"
    file.touch()
    assert split_tls(f"rediss://h/0?ssl_ca_certs={file.as_posix().replace(' ', '%20')}") == (
        "rediss://h/0",
        {"ssl_ca_certs": str(file), "ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True},
    )
