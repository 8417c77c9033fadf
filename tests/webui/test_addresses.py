"""What writes an address is compiled when the first one is asked for, and writes what Werkzeug's own would."""

import pytest
from werkzeug.routing import BuildError, Map, Rule

from webui.addresses import Address

RULES = [
    ("/", {}, {}),
    ("/dags/<dag_id>", {"dag_id": "a/b ü"}, {}),
    ("/dags/<dag_id>", {"dag_id": "a", "view": "grid", "at": ["1", "2"]}, {}),
    ("/runs/<int:number>/<path:rest>", {"number": 7, "rest": "x/y"}, {}),
    ("/days/<day>", {}, {"day": "today"}),
    ("/named/<self>", {"self": "me", "rule": "r", "values": "v"}, {}),
]


def _written(kind, text, values, defaults):
    rules = Map([kind(text, endpoint="here", defaults=defaults)]).bind("shop.test")
    return [rules.build("here", values, append_unknown=unknown) for unknown in (True, False, True)]


@pytest.mark.parametrize(("text", "values", "defaults"), RULES)
def test_an_address_is_the_one_that_werkzeug_writes(text, values, defaults):
    assert _written(Address, text, values, defaults) == _written(Rule, text, values, defaults)


def test_a_value_that_fits_no_rule_is_refused():
    rules = Map([Address("/runs/<int:number>", endpoint="here")]).bind("shop.test")
    with pytest.raises(BuildError):
        rules.build("here", {})
