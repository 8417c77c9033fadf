"""What a person does here, a chapter a module."""

from tests.webui.tour.tasks import coming_in, dags, logs, looks, people, repairs, runs, server
from tests.webui.tour.tasks.registry import Steps, chapter

#: In the order in which `docs/tour.md` tells them.
CHAPTERS = (coming_in, dags, runs, logs, repairs, people, server, looks)
TASKS: dict[str, Steps] = {
    name: steps for module in CHAPTERS for name, steps in chapter(module.__name__).items()
}

__all__ = ["CHAPTERS", "TASKS", "Steps"]
