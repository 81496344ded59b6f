"""Tables in Markdown; each row is printed as soon as it is known."""

import statistics


def human(size):
    if size >= 1 << 20:
        return f"{size >> 20} MiB"
    return f"{size >> 10} KiB" if size >= 1 << 10 else f"{size} B"


def cell_name(size, connections, depth):
    return f"{human(size)}, {connections}, {depth}"


def values(results, key):
    """The values of all rounds; `key` is a name, or a function of a result."""
    take = key if callable(key) else lambda result: result[key]
    return [take(result) for result in results if result]


def median(results, key):
    taken = values(results, key)
    return statistics.median(taken) if taken else None


class Table:
    """A table that prints its rows."""

    def __init__(self, title, head, note=""):
        self.width = len(head)
        print(f"\n## {title}\n")
        if note:
            print(f"{note}\n")
        self.row(head)
        self.row(["---"] * self.width)

    def row(self, cells):
        padded = [*cells, *[""] * (self.width - len(cells))]
        print("| " + " | ".join(padded) + " |", flush=True)


class Figures:
    """Formats numbers."""

    def __init__(self, options):
        self.spread = options.spread

    def figure(self, results, key, unit=1.0, digits=0):
        taken = [value / unit for value in values(results, key)]
        if not taken:
            return "-"
        shown = f"{statistics.median(taken):,.{digits}f}"
        if self.spread and len(taken) > 1:
            shown += f" ({min(taken):,.{digits}f}..{max(taken):,.{digits}f})"
        return shown


def ratio(above, below):
    return f"{above / below:.2f}" if above and below else ""


class Pairs:
    """Ours compared with other builds, in pairs of one round, which ran at about the same time."""

    def __init__(self, bench, key, first="ours"):
        self.names = [name for name, _ in bench.options.add]
        self.key = key
        self.first = first
        self.rows = []

    def add(self, label, results):
        self.rows += [(label, name, results[self.first], results[name])
                      for name in self.names if name in results and self.first in results]

    def print(self, title, unit=1.0, digits=0):
        if not self.rows:
            return
        head = ["", "compared with", f"{self.first}: min", "median", "it: min", "median",
                f"{self.first} / it, paired", "min..max"]
        table = Table(f"{title}: compared with other builds", head)
        for label, name, ours, theirs in self.rows:
            pairs = [values([mine], self.key)[0] / values([other], self.key)[0]
                     for mine, other in zip(ours, theirs) if mine and other]
            cells = [label, name]
            for results in (ours, theirs):
                taken = [value / unit for value in values(results, self.key)] or [float("nan")]
                cells += [f"{min(taken):,.{digits}f}", f"{statistics.median(taken):,.{digits}f}"]
            if pairs:
                cells += [f"{statistics.median(pairs):.3f}", f"{min(pairs):.3f}..{max(pairs):.3f}"]
            table.row(cells)
