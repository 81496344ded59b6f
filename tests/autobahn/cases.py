"""Selects the cases of the Autobahn test suite for a run, from spec.json.

    cases.py spec VERSION EXTENT ADDRESS OUTDIR    prints the specification for wstest

EXTENT is `all`, or `bounded` for a subset of the long sections.
"""

import fnmatch
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
EXTENTS = ("all", "bounded")


def load(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return json.load(file)


def matches(case, patterns):
    return any(fnmatch.fnmatchcase(case, pattern) for pattern in patterns)


def selected(version, extent):
    """The cases of a run, in the suite's order."""
    if extent not in EXTENTS:
        raise SystemExit(f"{extent} is none of {', '.join(EXTENTS)}")
    spec = load("spec.json")
    run = spec["versions"][version]
    compression = spec["compression"] and run.get("compression", True)
    bounded = spec["bounded"]
    cases = [f"{group}.{n + 1}" for group, count in spec["groups"].items() for n in range(count)]
    return [
        case
        for case in cases
        if matches(case, run["cases"])
        and (compression or not matches(case, spec["compressed"]))
        and (
            extent == "all"
            or not matches(case, bounded["sections"])
            or matches(case, bounded["cases"])
        )
    ]


def main():
    _, command, version, extent, address, outdir = sys.argv
    if command != "spec":
        raise SystemExit(__doc__)
    specification = {
        "options": load("spec.json")["versions"][version]["options"],
        "outdir": outdir,
        "servers": [{"agent": "ws-server", "url": f"ws://{address}"}],
        "cases": selected(version, extent),
        "exclude-cases": [],
        "exclude-agent-cases": {},
    }
    json.dump(specification, sys.stdout, indent=4)


if __name__ == "__main__":
    main()
