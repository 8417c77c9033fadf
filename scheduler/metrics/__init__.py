"""What this process counts and times, in Prometheus' form.

`instruments` are raised where things happen; `state` names the gauges that are read from the database when somebody
asks (`scheduler.monitoring`); `catalogue` knows them all, for the docs. Nothing here reads a clock or a database.
"""
