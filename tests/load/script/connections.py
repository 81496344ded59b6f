"""Parts about connections: opening them, and the memory of an idle one."""

import subprocess
import tempfile
from pathlib import Path

from servers import (FASTWEBSOCKETS, MOUNTED, OURS, TCP, TOKIO_WEBSOCKETS, TUNGSTENITE, WTX, Server,
                     peer)
from tables import Figures, Pairs, Table, human

RSS = "rss_per_conn"
IDLE = 10_000
IDLE_TLS = 2_000
UNDER_WAY = 32


def after(size):
    """The memory of a connection after a message of this size."""
    def take(result):
        for part in result["after"]:
            if part["size"] == size:
                return part[RSS]
        raise KeyError(size)
    return take


def idle_load(bench, connections, sizes, *more):
    hold = min(2, bench.options.secs)
    echoed = ["--idle-sizes", ",".join(map(str, sizes))] if sizes else []
    return ["--mode", "idle", "--conns", connections, "--hold", hold, *echoed, *more]


def table_of_memory(bench, title, servers, connections, sizes, more=(), **words):
    """`sizes` by server name, in ascending order; None has those of all other servers."""
    servers = bench.available(servers)
    figures = Figures(bench.options)
    columns = sorted({size for of_server in sizes.values() for size in of_server})

    def load(server):
        return idle_load(bench, connections, sizes.get(server.name, sizes[None]), *more)

    results = bench.rounds(servers, title, load, bench.repeats(1), **words)
    table = Table(f"{title}, bytes for each of {connections:,}", [
        "", "after the upgrade", *[f"after {human(size)} echoed by each" for size in columns]])
    for name, of_server in results.items():
        own = sizes.get(name, sizes[None])
        table.row([name, figures.figure(of_server, RSS),
                   *[figures.figure(of_server, after(size)) if size in own else ""
                     for size in columns]])
    pairs = Pairs(bench, RSS)
    pairs.add("after the upgrade", results)
    pairs.print(f"{title}, bytes")


def idle(bench):
    connections = bench.connections(IDLE)
    kilobytes, megabyte = 16 << 10, 1 << 20
    servers = [TCP, *bench.with_added(OURS), MOUNTED, TOKIO_WEBSOCKETS, FASTWEBSOCKETS, WTX,
               TUNGSTENITE]
    sizes = {None: [kilobytes]}
    sizes |= {name: [kilobytes, megabyte]
              for name in (TCP.name, OURS.name, *[name for name, _ in bench.options.add])}
    table_of_memory(bench, "Idle connections", servers, connections, sizes)
    for kind, more in (("bytes", ()), ("text", ("--text",))):
        table_of_memory(bench, f"Idle connections whose first message is long: {kind}",
                        bench.with_added(OURS), connections, {None: [megabyte]}, more)


def tls(bench):
    connections = bench.connections(IDLE_TLS)
    with tempfile.TemporaryDirectory() as directory:
        key, certificate = Path(directory, "key.pem"), Path(directory, "certificate.pem")
        subprocess.run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
            "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost",
            "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", key, "-out", certificate,
        ], check=True, timeout=60, stderr=subprocess.DEVNULL)
        over_tls = ("--tls", str(certificate))
        ours = Server("ours", "{ours} {port} echo: --log error --tls-cert {certificate} --tls-key {key}",
                      ("ours",), (*over_tls, "--origin", "https://127.0.0.1"))
        bare = peer("a bare echo on rustls and tokio", "peer-tls", "{certificate} {key}",
                    load=(*over_tls, "--draft", "tcp"))
        table_of_memory(bench, "Idle connections with TLS", [*bench.with_added(ours), bare],
                        connections, {None: [16 << 10]}, certificate=certificate, key=key)


def openings(bench):
    key = "server_cpu_ns_per_opening"
    servers = bench.available([TCP, *bench.with_added(OURS), FASTWEBSOCKETS, TOKIO_WEBSOCKETS])
    load = ["--mode", "openings", "--conns", UNDER_WAY, "--size", 16]
    results = bench.rounds(servers, "openings", load, bench.repeats(15))
    figures = Figures(bench.options)
    title = "Openings: connect, upgrade, close"
    table = Table(title, ["", "us of server CPU", "openings a second", "p99, us"],
                  "Raw TCP connects, echoes 16 bytes, and closes.")
    for name, of_server in results.items():
        table.row([name, figures.figure(of_server, key, 1000, 1), figures.figure(of_server, "per_s"),
                   figures.figure(of_server, "p99_us")])
    pairs = Pairs(bench, key)
    pairs.add("", results)
    pairs.print(title, 1000, 1)


def mounted(bench):
    connections = bench.connections(IDLE)
    servers = bench.available([*bench.with_added(OURS), MOUNTED])
    load = idle_load(bench, connections, [])
    results = bench.rounds(servers, "mounted", load)
    figures = Figures(bench.options)
    table = Table(f"{connections:,} connections that stay open",
                  ["", "us of server CPU to open one", "bytes of memory for each"])
    for name, of_server in results.items():
        table.row([name, figures.figure(of_server, "cpu_us_per_open", 1, 1),
                   figures.figure(of_server, RSS)])
    pairs = Pairs(bench, "cpu_us_per_open")
    pairs.add("", results)
    pairs.print("Openings, us", 1, 1)
