"""Parts of server processes that only a process can own: its page, its log, its signals, its lock, its clock.

`scheduler.cli.compose` joins them; the commands beside this package use a few of them too.
"""
