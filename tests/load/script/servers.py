"""The servers, and how to start and stop one."""

import dataclasses
import os
import shlex
import socket
import subprocess
import time

from build import PLACES

START_SECONDS = 10
STOP_SECONDS = 2
STARTS = 3


@dataclasses.dataclass(frozen=True)
class Server:
    """A server: {port} in its command is its port."""

    name: str
    command: str
    # the targets to build
    needs: tuple = ()
    # additional arguments of the load generator
    load: tuple = ()

    def variant(self, name, command):
        """The same with another build of the command, or another command."""
        if "{port}" in command:
            return dataclasses.replace(self, name=name, command=command, needs=())
        return dataclasses.replace(self, name=name, command=self.command.replace("{ours}", command),
                                   needs=())


def peer(name, package, options="", **others):
    return Server(name, f"{{peers}}/{package} {{port}} {options}", (package,), **others)


TCP = peer("raw TCP", "peer-tcp", load=("--draft", "tcp"))
EPOLL = peer("raw TCP, epoll", "peer-tcp", "--variant epoll", load=("--draft", "tcp"))
FLOOR = peer("floor", "peer-floor")
OURS = Server("ours", "{ours} {port} echo: --log error", ("ours",))
TOKIO_WEBSOCKETS = peer("tokio-websockets", "peer-tokio-websockets")
SOCKUDO = peer("sockudo-ws", "peer-sockudo")
FASTWEBSOCKETS = peer("fastwebsockets", "peer-fastwebsockets")
WTX = peer("wtx", "peer-wtx")
TUNGSTENITE = peer("tokio-tungstenite", "peer-tungstenite")
MOUNTED = Server("ours, mounted on axum", "{examples}/mount_on_axum 127.0.0.1:{port}", ("examples",),
                 ("--path", "/websocket"))

# The servers to compare with, in the order of the page; raw TCP and the floor are not peers.
LIMITS = [TCP, FLOOR]
PEERS = [TOKIO_WEBSOCKETS, SOCKUDO, FASTWEBSOCKETS, WTX]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Failure(Exception):
    """A server or the load generator failed; the text is the reason."""


class Running:
    """A server that runs on these cores until the context exits."""

    def __init__(self, server, cores, words):
        self.template = server.command
        self.cores = cores
        self.words = words

    def __enter__(self):
        # Another process may take the port before the server does.
        for _ in range(STARTS):
            self.start()
            if self.listens():
                return self
            self.__exit__()
        raise Failure(f"does not listen: {self.command}")

    def start(self):
        self.port = free_port()
        self.command = self.template.format(port=self.port, **PLACES, **self.words)
        self.process = subprocess.Popen(
            shlex.split(self.command), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, preexec_fn=lambda: os.sched_setaffinity(0, self.cores))

    def listens(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                time.sleep(0.1)
                return self.process.poll() is None
            except OSError:
                time.sleep(0.04)
        return False

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
