"""Open pages that are told when to look again.

A stream of server-sent events carries no data: each event says that something which the page shows has changed, and
the page asks for its live part as it would anyway, with its tag and under the rights of whoever looks. One thread of
the process reads the events of the database for all streams, and only while there are any.
"""
