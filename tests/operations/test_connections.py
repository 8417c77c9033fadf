from dataclasses import replace

import pytest
import sqlalchemy as sa

from scheduler import Connection as Written
from scheduler.errors import BadConnection, BadName, NotFound
from scheduler.operations.connections import read_connection, read_uri, remove_connection, set_connection
from scheduler.security.encryption import FernetCipher
from scheduler.security.secret_key import SecretKey
from scheduler.store.connections import Connection, list_connections, load_connections
from scheduler.store.tables import event
from tests.store.specs import NOW

CIPHER = FernetCipher(SecretKey(("k" * 40,)))
SHOP = Connection(
    conn_id="shop_db",
    conn_type="postgres",
    host="Db.example",
    port=5432,
    schema="shop/2",
    login="rea@der",
    password="hunter:2/#?",
    extra='{"sslmode": "require"}',
)


def test_a_connection_is_set_read_and_deleted(db, write):
    write(set_connection, NOW, CIPHER, SHOP, actor="cli")
    assert write(read_connection, CIPHER, "shop_db") == SHOP
    assert write(load_connections, CIPHER) == [SHOP]
    write(remove_connection, NOW, "shop_db", actor="cli")
    for missing in (lambda s: read_connection(s, CIPHER, "shop_db"), _remove):
        with pytest.raises(NotFound, match="There is no connection 'shop_db'"):
            db.transact(missing)


def _remove(session):
    remove_connection(session, NOW, "shop_db", actor="cli")


def test_events_name_the_connection_and_none_of_its_fields(db, write):
    db.wake.wait(0)
    write(set_connection, NOW, CIPHER, SHOP, actor="user:ada")
    assert db.wake.wait(0)
    write(_remove)
    with db.read() as session:
        rows = list(session.execute(sa.select(event)).mappings())
    assert [(row["kind"], row["actor"], row["reason"]) for row in rows] == [
        ("connection.set", "user:ada", "shop_db"),
        ("connection.deleted", "cli", "shop_db"),
    ]
    assert "hunter" not in str(rows)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"conn_type": ""}, "needs a type"),
        ({"port": 0}, "not one of 1 to 65535"),
        ({"port": 70_000}, "not one of 1 to 65535"),
        ({"extra": "[1]"}, "not a JSON object"),
        ({"extra": "{s3cret"}, "not a JSON object"),
        ({"host": "a\0b"}, "NUL"),
    ],
)
def test_a_field_that_cannot_be_one_is_refused_and_not_repeated(write, changes, sentence):
    with pytest.raises(BadConnection, match=sentence) as told:
        write(set_connection, NOW, CIPHER, replace(SHOP, **changes), actor="cli")
    assert "s3cret" not in str(told.value)
    assert "hunter" not in str(told.value)
    assert write(list_connections) == []


def test_a_connection_needs_a_name(write):
    with pytest.raises(BadName):
        write(set_connection, NOW, CIPHER, replace(SHOP, conn_id=""), actor="cli")


def test_the_uri_that_tasks_are_given_reads_back_as_the_same_connection():
    written = Written(
        SHOP.conn_id,
        SHOP.conn_type,
        SHOP.host,
        SHOP.port,
        SHOP.login,
        SHOP.password,
        SHOP.schema,
        SHOP.extra,
    )
    assert read_uri("shop_db", written.get_uri()) == SHOP


@pytest.mark.parametrize(
    ("uri", "fields"),
    [
        ("postgresql://db", {"conn_type": "postgres", "host": "db"}),
        ("google-cloud-platform://", {"conn_type": "google_cloud_platform"}),
        ("google_cloud_platform://?a=1", {"conn_type": "google_cloud_platform", "extra": '{"a": "1"}'}),
        ("http://[::1]:80", {"conn_type": "http", "host": "::1", "port": 80}),
        ("http://:pw@h/?__extra__=%7B%22a%22%3A+1%7D", {"password": "pw", "host": "h", "extra": '{"a": 1}'}),
        ("sqlite:///tmp%2Fa.db", {"conn_type": "sqlite", "schema": "tmp/a.db"}),
    ],
)
def test_uris_are_read_as_airflow_reads_them(uri, fields):
    found = read_uri("it", uri)
    assert {name: getattr(found, name) for name in fields} == fields


@pytest.mark.parametrize(
    "uri", ["s3cret", "://s3cret", "a://x:s3cret", "a://u:p#s3cret@h", "a://[s3cret", "a://u:s3cret/x@h"]
)
def test_a_uri_that_cannot_be_read_is_not_repeated(uri):
    with pytest.raises(BadConnection, match="cannot be read") as told:
        read_uri("it", uri)
    assert "s3cret" not in str(told.value)
    assert told.value.__suppress_context__ or told.value.__context__ is None
