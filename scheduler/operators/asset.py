"""`@asset`: a function that makes an asset, and the DAG around it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from scheduler.errors import BadDag
from scheduler.operators.python import PythonOperator
from scheduler.operators.taskflow import TaskFunction
from scheduler.sdk.arguments import bad_argument
from scheduler.sdk.assets import Asset, AssetAll, AssetWatcher, BaseAsset, read_assets
from scheduler.sdk.context import CONTEXT_NAMES, Context, current_channel
from scheduler.sdk.dag import DAG
from scheduler.sdk.location import author_line

if TYPE_CHECKING:
    from typing import Unpack

    from scheduler.sdk.asset_checks import FreshnessPolicy
    from scheduler.sdk.dag_arguments import DagArguments

#: What a function may be given besides assets.
_GIVEN: Final = frozenset({"self", "context"}) | CONTEXT_NAMES


class AssetOperator(PythonOperator):
    """Calls a function of `@asset`: its parameters are assets by their names, `self` the one that it makes."""

    def __init__(self, task_id: str, *, made: BaseAsset, **arguments: Any) -> None:
        super().__init__(task_id, **arguments)
        self.made = made

    @property
    def operator_name(self) -> str:
        """As it is written in the file."""
        return "@asset"

    def execute(self, context: Context) -> Any:
        """Call the function with the assets that it names."""
        self.op_kwargs = {
            name: self._value(name, context) for name in _required(self.python_callable) if name in _GIVEN
        } | {name: _asset(name) for name in _inlets(self.python_callable)}
        return super().execute(context)

    def _value(self, name: str, context: Context) -> Any:
        return {"self": self.made, "context": context}.get(name) or context[name]


class AssetDefinition(Asset):
    """The asset that a function makes; it stands wherever an asset does."""

    def __init__(self, function: Callable[..., Any], name: str, **arguments: Any) -> None:
        super().__init__(name, **arguments)
        self.function = function


class MultiAssetDefinition(AssetAll):
    """The assets that a function makes; as a schedule, all of them."""

    def __init__(self, function: Callable[..., Any], name: str, outlets: Sequence[BaseAsset]) -> None:
        super().__init__(*outlets)
        self.function, self.name = function, name


class _Multi:
    """`@asset.multi(outlets=[...], schedule=...)`: a function that makes several assets."""

    def __init__(
        self, *, outlets: Collection[BaseAsset], dag_id: str = "", **arguments: Unpack[DagArguments]
    ) -> None:
        self._outlets = read_assets("outlets", outlets)
        if not self._outlets:
            raise bad_argument("outlets", outlets, "name at least one asset that the function makes")
        self._dag_id, self._arguments = dag_id, arguments

    def __call__(self, function: Callable[..., Any]) -> MultiAssetDefinition:
        """Declare the DAG."""
        name = _name_of(function)
        made = MultiAssetDefinition(function, name, self._outlets)
        _declare(function, self._dag_id or name, made, self._outlets, self._arguments)
        return made


class asset:
    """`@asset(schedule="@daily")`: a function that makes an asset of its name, as a DAG of one task.

    Its parameters are the assets that it reads, by their names; those of the context, such as `ds`, are given as
    to every task; `self` is the asset that it makes. Other arguments are those of a DAG.
    """

    multi = _Multi

    def __init__(
        self,
        *bare: object,
        name: str | None = None,
        uri: str | None = None,
        group: str | None = None,
        extra: Mapping[str, Any] | None = None,
        freshness: FreshnessPolicy | None = None,
        watchers: Iterable[AssetWatcher] = (),
        dag_id: str = "",
        **arguments: Unpack[DagArguments],
    ) -> None:
        if bare:
            raise bad_argument("@asset", bare[0], "write @asset(schedule=...) above a function")
        self._name, self._dag_id, self._arguments = name, dag_id, arguments
        self._of_asset = {
            "uri": uri,
            "group": group,
            "extra": extra,
            "freshness": freshness,
            "watchers": watchers,
        }

    def __call__(self, function: Callable[..., Any]) -> AssetDefinition:
        """Declare the DAG."""
        name = self._name or _name_of(function)
        made = AssetDefinition(function, name, **self._of_asset)
        _declare(function, self._dag_id or name, made, [made], self._arguments)
        return made


def _declare(
    function: Any, dag_id: str, made: BaseAsset, outlets: Sequence[BaseAsset], arguments: Mapping[str, Any]
) -> None:
    with DAG(dag_id, **{"doc_md": inspect.getdoc(function), **arguments}):
        if isinstance(function, TaskFunction):
            function.override(outlets=outlets)()
            return
        AssetOperator(
            _name_of(function),
            made=made,
            python_callable=function,
            inlets=[Asset.ref(name=each) for each in _inlets(function)],
            outlets=outlets,
        )


def _name_of(function: Any) -> str:
    if not callable(function) or not hasattr(function, "__name__"):
        raise bad_argument("@asset", function, "decorate a function")
    return str(function.__name__)


def _required(function: Callable[..., Any]) -> list[str]:
    parameters = inspect.signature(function).parameters.values()
    for each in parameters:
        if each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD):
            raise BadDag(
                f"{author_line()}: {_name_of(function)}() takes *{each.name}; name each asset that it reads."
            )
    return [each.name for each in parameters if each.default is each.empty]


def _inlets(function: Callable[..., Any]) -> list[str]:
    return [name for name in _required(function) if name not in _GIVEN]


def _asset(name: str) -> Asset:
    found = current_channel(f"The asset {name!r}").get_asset(name)
    return Asset(found["name"], found["uri"], group=found["group"], extra=found["extra"])
