#!/usr/bin/env python3
"""Checks which types of other crates the public API names.

    .ci/public-api/foreign_types.py ALLOWED LISTING...

ALLOWED is foreign-types.txt, which says what its lines mean. A LISTING is named without its `.txt`.
Each type of another crate must be allowed, and each allowed one must occur.
"""

import re
import sys
from pathlib import Path

STANDARD = {"core", "alloc", "std", "str"}
# A path with at least two segments, from its first one.
PATH = re.compile(r"(?<![\w:>'])[a-z]\w*(?:::\w+)+")
DECLARED = re.compile(r"\bpub (?:\w+ )*(?:struct|enum|trait|type|fn|static|const|macro) (\w+(?:::\w+)*)")
REEXPORTED = re.compile(r"^pub use [\w:]+::(\w+)$")


def named(listings):
    """What is named of other crates, each with the first line that does."""
    lines = [line for lines in listings.values() for line in lines]
    own = {name.replace("-", "_") for name in listings}
    declared = {match[1].split("::")[-1] for line in lines if (match := DECLARED.search(line))}
    found = {}
    for line in lines:
        # A listing does not say where a re-exported item comes from.
        if (match := REEXPORTED.match(line)) and match[1] not in declared:
            found.setdefault("use " + match[1], line)
        for path in PATH.findall(line):
            if path.split("::")[0] not in own | STANDARD:
                found.setdefault(path, line)
    return found


def main(allowed, *paths):
    entries = [line.split("#")[0].strip() for line in Path(allowed).read_text().splitlines()]
    entries = [entry for entry in entries if entry]
    listings = {Path(path).name: Path(path + ".txt").read_text().splitlines() for path in paths}
    found = named(listings)

    used, failed = set(), False
    for item, line in found.items():
        matching = [entry for entry in entries if item == entry or item.startswith(entry + "::")]
        used.update(matching)
        if not matching:
            failed = True
            print(f"not allowed: {item}\n    in {line}", file=sys.stderr)
    for entry in entries:
        if entry not in used:
            failed = True
            print(f"allowed, and in no listing: {entry}", file=sys.stderr)
    if failed:
        print(f"Keep the type out of the public API, or change {allowed}.", file=sys.stderr)
        return 1
    print(f"{len(entries)} types of other crates, all of them allowed")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
