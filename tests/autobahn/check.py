"""Compares a report of the Autobahn test suite with expected.json.

    check.py VERSION EXTENT INDEX_JSON

Every case of the run must be in the report, with exactly the expected behaviour, open and closing;
by default both must be OK. A case with a better result than expected fails too: expected.json is
then out of date.
"""

import collections
import json
import sys

from cases import load, matches, selected

OK = ("OK", "OK")


def expectation(case, version):
    for exception in load("expected.json")[version]:
        if matches(case, exception["cases"]):
            return exception["behaviour"], exception["close"]
    return OK


def findings(report, version, extent):
    """The differences, a line each."""
    cases = selected(version, extent)
    for case in cases:
        if case not in report:
            yield f"{case} was not run"
            continue
        result = report[case]
        found = result["behavior"], result["behaviorClose"]
        expected = expectation(case, version)
        if found != expected:
            yield (
                f"{case}: {found[0]}, close {found[1]}, instead of {expected[0]}, {expected[1]}"
                f" (the peer's code {result['remoteCloseCode']}, {result['duration']} ms)"
            )
    for case in sorted(set(report) - set(cases)):
        yield f"{case} was run and is not in the specification"


def main():
    _, version, extent, path = sys.argv
    with open(path, encoding="utf-8") as file:
        report = json.load(file)["ws-server"]
    wrong = list(findings(report, version, extent))
    counts = collections.Counter(result["behavior"] for result in report.values())
    print(f"version {version}: {len(report)} cases,", ", ".join(f"{n} {b}" for b, n in counts.items()))
    for line in wrong:
        print(line)
    print("FAIL" if wrong or not report else "PASS")
    sys.exit(1 if wrong or not report else 0)


if __name__ == "__main__":
    main()
