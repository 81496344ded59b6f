"""Parts with echoed messages."""

from servers import (EPOLL, FLOOR, LIMITS, OURS, PEERS, SOCKUDO, TCP, TOKIO_WEBSOCKETS, Running,
                     Server, peer)
from tables import Figures, Pairs, Table, cell_name, human, median, ratio

NS = "server_cpu_ns_per_msg"

QUICK = [(16, 50, 16), (125, 500, 1), (1024, 50, 16), (65536, 50, 1)]
# Other combinations would have too many bytes in flight.
MOST_UNDER_WAY = 256 << 20
ALL = [(size, connections, depth)
       for size in (16, 125, 1 << 10, 16 << 10, 64 << 10, 1 << 20)
       for connections in (1, 50, 500) for depth in (1, 16)
       if size * connections * depth <= MOST_UNDER_WAY]


def load_of(size, connections, depth):
    return ["--size", size, "--conns", connections, "--depth", depth]


def table_of_cells(bench, title, servers, rows):
    """A row for each (label, arguments of the load generator), a column for each server."""
    servers = bench.available(servers)
    names = [server.name for server in servers]
    figures = Figures(bench.options)
    peers = [server.name for server in PEERS if server.name in names]
    ratios = {"ours / TCP": lambda ns: ratio(ns.get("ours"), ns.get(TCP.name))}
    if peers:
        ratios["ours / best peer"] = lambda ns: ratio(
            ns.get("ours"), min((ns[name] for name in peers if ns[name]), default=None))
    if not {"ours", TCP.name} <= set(names):
        ratios = {}
    shown = [f"**{name}**" if name == "ours" else name for name in names]
    table = Table(title, ["message, connections, depth", *shown, *ratios])
    pairs = Pairs(bench, NS)
    for label, load in rows:
        results = bench.rounds(servers, f"{title}: {label}", load)
        medians = {name: median(results[name], NS) for name in names}
        table.row([label, *[figures.figure(results[name], NS) for name in names],
                   *[ratio_of(medians) for ratio_of in ratios.values()]])
        pairs.add(label, results)
    pairs.print(title)


def rows_of(bench, usual, *more):
    return [(cell_name(*cell), [*load_of(*cell), *more]) for cell in bench.options.cells or usual]


TITLE = "Echo of binary messages, ns for each message"


def echo(bench):
    peers = PEERS if bench.options.peers else []
    table_of_cells(bench, TITLE, [*LIMITS, *bench.with_added(OURS), *peers], rows_of(bench, QUICK))


def cells(bench):
    table_of_cells(bench, TITLE, [*LIMITS, *bench.with_added(OURS), *PEERS], rows_of(bench, ALL))


def floor(bench):
    table_of_cells(bench, "Raw TCP and the floor, ns for each message", [TCP, EPOLL, FLOOR],
                   rows_of(bench, QUICK))


def split(bench):
    """The kernel counts user time in ticks of 10 ms, so this needs long measurements."""
    usual = [(125, 50, 1), (125, 500, 1), (125, 50, 16), (125, 500, 16), (16 << 10, 50, 1)]
    servers = bench.available([TCP, FLOOR, *bench.with_added(OURS)])
    figures = Figures(bench.options)
    table = Table("User time, in percent of kernel time",
                  ["", *[server.name for server in servers]])
    for label, load in rows_of(bench, usual):
        results = bench.rounds(servers, f"split: {label}", load)
        table.row([label, *[figures.figure(results[server.name], percent_of_kernel, digits=1)
                            for server in servers]])


def percent_of_kernel(result):
    program = result["server_user_pct"]
    return 100 * program / (result["server_cpu_pct"] - program)


def text(bench):
    usual = [(1024, 50, 16), (16384, 20, 4)]
    rows = [(f"{kind}, {label}", load)
            for kind, option in (("ASCII", "--text"), ("characters of all lengths", "--utf8"))
            for label, load in rows_of(bench, usual, option)]
    table_of_cells(bench, "Echo of text, ns for each message",
                   [*bench.with_added(OURS), SOCKUDO, TOKIO_WEBSOCKETS], rows)


def drafts(bench):
    cell = (bench.options.cells or [(125, 50, 16)])[0]
    names = {"RFC 6455": 13, "hybi-08": 8, "hybi-07": 7, "hixie-76": 76}
    servers = bench.available(bench.with_added(OURS))
    figures = Figures(bench.options)
    title = f"Drafts, text, {cell_name(*cell)}, ns for each message"
    pairs = Pairs(bench, NS)
    columns = {}
    for name, draft in names.items():
        load = [*load_of(*cell), "--text", "--draft", draft]
        columns[name] = bench.rounds(servers, f"drafts: {name}", load)
        pairs.add(name, columns[name])
    table = Table(title, ["", *names])
    for server in servers:
        table.row([server.name, *[figures.figure(results[server.name], NS)
                                  for results in columns.values()]])
    pairs.print(title)


def service_of_bytes(bench):
    usual = [(125, 50, 16), (1024, 50, 16), (16384, 50, 1)]
    example = "{examples}/echo 127.0.0.1:{port}"
    servers = bench.available([Server(what, f"{example} {what}", ("examples",), ("--stream",))
                               for what in ("messages", "bytes")])
    table = Table("Bytes instead of messages, ns for each message", ["", "messages", "bytes", "ratio"])
    figures = Figures(bench.options)
    for label, load in rows_of(bench, usual):
        results = bench.rounds(servers, f"bytes: {label}", load)
        messages, with_bytes = results["messages"], results["bytes"]
        table.row([label, figures.figure(messages, NS), figures.figure(with_bytes, NS),
                   ratio(median(with_bytes, NS), median(messages, NS))])


