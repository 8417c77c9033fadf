"""FileSensor: waits for a file."""

from __future__ import annotations

from typing import Any

from scheduler.hooks.filesystem import DEFAULT, FSHook
from scheduler.sdk.arguments import check_given, read_flag
from scheduler.sdk.context import Context
from scheduler.sdk.deferral import NamedTrigger
from scheduler.sdk.sensor import DeferrableSensor, SensorMode


class FileSensor(DeferrableSensor):
    """Waits for a file, or for one in a folder; `filepath` may be a pattern such as in/*.csv, or an address.

    It lies below the `path` of the connection `fs_conn_id`. With `recursive` ** in a pattern stands for any folders
    between. With `deferrable` the host of the worker that watches looks; in other stores than its disk it looks again
    by itself, and holds no slot either.
    """

    template_fields = ("filepath",)

    def __init__(
        self,
        task_id: str,
        *,
        filepath: str,
        fs_conn_id: str | None = DEFAULT,
        recursive: bool = False,
        **arguments: Any,
    ) -> None:
        super().__init__(task_id, **arguments)
        check_given("filepath", filepath, "give a path, a pattern or an address")
        self.filepath = filepath
        self.fs_conn_id = fs_conn_id
        self.recursive = read_flag("recursive", recursive)

    def execute(self, context: Context) -> Any:
        """Look, and wait for what is not there yet."""
        if self.deferrable and not self._is_here():
            self.deferrable, self.mode = False, SensorMode.RESCHEDULE
        return super().execute(context)

    def trigger(self, context: Context) -> NamedTrigger:
        """Return what looks for the file."""
        path = FSHook(self.fs_conn_id).place(str(self.filepath))
        kwargs = {"filepath": path, "recursive": self.recursive, "poke_interval": self.poke_interval}
        return NamedTrigger("scheduler.triggers.file.FileTrigger", kwargs)

    def _is_here(self) -> bool:
        return "://" not in FSHook(self.fs_conn_id).place(str(self.filepath))

    def poke(self, context: Context) -> bool:
        """Look for the file."""
        hook = FSHook(self.fs_conn_id)
        self.log.info("Looks for %s.", hook.place(str(self.filepath)))
        return hook.has_file(str(self.filepath), recursive=self.recursive)
