"""The server that starts the tests' processes as forks."""

from __future__ import annotations

import os
import select
import socket
from pathlib import Path

import pytest

from tests import forking


@pytest.mark.skipif(not forking.POSSIBLE, reason="there processes are started as users start them")
def test_streams_of_a_client_that_was_killed_while_it_asked_end() -> None:
    """It has passed on its streams, but not the request: whoever started it waits for the end of its output."""
    read, write = os.pipe()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(Path(forking.executable()).with_name("address")))
        socket.send_fds(connection, [(1000).to_bytes(8, "little")], [write] * 3)
    os.close(write)
    assert select.select([read], [], [], 20)[0], "the server keeps the streams open"
    assert os.read(read, 1) == b""
    os.close(read)
