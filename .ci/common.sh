# Functions that the scripts in this directory share: titles, commands with a time limit, and the
# installation of missing tools. Sourced from the top of the tree, after `set -euo pipefail`.

readonly BUILD_SECONDS=900

target=${CARGO_TARGET_DIR:-target}
export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-never}
export CARGO_TERM_PROGRESS_WHEN=never

title() {
    printf '\n=== %s (after %d s)\n' "$*" "$SECONDS"
}

# within SECONDS COMMAND...: prints the command and runs it with this time limit.
within() {
    local seconds=$1
    shift
    printf '$ %s\n' "$*"
    timeout -k 10 "$seconds" "$@"
}

# run COMMAND...: prints the command and runs it with the time limit of a build.
run() {
    within "$BUILD_SECONDS" "$@"
}

die() {
    echo "FAIL $*" >&2
    exit 1
}

# install_tools: Rust's components through rustup, Debian's packages as root.
install_tools() {
    cargo fmt --version >/dev/null 2>&1 || run rustup component add rustfmt
    cargo clippy --version >/dev/null 2>&1 || run rustup component add clippy
    local missing=()
    command -v curl >/dev/null || missing+=(curl)
    command -v openssl >/dev/null || missing+=(openssl)
    command -v nm >/dev/null || missing+=(binutils)
    command -v cc >/dev/null || missing+=(gcc libc6-dev)
    command -v c++ >/dev/null || missing+=(g++)
    command -v python3 >/dev/null || missing+=(python3)
    python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
    if [ ${#missing[@]} -gt 0 ]; then
        export DEBIAN_FRONTEND=noninteractive
        run apt-get update -qq
        run apt-get install -y -qq --no-install-recommends "${missing[@]}"
    fi
    run cargo --version
}

# autobahn EXTENT SECONDS: the Autobahn test suite, if it can be installed.
autobahn() {
    local status=0
    within "$2" tests/autobahn/run "$target/release/ws-server" "$1" || status=$?
    case $status in
        0) ;;
        # On GitHub a job of its own has Python 2.7.
        77) echo "SKIPPED: the Autobahn test suite needs Python 2.7, which is not available" ;;
        *) exit "$status" ;;
    esac
}
