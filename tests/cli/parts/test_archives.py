"""Places of logs, history and large values, also of kinds that only a plugin knows."""

from __future__ import annotations

import sys

import pytest

from scheduler.cli.parts.archives import open_archive, open_history, open_payloads
from scheduler.config import load_settings
from scheduler.errors import BadSetting

SHELF = """
import fsspec
from fsspec.implementations.memory import MemoryFileSystem

class Shelf(MemoryFileSystem):
    protocol = "shelf"
    store = {}

fsspec.register_implementation("shelf", Shelf, clobber=True)
"""


@pytest.fixture
def settings_of(tmp_path):
    """Return settings with places at an address of this kind."""
    known = set(sys.modules)
    (tmp_path / "plugins").mkdir()

    def read(kind):
        names = ("DIRIGENT_XCOM_URL", "DIRIGENT_LOG_URL", "DIRIGENT_HISTORY_URL")
        environ = {"DIRIGENT_HOME": str(tmp_path), "DIRIGENT_PLUGINS_FOLDER": str(tmp_path / "plugins")}
        environ |= dict.fromkeys(names, f"{kind}://values")
        return load_settings(environ, tmp_path)

    yield read
    for name in set(sys.modules) - known:
        del sys.modules[name]


def test_an_address_of_a_kind_that_nobody_knows_is_refused(settings_of):
    settings = settings_of("drawer")
    (settings.plugins_folder / "shelf_of_ours.py").write_text(SHELF)
    for open_one in (open_payloads, open_archive, open_history):
        with pytest.raises(BadSetting, match="Protocol not known: drawer"):
            open_one(settings)


def test_a_plugin_may_bring_the_kind(settings_of):
    settings = settings_of("shelf")
    (settings.plugins_folder / "shelf_of_ours.py").write_text(SHELF)
    for open_one in (open_payloads, open_archive, open_history):
        assert open_one(settings) is not None
