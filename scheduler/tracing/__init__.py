"""Spans of runs, tasks and attempts for OpenTelemetry, built from the record once it says that something ended.

Their ids are made of names, so that every process knows the parent of what it tells of without asking anybody. Nothing
here is loaded unless `otlp_url` is set.
"""