PROXY = peer("bare TCP proxy on tokio", "peer-tcp", "--variant proxy:{backend}",
             load=("--draft", "tcp"))
GATEWAY = Server("ours", "{ours} {port} 127.0.0.1:{backend} --log error", ("ours",), ("--stream",))
IDLE_PAIRS = 300


def gateway(bench):
    usual = [(125, 50, 1), (1024, 20, 16), (65536, 4, 2)]
    servers = bench.available([PROXY, *bench.with_added(GATEWAY)])
    names = [server.name for server in servers]
    figures = Figures(bench.options)
    title = "Gateway, ns for each message"
    pairs = Pairs(bench, NS)
    bench.builder.need("peer-tcp")
    with Running(EPOLL, bench.load_core, {}) as service:
        table = Table(title, ["", *names, "ratio"])
        for label, load in rows_of(bench, usual):
            results = bench.rounds(servers, f"gateway: {label}", load, backend=service.port)
            medians = {name: median(results[name], NS) for name in names}
            table.row([label, *[figures.figure(results[name], NS) for name in names],
                       ratio(medians.get("ours"), medians.get(PROXY.name))])
            pairs.add(label, results)
        count = bench.connections(IDLE_PAIRS)
        load = ["--mode", "idle", "--conns", count]
        results = bench.rounds(servers, "gateway: idle", load, 1, backend=service.port)
        table.row(["memory of an idle pair, bytes",
                   *[figures.figure(results[name], "pss_per_conn") for name in names]])
        pairs.print(title)


def growth(bench):
    most = bench.connections(10_000)
    counts = [count for count in (50, 500, 5_000, 10_000) if count <= most]
    rows = rows_of(bench, [(125, count, 1) for count in counts])
    table_of_cells(bench, "Growth, ns for each message",
                   [TCP, *bench.with_added(OURS), TOKIO_WEBSOCKETS], rows)


def long(bench):
    limits = f"--max-message {128 << 20} --max-frame {128 << 20}"
    command = f"{{ours}} {{port}} echo: --log error {limits}"
    ours = Server("ours", command, ("ours",))
    pages = "GLIBC_TUNABLES=glibc.malloc.hugetlb=1"
    large = Server("ours, with large pages", f"env {pages} {command}", ("ours",))
    servers = bench.available([TCP, *bench.with_added(ours), large, TOKIO_WEBSOCKETS])
    sizes = sorted({cell[0] for cell in bench.options.cells or ()})
    sizes = sizes or [count << 20 for count in (4, 16, 32, 64)]
    figures = Figures(bench.options)
    pairs = Pairs(bench, NS)
    columns = {size: bench.rounds(servers, f"long: {human(size)}", load_of(size, 1, 1))
               for size in sizes}
    table = Table("Long messages, on one connection, ms for each",
                  ["", *[human(size) for size in sizes], "MB at most"])
    for server in servers:
        results = [columns[size][server.name] for size in sizes]
        table.row([server.name, *[figures.figure(result, NS, 1e6, 2) for result in results],
                   figures.figure(results[-1], "server_peak_rss_kb", 1000)])
    for size in sizes:
        pairs.add(human(size), columns[size])
    pairs.print("Long messages, ms for each", 1e6, 2)


def workers(bench):
    usual = [(125, 50, 1), (125, 50, 16), (125, 500, 1), (16384, 50, 1)]
    ours = Server("several threads, one runtime", "{ours} {port} echo: --log error --workers 2",
                  ("ours",))
    threads = peer("one runtime for each thread", "peer-threads")
    servers = bench.available([*bench.with_added(ours), threads])
    names = [server.name for server in servers]
    figures = Figures(bench.options)
    title = "Workers: two, on both cores with the load; ns for each message, and p99"
    table = Table(title, ["", *names])
    pairs = Pairs(bench, NS, ours.name)
    for label, load in rows_of(bench, usual):
        results = bench.rounds(servers, f"workers: {label}", load, cores=bench.all_cores)
        table.row([label, *[f"{figures.figure(results[name], NS)}; "
                            f"{figures.figure(results[name], 'p99_us')} us" for name in names]])
        pairs.add(label, results)
    pairs.print(title)


def fanout(bench):
    """Cells are SIZE:CONNECTIONS:DEPTH here too; a delivery is one copy to one connection."""
    key = "server_cpu_ns_per_delivery"
    servers = bench.available([
        peer("epoll", "peer-fanout-limit"),
        peer("broadcast", "peer-fanout-limit", "--variant broadcast"),
        *[peer(name, f"peer-fanout-{package}") for name, package in (
            ("axum", "axum"), ("tokio-tungstenite", "tungstenite"),
            ("tokio-websockets", "tokio-websockets"), ("fastwebsockets", "fastwebsockets"))],
        *[Server(name, command) for name, command in bench.options.add if "{port}" in command],
    ])
    usual = [(1024, 100, 1), (1024, 1000, 1), (1024, 1000, 16), (16384, 1000, 1)]
    figures = Figures(bench.options)
    table = Table("Fan-out, ns for each delivery",
                  ["message, connections, depth", *[server.name for server in servers]])
    for label, load in rows_of(bench, usual, "--mode", "fanout"):
        results = bench.rounds(servers, f"fanout: {label}", load)
        lost = {name: sum(result["lost"] for result in of_server if result)
                for name, of_server in results.items()}
        table.row([label, *[figures.figure(results[name], key)
                            + (f", {lost[name]} lost" if lost[name] else "") for name in results]])
