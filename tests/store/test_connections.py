from dataclasses import replace

import sqlalchemy as sa

from scheduler.security.encryption import FernetCipher
from scheduler.security.secret_key import SecretKey
from scheduler.store import connections
from scheduler.store.connections import Connection
from scheduler.store.tables import connection
from tests.store.specs import NOW

CIPHER = FernetCipher(SecretKey(("k" * 40,)))
SHOP = Connection(
    conn_id="shop_db",
    conn_type="postgres",
    host="db.example",
    port=5432,
    schema="shop",
    login="reader",
    password="hunter2",
    extra='{"sslmode": "require", "token": "s3cret"}',
    description="read only",
)


def test_a_connection_comes_back_with_its_secrets(write):
    write(connections.put_connection, NOW, CIPHER, SHOP)
    assert write(connections.get_connection, CIPHER, "shop_db") == SHOP
    assert write(connections.get_connection, CIPHER, "nowhere") is None


def test_replacing_replaces_all_of_it(write):
    write(connections.put_connection, NOW, CIPHER, SHOP)
    bare = replace(SHOP, password="", extra="", port=None)
    write(connections.put_connection, NOW, CIPHER, bare)
    assert write(connections.get_connection, CIPHER, "shop_db") == bare


def test_lists_show_no_secrets(write):
    write(connections.put_connection, NOW, CIPHER, SHOP)
    (ref,) = write(connections.list_connections)
    assert (ref.conn_id, ref.login, ref.has_password, ref.has_extra) == ("shop_db", "reader", True, True)
    assert "hunter2" not in repr(ref)


def test_secrets_stand_neither_in_the_database_nor_in_a_repr(db, write):
    write(connections.put_connection, NOW, CIPHER, SHOP)
    with db.read() as session:
        stored = str([tuple(map(_plain, row)) for row in session.execute(sa.select(connection))])
    assert "hunter2" not in stored + repr(SHOP)
    assert "s3cret" not in stored + repr(SHOP)


def _plain(value):
    return bytes(value) if isinstance(value, memoryview) else value


def test_a_connection_is_deleted_once(write):
    write(connections.put_connection, NOW, CIPHER, SHOP)
    assert write(connections.delete_connection, "shop_db")
    assert not write(connections.delete_connection, "shop_db")


def test_after_a_rotation_the_old_key_may_be_left_out(db, write):
    bare = replace(SHOP, conn_id="bare", password="", extra="")
    for each in (SHOP, bare):
        write(connections.put_connection, NOW, CIPHER, each)
    assert write(connections.reseal_connections, FernetCipher(SecretKey(("n" * 40, "k" * 40))).reseal) == 2
    only_new = FernetCipher(SecretKey(("n" * 40,)))
    assert write(connections.get_connection, only_new, "shop_db") == SHOP
    assert write(connections.get_connection, only_new, "bare") == bare
