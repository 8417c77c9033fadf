"""The frame of the API: from one declaration a route follow its checks, its answer and its place in the document.

```python
routes = Routes("api_dags", "/api/v2", tag="DAG")

@routes.get("/dags/<dag_id>", answers=shapes.Dag)
@needs(Right.DAG_READ)
def get_dag(dag_id: str) -> Fields: ...

@routes.patch("/dags/<dag_id>", answers=shapes.Dag)
@needs(Right.DAG_EDIT)
def patch_dag(dag_id: str, query: DagMask, body: DagPatch) -> Fields: ...
```

A list takes `class DagsWanted(Page, Choosing)`: `choice()` makes a `store.choices.Choice` of the parameters' names.
The view's name is the operation's id, its docstring the summary. `query` is a `Query`, `body` a `Body`: both refuse
what they do not know. What the view returns is checked against `answers` and written as JSON. A GET carries an
`ETag`, which PATCH, PUT and DELETE of the same address take as `If-Match`, where they write through
`webui.context.writing`; so does any write its `Idempotency-Key` (`repeats`). Errors raised as `scheduler.errors`
become problems (RFC 9457, `webui.problems`). A view that streams returns a `Response` itself and names its kind in
`streams`.
"""

from __future__ import annotations

from webui.api.frame.choosing import Choosing, Ordered
from webui.api.frame.models import Answer, Body, Fields, Instant, Query
from webui.api.frame.paging import Cursored, Page
from webui.api.frame.routes import Routes

__all__ = [
    "Answer",
    "Body",
    "Choosing",
    "Cursored",
    "Fields",
    "Instant",
    "Ordered",
    "Page",
    "Query",
    "Routes",
]
