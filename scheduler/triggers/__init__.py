"""Triggers of Dirigent's own: what tasks wait for without a slot. They need no code of a DAG folder."""
