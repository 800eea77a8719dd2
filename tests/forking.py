"""Processes of the package without the start of an interpreter: forked from one that has imported all they need.

Every test run of the command and every verification starts a process, and most of what that costs is imports. Here a
server per process of pytest imports the libraries once, and a client, a script that Python starts without them,
passes its arguments, environment, folder and streams on to a fork of the server. The client is what the test has
started: it ends with the fork's status, and where it is killed, so is the fork. A test that waits for the end of a
command needs no client (`run`). What is about the start itself (imports, signals, options of Python) is started as
users start it.
"""

from __future__ import annotations

import atexit
import gc
import io
import marshal
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple, NoReturn
from unittest.mock import patch

import strideinspect
from strideinspect.processes import pool, pool_process
from strideinspect.report import text
from strideinspect.verify import worker, worker_process

ROOT = Path(__file__).parents[1]
PYTHON, TEMPORARY = sys.executable, tempfile.gettempdir()  # which a test may replace before the server starts
LONGEST = 300  # seconds of a run
POSSIBLE = sys.platform == "linux"  # elsewhere a fork of a process that has loaded libraries may not live
CLIENT = """#!{python} -IS
import _socket, marshal, posix, sys  # what is built in: all else would take longer than the rest
connection = _socket.socket(_socket.AF_UNIX)
try:
    connection.connect({address!r})
except OSError:  # without the server, as users start it
    posix.execv({python!r}, [{python!r}, *sys.argv[1:]])
streams = b"".join(number.to_bytes(4, sys.byteorder) for number in (0, 1, 2))
leads = posix.getsid(0) == posix.getpid()
asked = marshal.dumps((sys.argv[1:], posix.getcwd(), posix.environ, leads))
connection.sendmsg([len(asked).to_bytes(8, "little")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
connection.sendall(asked)
status = int(connection.recv(16) or {killed})
if status < 0:
    posix.kill(posix.getpid(), -status)
posix._exit(status)
"""
LIBRARIES = ("numpy.random", "onnx.checker", "onnx.numpy_helper", "onnxruntime", "rich.console", "tomllib")
FOREIGN = ("strideinspect.plotting", "strideinspect.plots", "strideinspect.pytest_plugin")  # load what few runs need


class Request(NamedTuple):
    """What a client passes on."""

    arguments: list[str]
    folder: str
    raw_environment: Mapping[bytes, bytes]
    leads: bool
    """Whether it leads a session."""

    @property
    def environment(self) -> Mapping[str, str]:
        """As Python has it."""
        return {os.fsdecode(name): os.fsdecode(value) for name, value in self.raw_environment.items()}


class _Forks:
    """Stands for `sys` where processes are started: the first look at `executable` starts the server."""

    def __init__(self) -> None:
        self.context = ExitStack()

    @cached_property
    def executable(self) -> str:
        """The client, or Python itself where forks are not possible."""
        return self.context.enter_context(_server()) if POSSIBLE else PYTHON


_FORKS = _Forks()


def executable() -> str:
    """What to start in place of Python, with `-m` and the name of a module."""
    return _FORKS.executable


