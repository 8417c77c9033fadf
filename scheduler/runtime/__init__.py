"""What runs user code: `child` holds the processes that do, `supervisor` the one that watches them.

The tree of processes:

    server or worker (supervisor; many threads, never forks)
      base        executed afresh, one thread, no user code; forks preloaders
        preloader   one a DAG file and its code: imports it once, forks attempts; a bare one forks parses
          attempt     own session, own log; talks to the supervisor over a channel

Base and preloaders are *nurseries* (`child.nursery`): each has a control socket to the supervisor, forks what
is asked for, and reports how it ended. The descriptors of an attempt (its channel, the pipe for what it
prints) are made by the supervisor and travel with the request.

Nobody outlives an ancestor. A nursery that reads end of file from its supervisor or its parent kills what it
forked; the kernel kills an attempt whose nursery died (Linux), and orphans fall to the next nursery above,
which kills what it does not know. Each ancestor dies alone in `tests/runtime/test_ancestors.py`.
"""
