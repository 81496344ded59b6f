"""Builds or installs the dependencies of a server."""

import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
RELEASE = TARGET / "release"
PEERS = TARGET / "load" / "release"
FOREIGN = TARGET / "load" / "foreign"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "ws-clients"
BUN = "@oven/bun-linux-x64"
BUN_VERSION = "1.4.5"

BUILD_SECONDS = 1800
INSTALL_SECONDS = 900

PLACES = {
    "ours": RELEASE / "ws-server",
    "examples": RELEASE / "examples",
    "peers": PEERS,
    "foreign": FOREIGN,
    "bun": CACHE / "node_modules" / BUN / "bin" / "bun",
    "here": HERE,
}


class Unavailable(Exception):
    """Not available on this machine; the text is the reason."""


def run(command, seconds=BUILD_SECONDS, output=None, **environment):
    print("$ " + " ".join(str(word) for word in command), flush=True)
    subprocess.run(command, cwd=ROOT, timeout=seconds, check=True, env=os.environ | environment,
                   stdin=subprocess.DEVNULL, stdout=output)


def cargo(*arguments):
    run(["cargo", "build", "--release", "--locked", "--quiet", *arguments])


def crate(name):
    # One by one, so that features are not unified.
    target = str(TARGET / "load")
    manifest = str(HERE / "Cargo.toml")
    run(["cargo", "build", "--release", "--locked", "--quiet", "--manifest-path", manifest, "-p", name],
        CARGO_TARGET_DIR=target)


def debian(*packages):
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Unavailable(f"Debian's {' '.join(packages)} must be installed")
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    for command in (["apt-get", "update", "-qq"], install):
        run(command, INSTALL_SECONDS, subprocess.DEVNULL, DEBIAN_FRONTEND="noninteractive")


def compile_foreign(compiler, source, header, package, libraries):
    if not shutil.which(compiler) or not Path("/usr/include", header).exists():
        debian("g++", package)
    FOREIGN.mkdir(parents=True, exist_ok=True)
    standard = ["-std=c++17", "-march=native"] if compiler == "g++" else []
    output = FOREIGN / Path(source).stem
    run([compiler, "-O3", "-DNDEBUG", *standard, HERE / "foreign" / source, "-o", output, *libraries])


def install_bun():
    if PLACES["bun"].exists():
        return
    if not shutil.which("npm"):
        raise Unavailable("npm must be installed")
    CACHE.mkdir(parents=True, exist_ok=True)
    run(["npm", "install", "--prefix", CACHE, "--ignore-scripts", "--no-audit", "--no-fund",
         "--silent", f"{BUN}@{BUN_VERSION}"], INSTALL_SECONDS)


FOREIGN_BUILDS = {
    "bun": install_bun,
    "beast": lambda: compile_foreign(
        "g++", "beast.cpp", "boost/beast.hpp", "libboost-dev", ["-lpthread"]),
    "libwebsockets": lambda: compile_foreign(
        "gcc", "libwebsockets.c", "libwebsockets.h", "libwebsockets-dev", ["-lwebsockets"]),
}


class Builder:
    """Builds each target once."""

    def __init__(self, options):
        self.options = options
        self.outcomes = {}

    def need(self, name):
        """Builds it, or raises the error of the first attempt again."""
        if name not in self.outcomes:
            try:
                self.build(name)
                self.outcomes[name] = None
            except Unavailable as error:
                self.outcomes[name] = error
            except (subprocess.SubprocessError, OSError) as error:
                self.outcomes[name] = Unavailable(str(error))
        if self.outcomes[name]:
            raise self.outcomes[name]

    def build(self, name):
        if name in FOREIGN_BUILDS:
            if self.options.no_install:
                raise Unavailable("skipped by --no-install")
            if not self.options.no_build:
                FOREIGN_BUILDS[name]()
        elif self.options.no_build:
            return
        elif name == "ours":
            cargo("-p", "ws-server", "--features", "full")
        elif name == "examples":
            cargo("-p", "ws-server", "--all-features", "--examples")
        else:
            crate(name)