def run(
    arguments: Sequence[str], folder: Path | None, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """What `subprocess.run` of the executable does, with nothing on standard input and without a client's process."""
    client = executable()
    if not POSSIBLE:
        return subprocess.run(
            [client, *arguments], cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
            check=False, encoding="utf-8", timeout=LONGEST,
        )  # fmt: skip
    raw = {os.fsencode(name): os.fsencode(value) for name, value in environment.items()}
    asked = marshal.dumps((list(arguments), os.fspath(folder or Path.cwd()), raw, False))
    with (
        Path(os.devnull).open("rb") as nothing,
        tempfile.TemporaryFile("w+", encoding="utf-8", dir=TEMPORARY) as out,
        tempfile.TemporaryFile("w+", encoding="utf-8", dir=TEMPORARY) as err,
        socket.socket(socket.AF_UNIX) as connection,
    ):
        connection.settimeout(LONGEST)
        connection.connect(str(Path(client).with_name("address")))
        streams = [stream.fileno() for stream in (nothing, out, err)]
        socket.send_fds(connection, [len(asked).to_bytes(8, "little")], streams)
        connection.sendall(asked)
        status = int(connection.recv(16) or -signal.SIGKILL)
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess([client, *arguments], status, out.read(), err.read())


@contextmanager
def forked() -> Iterator[None]:
    """Let the verifications of this process start forks of a server."""
    with _FORKS.context, patch.object(worker_process, "sys", _FORKS), patch.object(pool, "sys", _FORKS):
        yield


@contextmanager
def _server() -> Iterator[str]:
    """A server for as long as this process needs it; its client."""
    with tempfile.TemporaryDirectory(prefix="forking-", dir=TEMPORARY) as folder:
        address, client = f"{folder}/address", Path(folder, "python")
        client.write_text(CLIENT.format(python=PYTHON, address=address, killed=-signal.SIGKILL), encoding="utf-8")
        client.chmod(0o755)
        own = {"PYTHONPATH": str(ROOT), "TMPDIR": folder, "ORT_DISABLE_TELEMETRY": "1", "OPENBLAS_NUM_THREADS": "1"}
        command = [PYTHON, "-m", "tests.forking", address, str(client)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | own, cwd=ROOT
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stdout.readline() == b"listening\n"
            yield str(client)
            process.stdin.close()


class Fork(NamedTuple):
    """A fork that runs, and the client that waits for its end."""

    client: socket.socket
    pid: int
    handle: int

    def end(self) -> None:
        """Tell the client how it ended."""
        _, status = os.waitpid(self.pid, 0)
        os.close(self.handle)
        with self.client, suppress(OSError):  # the client may have been killed
            self.client.send(str(os.waitstatus_to_exitcode(status)).encode())

    def kill(self) -> None:
        """End it and, where it leads a session, what it has started there."""
        with suppress(ProcessLookupError):  # it leads none
            os.killpg(self.pid, signal.SIGKILL)
        os.kill(self.pid, signal.SIGKILL)


def serve(address: str) -> Request:
    """Fork for every client; returns in each fork, with its streams, what its client asks for."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)
        os.write(1, b"listening\n")
        forks: dict[int, Fork] = {}
        while True:
            watched = [0, listener.fileno(), *forks, *(fork.client.fileno() for fork in forks.values())]
            readable, _, _ = select.select(watched, [], [])
            if 0 in readable:
                os._exit(0)  # pytest has ended
            for fork in [*forks.values()]:
                if fork.handle in readable:
                    forks.pop(fork.handle).end()
                elif fork.client.fileno() in readable:
                    fork.kill()
            if listener.fileno() in readable:
                client, _ = listener.accept()
                try:
                    request, streams = _received(client)
                except (OSError, EOFError, ValueError):  # killed before it had asked
                    client.close()
                    continue
                pid = os.fork()
                if pid == 0:
                    _leave_server(streams, [client, *(fork.client for fork in forks.values())], [*forks])
                    return request
                for given in streams:
                    os.close(given)
                handle = os.pidfd_open(pid)
                forks[handle] = Fork(client, pid, handle)


def _leave_server(streams: list[int], clients: list[socket.socket], handles: list[int]) -> None:
    """In a fork: take the streams of its client for its own, and hold nothing that is the server's."""
    for number, given in enumerate(streams):
        os.dup2(given, number)
    for handle in (*streams, *handles):
        os.close(handle)
    for client in clients:
        client.close()


def _received(client: socket.socket) -> tuple[Request, list[int]]:
    """What a client asks for, and its standard streams."""
    head, streams, _, _ = socket.recv_fds(client, 8, 3)
    with ExitStack() as left_open:  # else the pipes of a client that was killed while it asked would never end
        for given in streams:
            left_open.callback(os.close, given)
        with client.makefile("rb") as stream:
            request = Request(*marshal.loads(stream.read(int.from_bytes(head, "little"))))  # noqa: S302  # of the client
        left_open.pop_all()
    return request, streams


def become(request: Request) -> None:
    """Be the process that was asked for, as far as it could tell."""
    if request.leads:
        os.setsid()
    os.chdir(request.folder)
    os.environ.clear()
    os.environ.update(request.environment)
    tempfile.tempdir = None
    encoding = request.environment.get("PYTHONIOENCODING", "utf-8")
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), encoding=encoding)
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "w", closefd=False)), encoding=encoding)
    sys.stderr = io.TextIOWrapper(
        io.BufferedWriter(io.FileIO(2, "w", closefd=False)), encoding, "backslashreplace", line_buffering=True
    )
    module = request.arguments[request.arguments.index("-m") + 1]
    arguments = request.arguments[request.arguments.index("-m") + 2 :]
    if module == worker.__name__:
        worker.main(arguments)
    elif module == pool_process.__name__:
        pool_process.main()
    else:
        sys.argv = [module, *arguments]
        import_module(f"{module}.__main__").main()


def end_after(request: Request) -> NoReturn:
    """Become the process that was asked for; it ends as an interpreter does that need not take apart what is loaded."""
    status = 0
    try:
        become(request)
    except SystemExit as end:
        if end.code is not None and not isinstance(end.code, int):
            raise
        status = end.code or 0
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001  # as multiprocessing ends its forks
    atexit._run_exitfuncs()  # noqa: SLF001
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)  # which tells what could not be written


def prepare() -> None:
    """Import what forks need, and inspect a model, after which the rules and the schemas of operators are there."""
    package = pkgutil.walk_packages(strideinspect.__path__, f"{strideinspect.__name__}.")
    for name in (*LIBRARIES, *(module.name for module in package if not module.name.startswith(FOREIGN))):
        import_module(name)
    report = strideinspect.inspect(ROOT / "sample_models" / "cnn-stride2-torchscript.onnx", verify="none")
    text.render(report, width=80)
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    prepare()
    asked = serve(sys.argv[1])
    ours = SimpleNamespace(executable=sys.argv[2])
    with patch.object(worker_process, "sys", ours), patch.object(pool, "sys", ours):
        end_after(asked)
