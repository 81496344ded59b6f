"""Compressed messages: time, bytes and memory."""

from connections import table_of_memory
from messages import load_of
from servers import Server, peer
from tables import Figures, Table, human

IDLE = 2_000
ROUNDS = 3
SIZES = [256, 1 << 10, 4 << 10, 16 << 10, 64 << 10]
TOO_LONG_FOR_LIBWEBSOCKETS = 4 << 10

OURS = Server("ours", "{ours} {port} echo: --log error {deflate}", ("ours",))
LARGE = "--deflate-server-window 15 --deflate-client-window 15"
PEERS = [
    Server("Bun", "{bun} {here}/foreign/bun.js {port} {deflate}", ("bun",)),
    peer("sockudo-ws", "peer-sockudo", "{deflate}"),
    peer("yawc", "peer-yawc", "{deflate}"),
    peer("ratchet", "peer-ratchet", "{deflate}"),
    Server("Beast", "{foreign}/beast {port} {deflate}", ("beast",)),
    Server("libwebsockets", "{foreign}/libwebsockets {port} {deflate}", ("libwebsockets",)),
]


def turned_on(server, context):
    """The arguments that enable compression in this server."""
    if not server.command.startswith("{ours}") and server.needs:
        return "--deflate " + ("ctx" if context else "noctx")
    return "--deflate" + ("" if context else " --deflate-takeover none")


def with_words(server, context):
    return Server(server.name, server.command.replace("{deflate}", turned_on(server, context)),
                  server.needs, server.load)


def shape(size):
    """Connections and depth."""
    return (50, 4) if size < 16 << 10 else (20, 2)


def compression(bench):
    tight = Server("ours, 6 and 15", OURS.command + f" --deflate-level 6 {LARGE}", ("ours",))
    figures = Figures(bench.options)
    cells = bench.options.cells or [(size, *shape(size)) for size in SIZES]
    everybody = bench.available([*bench.with_added(OURS), tight, *PEERS])
    for context in (False, True):
        servers = [with_words(server, context) for server in everybody]
        kind = "with" if context else "without"
        table = Table(f"JSON {kind} context takeover, us for each message, and bytes back",
                      ["", *[server.name for server in servers]])
        for cell in cells:
            size = cell[0]
            # It splits longer messages incorrectly.
            able = [server for server in servers
                    if server.name != "libwebsockets" or size < TOO_LONG_FOR_LIBWEBSOCKETS]
            load = [*load_of(*cell), "--deflate", "ctx" if context else "noctx"]
            results = bench.rounds(able, f"compression {kind} context: {human(size)}",
                                   load + ([] if bench.options.verify else ["--verify"]),
                                   bench.repeats(ROUNDS))
            table.row([human(size), *[
                f"{figures.figure(results[server.name], 'server_cpu_ns_per_msg', 1000, 1)}, "
                f"{figures.figure(results[server.name], 'bytes_in_per_msg')} B"
                if server.name in results else "" for server in servers]])
    large = Server("ours, 15 bits", OURS.command + f" {LARGE}", ("ours",))
    servers = [with_words(server, True)
               for server in bench.available([*bench.with_added(OURS), large, *PEERS])]
    sizes = {None: [1 << 10], OURS.name: [1 << 10, 16 << 10], large.name: [1 << 10, 16 << 10]}
    table_of_memory(bench, "Idle connections with context takeover", servers,
                    bench.connections(IDLE), sizes, ("--deflate", "ctx"))
