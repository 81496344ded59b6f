"""The command line."""

import argparse
import shlex


def cells(text):
    """SIZE:CONNECTIONS:DEPTH,..."""
    try:
        parsed = [tuple(int(number) for number in cell.split(":")) for cell in text.split(",")]
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if any(len(cell) != 3 or min(cell) < 1 for cell in parsed):
        raise argparse.ArgumentTypeError("three numbers for each, such as 125:50:16")
    return parsed


def named(text):
    """NAME=COMMAND, where the command can be split into words."""
    name, equals, command = text.partition("=")
    if not (name and equals and shlex.split(command)):
        raise argparse.ArgumentTypeError("NAME=PATH or NAME=COMMAND")
    return name, command


def parse(description, parts):
    parser = argparse.ArgumentParser(
        prog="tests/load/run",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="tests/load/run PART [OPTIONS]",
    )
    option = parser.add_argument
    option("part", metavar="PART", choices=[*parts, "all"])
    option("--secs", type=float, default=2.0, help="duration of each measurement (2)")
    option("--warmup", type=float, default=0.5, help="seconds before each measurement (0.5)")
    option("--repeats", type=int, help="rounds (5; openings 15, compression 3, memory 1)")
    option("--cells", type=cells, metavar="SIZE:CONNS:DEPTH,...", help="instead of the cells of the part")
    option("--connections", type=int, help="idle connections (10000; with TLS or compression 2000)")
    option("--add", type=named, action="append", default=[], metavar="NAME=PATH",
           help="another build of the command, run wherever this one is; or a complete command with"
                " {port}, with {backend} for a gateway, {deflate} for the compression options")
    option("--peers", action="store_true", help="echo: the other libraries too")
    option("--only", metavar="NAME,...", help="only servers whose names begin with these, and added ones")
    option("--spread", action="store_true", help="min..max after each median")
    option("--verify", action="store_true", help="compare every byte; slows the load generator")
    option("--json", metavar="FILE", help="append each result to FILE, one object per line")
    option("--no-build", action="store_true", help="use existing builds")
    option("--no-install", action="store_true", help="skip servers that are not crates")
    options = parser.parse_args()
    if options.secs <= 0 or options.warmup < 0 or (options.repeats or 1) < 1:
        parser.error("--secs and --repeats must be positive, --warmup not negative")
    return options
