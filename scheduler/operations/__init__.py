"""What people ask for: the one door for page, API, command line and tests. One module a verb.

Each takes the session and the present instant first, and says by `actor` who asks; the caller owns the
transaction. Only `delete_dag`, which takes many transactions, is given the database.

`answers` is the door for running code: what a task asks of its supervisor.
"""
