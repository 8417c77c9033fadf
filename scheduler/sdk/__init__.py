"""Authoring: what a DAG file is written with. Builds graphs, does no I/O."""
