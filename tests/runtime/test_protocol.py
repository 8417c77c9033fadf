"""A worker and a process of another release, after the program was exchanged under the worker."""

from __future__ import annotations

import os
import socket
import subprocess

from scheduler.runtime.child.user_code import USER_CODE
from scheduler.runtime.frames import PROTOCOL, encode


def test_a_process_that_speaks_another_protocol_runs_nothing_and_says_what_to_do() -> None:
    ours, theirs = socket.socketpair()
    read_fd, write_fd = os.pipe()
    fds = [theirs.fileno(), write_fd, write_fd]
    ours.sendall(encode({"protocol": PROTOCOL + 1, "job": {"of": "tomorrow"}}))
    process = subprocess.Popen([*USER_CODE.fresh_command, *map(str, fds)], pass_fds=(fds[0], write_fd))
    os.close(write_fd)
    theirs.close()
    with os.fdopen(read_fd) as said:
        words = said.read()
    assert process.wait(30) == 1
    assert f"speaks protocol {PROTOCOL + 1}, this process {PROTOCOL}" in words
    assert "Restart the worker." in words
    assert ours.recv(1) == b""
    ours.close()
