"""Private PostgreSQL, Redis and RabbitMQ servers for the tests.

No test touches a server that it finds on a default port: each run starts its own from the installed programs,
on free ports, in folders of its own, as an unprivileged user. `DIRIGENT_TEST_POSTGRES_URL`,
`DIRIGENT_TEST_REDIS_URL` and `DIRIGENT_TEST_RABBITMQ_URL` opt in to other servers.

`server` is what the three have in common, `shared` starts one of a kind for a whole test run (all of its
worker processes), and `keeper` is the process that ends it with the run, however the run ends.
"""

from tests.services.postgres import Postgres
from tests.services.rabbitmq import RabbitMQ
from tests.services.redis import Redis
from tests.services.server import ProgramMissing, Server, ServerDied

__all__ = ["KINDS", "Postgres", "ProgramMissing", "RabbitMQ", "Redis", "Server", "ServerDied"]

KINDS: dict[str, type[Server]] = {"postgres": Postgres, "redis": Redis, "rabbitmq": RabbitMQ}
