"""What a task of the same system user can find out about its server: nothing of the server's secrets."""

from __future__ import annotations

import sys

#: Runs what follows with no more rights than any user has, where the tests run as root.
_DROP = """
import ctypes, os, sys
for capability in range(64):
    ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
WITHOUT_PRIVILEGES = (sys.executable, "-c", _DROP)
SPY = """
import ctypes, os
from pathlib import Path
from scheduler import DAG, task

SECRET = "swordfish"[::-1].encode()  # backwards, so that this file does not hold it

def parent(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])

def server():
    pid = os.getpid()
    while not Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"dirigent: base"):
        pid = parent(pid)
    return parent(pid)

def reads(path):
    try:
        with open(path, "rb") as file:
            return file.read(4096) or b"nothing"
    except OSError:
        return b""

with DAG("spy", schedule=None):
    @task
    def spy():
        pid = server()
        print("its own environment:", bool(reads("/proc/self/environ")))
        for name in ("environ", "mem", "maps", "auxv"):
            print(f"{name} of the server:", bool(reads(f"/proc/{pid}/{name}")))
        everywhere = [reads(path) for path in Path("/proc").glob("[0-9]*/environ")]
        print("the secret:", any(SECRET in each for each in everywhere), SECRET in repr(os.environ).encode())
        print("traced:", ctypes.CDLL(None).ptrace(0x4206, pid, 0, 0) == 0)  # PTRACE_SEIZE

    spy()
"""


def test_a_task_cannot_read_the_secrets_of_a_server_of_the_same_user(new_project):
    project = new_project(secret_key="hsifdrows" * 4)
    project.start(before=WITHOUT_PRIVILEGES)
    project.write("spy.py", SPY)
    run = project.trigger("spy").until()
    printed = run.log("spy")
    assert "its own environment: True" in printed
    for name in ("environ", "mem", "maps", "auxv"):
        assert f"{name} of the server: False" in printed
    assert "the secret: False False" in printed
    assert "traced: False" in printed
