"""DAG files that are to be parsed again."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from binascii import Error

from scheduler.errors import NotFound
from scheduler.operations.parse_again import parse_again
from scheduler.security.rights import Right
from scheduler.store.dags import dags_of_file
from webui.api.frame import Routes
from webui.context import actor, now, reading, writing
from webui.rights import needs, require

routes = Routes("api_parsing", "/api/v2/parseDagFile", tag="DAG Parsing")


@routes.put("/<file_token>", status=201)
@needs(Right.DAG_EDIT)
def reparse_dag_file(file_token: str) -> None:
    """Have a DAG file parsed now, by the `file_token` of a DAG in it; this does not wait for it."""
    file = _file_of(file_token)
    with reading() as session:
        dag_ids = dags_of_file(session, file)
    if not dag_ids:
        raise NotFound("DAG file token", file_token, hint="Send that of a DAG, as GET /api/v2/dags gives it.")
    for dag_id in dag_ids:
        require(Right.DAG_EDIT, dag_id=dag_id)
    writing(lambda session: parse_again(session, now(), file, dag_ids, actor=actor()))


def _file_of(token: str) -> str:
    """Return the file that a token stands for; what stands for none, as it is."""
    try:
        file = urlsafe_b64decode(token).decode()
    except (Error, ValueError):
        return token
    return file if file.isprintable() else token
