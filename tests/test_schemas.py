"""Schemas that authors write, held against what anybody types: nothing is fetched, nothing takes without end."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from scheduler.schemas import UnusableSchema, check_schema, find_fault

#: Two references on each of 24 levels: 16 million steps.
MULTIPLIED = {
    "$defs": {f"at{n}": {"allOf": [{"$ref": f"#/$defs/at{n + 1}"}] * 2} for n in range(24)}
    | {"at24": {"type": "integer"}},
    "$ref": "#/$defs/at0",
}


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """A server of this host; the paths that it was asked for, its address before them."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"type": "string"}')

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        paths = [f"http://127.0.0.1:{server.server_port}"]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield paths
        server.shutdown()
        thread.join()


def test_a_reference_into_the_net_is_not_followed(asked):
    with pytest.raises(UnusableSchema, match="Unresolvable"):
        find_fault({"$ref": f"{asked[0]}/schema.json"}, "x")
    assert len(asked) == 1


def test_a_reference_to_a_file_is_not_followed(tmp_path):
    (tmp_path / "schema.json").write_text("{}")
    with pytest.raises(UnusableSchema, match="Unresolvable"):
        find_fault({"$ref": (tmp_path / "schema.json").as_uri()}, "x")


@pytest.mark.parametrize(
    ("schema", "value", "words"),
    [
        ({"pattern": "^(a|a)+$"}, "a" * 60 + "!", "pattern .* takes too long"),
        ({"items": {"pattern": "^(a|a)+$"}}, ["a" * 60 + "!"] * 1000, "pattern .* takes too long"),
        ({"$ref": "#"}, 1, "refers to itself"),
        ({"multipleOf": 0.5}, 10**400, "too large"),
        ({"patternProperties": {"^(a|a)+$": True}}, {"a" * 60 + "!": 1}, "use propertyNames"),
    ],
    ids=["pattern", "patterns", "circle", "number", "pattern properties"],
)
def test_a_schema_that_would_hold_up_a_server_is_refused_in_words(schema, value, words):
    with pytest.raises(UnusableSchema, match=words):
        find_fault(schema, value)


def test_references_that_multiply_end():
    with pytest.raises(UnusableSchema, match="too many steps"):
        find_fault(MULTIPLIED, 1, steps=1000)


def test_ten_thousand_values_of_all_kinds_are_compared_at_once():
    values = [{"n": n} if n % 2 else n for n in range(10_000)]
    assert find_fault({"uniqueItems": True}, values) is None
    assert find_fault({"uniqueItems": True}, [*values, {"n": 1}]) is not None


@pytest.mark.parametrize("schema", [True, [], "x", {"type": 5}, {"pattern": "("}, {"minimum": "x"}])
def test_what_is_no_schema_is_refused(schema):
    with pytest.raises(UnusableSchema):
        check_schema(schema)


def test_the_fault_of_a_value_is_told():
    assert find_fault({"type": "string", "pattern": r"^\d+$"}, "12") is None
    fault = find_fault({"type": "string", "pattern": r"^\d+$"}, "x")
    assert fault is not None
    assert fault.message == r"'x' does not match '^\\d+$'"
