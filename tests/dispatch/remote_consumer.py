"""A consumer of tickets in a process of its own: `remote_consumer.py URL QUEUE`.

Commands on standard input: `pause`, `resume`; its end stops the process. What happens is printed as JSON.
"""

import json
import sys
from pathlib import Path

from scheduler.config import load_settings
from scheduler.dispatch.doorbells import Doorbells
from scheduler.dispatch.tickets import create_celery


def say(kind, value):
    sys.stdout.write(json.dumps({"kind": kind, "value": value}) + "\n")
    sys.stdout.flush()


def main(url, queue):
    celery = create_celery(load_settings({"DIRIGENT_BROKER_URL": url}, Path("/")))
    doorbells = Doorbells(celery, [queue], lambda name: say("heard", name))
    doorbells.start()
    doorbells.ready.wait()
    say("did", "ready")
    for line in sys.stdin:
        word = line.strip()
        getattr(doorbells, word)()
        say("did", word)
    doorbells.stop()


main(*sys.argv[1:])
