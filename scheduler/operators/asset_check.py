"""`@asset_check`: a function that looks at an asset after it was made, and may keep its change from all others."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from scheduler.errors import BadDag
from scheduler.operators.python import PythonOperator
from scheduler.sdk.arguments import bad_argument
from scheduler.sdk.asset_checks import AssetCheckResult
from scheduler.sdk.assets import BaseAsset
from scheduler.sdk.context import Context
from scheduler.sdk.location import author_line
from scheduler.sdk.results import XComArg
from scheduler.sdk.scope import open_group
from scheduler.sdk.signals import FailTask
from scheduler.sdk.xcom import encode
from scheduler.wire import Data, cut

if TYPE_CHECKING:
    from typing import Unpack

    from scheduler.sdk.task_arguments import TaskArguments

_LONGEST = 1000


class AssetCheckOperator(PythonOperator):
    """Runs after the tasks that make an asset. A blocking one that finds it bad fails."""

    def __init__(
        self,
        task_id: str,
        *,
        asset: BaseAsset,
        python_callable: Callable[..., Any],
        blocking: bool = False,
        **arguments: Unpack[TaskArguments],
    ) -> None:
        super().__init__(task_id, python_callable=python_callable, **arguments)
        self.checked, self.blocking = asset, blocking
        self.check = {"of": list(asset.mark), "blocking": blocking}
        self.found: AssetCheckResult | None = None

    @property
    def operator_name(self) -> str:
        """As it is written in the file."""
        return "@asset_check"

    def execute(self, context: Context) -> Any:
        """Call the function; it returns whether the asset is good, or an AssetCheckResult."""
        returned = super().execute(context)
        self.found = returned if isinstance(returned, AssetCheckResult) else None
        if isinstance(returned, bool):
            self.found = AssetCheckResult(returned)
        if self.found is None:
            raise BadDag(
                f"Check {self.task_id!r} returned {returned!r}: return True, False or an AssetCheckResult."
            )
        words = f": {self.found.description}" if self.found.description else "."
        self.log.info("The check %s%s", "passed" if self.found.passed else "failed", words)
        if self.blocking and not self.found.passed:
            raise FailTask(f"{self.checked.mark[1]} did not pass{words}")
        return self.found.passed

    def told_of_assets(self) -> tuple[Data, ...] | None:
        """Return what was found, as an outcome carries it."""
        if self.found is None:
            return None
        metadata = encode(dict(self.found.metadata), what="The metadata of the check")
        found = {
            "passed": self.found.passed,
            "description": cut(self.found.description, _LONGEST),
            "metadata": metadata,
        }
        return ({"of": list(self.checked.mark), "check": found},)


def asset_check(
    *, asset: BaseAsset, blocking: bool = False, **arguments: Any
) -> Callable[[Callable[..., Any]], Callable[[], XComArg[Any]]]:
    """Make a function a check of an asset; its call declares a task after all those that make the asset.

    With `blocking=True` a bad one is withheld: the asset counts as unchanged, and what follows the check does not run.
    """
    if not isinstance(asset, BaseAsset):
        raise bad_argument("asset", asset, "give the asset that is checked")

    def decorate(function: Callable[..., Any]) -> Callable[[], XComArg[Any]]:
        def declare() -> XComArg[Any]:
            settings = {"task_id": function.__name__, **arguments}
            made = AssetCheckOperator(
                asset=asset,
                blocking=blocking,
                python_callable=function,
                **settings,
            )
            made.set_upstream(_makers(made, asset))
            return XComArg(made)

        return declare

    return decorate


def _makers(check: AssetCheckOperator, asset: BaseAsset) -> list[Any]:
    group = open_group()
    dag = check.dag or (group.dag if group else None)
    found = [
        each for each in (dag.tasks if dag else ()) if asset.mark in {outlet.mark for outlet in each.outlets}
    ]
    if not found:
        raise BadDag(
            f"{author_line()}: no task above this check makes {asset.mark[1]!r}; declare that one first."
        )
    return found
