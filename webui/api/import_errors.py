"""Files that do not load."""

from __future__ import annotations

from flask import Blueprint, Response

from scheduler.security.rights import Right
from scheduler.store.dag_files import list_import_errors
from scheduler.store.views.fields import import_error_fields
from webui.context import reading
from webui.fragments import data
from webui.rights import needs

blueprint = Blueprint("api_import_errors", __name__, url_prefix="/api/v2")


@blueprint.get("/importErrors")
@needs(Right.DAG_READ)
def show_import_errors() -> Response:
    """Return the files that do not load."""
    with reading() as session:
        errors = [import_error_fields(record) for record in list_import_errors(session)]
    return data(import_errors=errors, total_entries=len(errors))
