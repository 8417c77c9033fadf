"""Dirigent: DAGs in Python, run by a scheduler that is fast and loses nothing."""
