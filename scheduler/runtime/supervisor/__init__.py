"""Watches the processes that run user code: starts them, reads what they print, answers what they ask, says
how they ended.
"""

from scheduler.runtime.supervisor.bounds import Policy
from scheduler.runtime.supervisor.limits import Limits
from scheduler.runtime.supervisor.supervisor import Supervisor

__all__ = ["Limits", "Policy", "Supervisor"]
