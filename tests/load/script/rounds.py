"""Rounds: every server in turn, `--repeats` times."""

import json
import os
import resource
import statistics
import subprocess
import sys

from build import PEERS, Builder, Unavailable
from servers import Failure, Running

# How much longer than requested a measurement may take, in seconds.
OVERTIME_SECONDS = 300
# Descriptors in addition to those of the connections.
SPARE_DESCRIPTORS = 200
# The percentage of a core from which on the load of other processes is reported.
OTHERS_PERCENT = 25


class Bench:
    """The options of the command line, and the failures."""

    def __init__(self, options):
        self.options = options
        self.builder = Builder(options)
        self.failures = []
        self.left_out = set()
        cores = sorted(os.sched_getaffinity(0))
        self.server_core, self.load_core = {cores[0]}, {cores[1 % len(cores)]}
        self.all_cores = set(cores[:2])
        _, self.descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (self.descriptors, self.descriptors))
        self.builder.need("ws-load")

    def repeats(self, usual=5):
        return self.options.repeats or usual

    def connections(self, usual):
        """The number of idle connections: as requested, or as the descriptor limit allows."""
        most = self.descriptors - SPARE_DESCRIPTORS
        return min(self.options.connections or usual, most)

    def with_added(self, server):
        """Our server, and each other build of it."""
        return [server] + [server.variant(*added) for added in self.options.add
                           if "{port}" in added[1] or "{ours}" in server.command]

    def available(self, servers):
        """The servers that are selected and available."""
        kept = []
        for server in servers:
            added = any(server.name == name for name, _ in self.options.add)
            only = self.options.only
            if only and not added and not server.name.startswith(tuple(only.split(","))):
                continue
            try:
                for name in server.needs:
                    self.builder.need(name)
                kept.append(server)
            except Unavailable as error:
                if server.name not in self.left_out:
                    self.left_out.add(server.name)
                    print(f"{server.name} is skipped: {error}", flush=True)
        return kept

    def rounds(self, servers, label, load, repeats=None, cores=None, **words):
        """{name: [result of each round, or None]}; `load` may be a function of the server."""
        results = {server.name: [] for server in servers}
        for number in range(repeats or self.repeats()):
            first = number % max(len(servers), 1)
            for server in servers[first:] + servers[:first]:
                try:
                    arguments = load(server) if callable(load) else load
                    result = self.measure(server, arguments, cores, words)
                except Failure as failure:
                    self.failures.append(f"{label}: {server.name}: {failure}")
                    result = None
                results[server.name].append(result)
                if result and self.options.json:
                    with open(self.options.json, "a", encoding="utf-8") as file:
                        record = {"server": server.name, "label": label, "round": number} | result
                        file.write(json.dumps(record) + "\n")
        self.tell_of_others(results, label)
        return results

    def measure(self, server, load, cores, words):
        with Running(server, cores or self.server_core, words) as running:
            return self.load(running, [*load, *server.load], cores or self.load_core)

    def load(self, running, arguments, cores):
        options = self.options
        command = [PEERS / "load", "--port", running.port, "--pid", running.process.pid,
                   "--secs", options.secs, "--warmup", options.warmup, *arguments]
        if options.verify:
            command.append("--verify")
        try:
            done = subprocess.run(
                [str(word) for word in command], capture_output=True, text=True,
                timeout=options.secs + options.warmup + OVERTIME_SECONDS, check=False,
                preexec_fn=lambda: os.sched_setaffinity(0, cores))
        except subprocess.TimeoutExpired as error:
            raise Failure("the load generator does not exit") from error
        try:
            result = json.loads(done.stdout)
        except ValueError as error:
            raise Failure(done.stderr.strip() or f"exit code {done.returncode}") from error
        if result["errors"]:
            raise Failure(result["first_error"])
        return result

    def tell_of_others(self, results, label):
        others = [result["others_pct"] for of_server in results.values() for result in of_server
                  if result and "others_pct" in result]
        if others and statistics.median(others) > OTHERS_PERCENT:
            used = statistics.median(others)
            print(f"{label}: other processes used {used:.0f} % of a core", file=sys.stderr)
