"""What answers say of a version of a DAG."""

from __future__ import annotations

from scheduler.store.bundles import NAME
from scheduler.store.versions import VersionRef
from webui.api.frame import Fields


def version_fields(version: VersionRef, display_name: str, bundle_version: str | None) -> Fields:
    """Describe a version."""
    return {
        "id": version.id,
        "version_number": version.number,
        "dag_id": version.dag_id,
        "dag_display_name": display_name or version.dag_id,
        "bundle_name": NAME,
        "bundle_version": bundle_version,
        "bundle_url": None,
        "created_at": version.created_at,
    }
