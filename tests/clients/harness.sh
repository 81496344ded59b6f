# Functions that the scripts that run clients share: installing, starting servers, running clients,
# reporting. Sourced after `set -euo pipefail`; the caller may set `only`, prefixes of names, to run
# only these clients.
#
# Missing tools are installed from Debian (as root) and from npm, into
# ${XDG_CACHE_HOME:-~/.cache}/ws-clients and never into the tree. Only loopback is used.

readonly CLIENT_SECONDS=90
readonly START_SECONDS=10
readonly STOP_SECONDS=10

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ws-clients
only=()

# usage SCRIPT: prints the comment at the top of the script, and exits.
usage() {
    sed -n '2,/^$/s/^# \{0,1\}//p' "$1" >&2
    exit 2
}

require_programs() {
    local binary
    for binary in "$@"; do
        if [ ! -x "$binary" ]; then
            echo "$0: there is no program at $binary" >&2
            exit 2
        fi
    done
}

work=$(mktemp -d)
servers=()

# Ends the processes that this script started.
clean_up() {
    local pid
    for pid in "${servers[@]}"; do
        kill "$pid" 2>/dev/null || continue
        for ((i = 0; i < STOP_SECONDS * 10; i++)); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL "$pid" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# ---- requirements ---------------------------------------------------------------------------

netty_jars=()
for module in buffer codec codec-http common handler resolver transport; do
    netty_jars+=("/usr/share/java/netty-$module.jar")
done
classpath=$(IFS=:; echo "${netty_jars[*]}")

missing=()

# command_from COMMAND PACKAGE...: adds these Debian packages to `missing` if there is no COMMAND.
command_from() {
    command -v "$1" >/dev/null || missing+=("${@:2}")
}

netty_from_debian() {
    [ -e "${netty_jars[2]}" ] || missing+=(libnetty-java)
    command_from javac default-jdk-headless
}

install_missing() {
    [ ${#missing[@]} -gt 0 ] || return 0
    echo "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    timeout 300 apt-get update -qq
    timeout 900 apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$work/apt" 2>&1 || {
        cat "$work/apt" >&2
        return 1
    }
}

# install_npm_packages NAME@VERSION...: without the packages' scripts, which none of these needs.
install_npm_packages() {
    local modules=$cache/node_modules package packages=()
    for package in "$@"; do
        [ -e "$modules/${package%@*}" ] || packages+=("$package")
    done
    if [ ${#packages[@]} -gt 0 ]; then
        echo "installing ${packages[*]} from npm"
        mkdir -p "$cache"
        timeout 300 npm install --prefix "$cache" --ignore-scripts --no-audit --no-fund --silent \
            "${packages[@]}"
    fi
    export NODE_PATH=$modules
}

compile_netty_client() {
    mkdir "$work/classes"
    timeout 120 javac -encoding UTF-8 -nowarn -cp "$classpath" -d "$work/classes" \
        "$here/NettyClient.java"
}

# ---- servers --------------------------------------------------------------------------------

# start NAME COMMAND...: starts a server and sets `address` and `scheme` from the URL in its first
# line of output. Its log is $work/NAME.log.
start() {
    local name=$1 output=$work/$1.out
    shift
    : >"$output"
    "$@" >"$output" 2>"$work/$name.log" &
    local pid=$!
    servers+=("$pid")
    for ((i = 0; i < START_SECONDS * 10; i++)); do
        read -r scheme address < <(
            sed -n '1s/^listening on \([a-z]*\):\/\/\([^/]*\)\/.*/\1 \2/p' "$output"
        ) || true
        [ -z "$address" ] || return 0
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    echo "$name did not print the address it listens on: $*" >&2
    cat "$output" "$work/$name.log" >&2
    exit 2
}

# ---- clients --------------------------------------------------------------------------------

passed=0
failed=0

selected() {
    [ ${#only[@]} -gt 0 ] || return 0
    local prefix
    for prefix in "${only[@]}"; do
        [[ $1 != "$prefix"* ]] || return 0
    done
    return 1
}

# report NAME STATUS OUTPUT [SECONDS]: a line, and the output when it failed.
report() {
    if [ "$2" -eq 0 ]; then
        passed=$((passed + 1))
        printf 'PASS  %-36s %2d s\n' "$1" "${4:-0}"
    else
        failed=$((failed + 1))
        printf 'FAIL  %-36s exit code %d\n' "$1" "$2"
        sed 's/^/      | /' "$3"
    fi
}

# client NAME COMMAND...: runs a client and reports. Its last line must be PASS: an exit code of 0
# could also come from a client that did nothing.
client() {
    local name=$1 output=$work/client.out status=0
    shift
    selected "$name" || return 0
    local begin=$SECONDS
    timeout -k 5 "$CLIENT_SECONDS" "$@" >"$output" 2>&1 </dev/null || status=$?
    [ "$status" -ne 0 ] || [ "$(tail -n 1 "$output")" = PASS ] || status=1
    report "$name" "$status" "$output" $((SECONDS - begin))
}

# Prints the summary; fails when a client failed or a server exited.
finish() {
    # A client may pass although the server has crashed since.
    local pid
    for pid in "${servers[@]}"; do
        if ! kill -0 "$pid" 2>/dev/null; then
            failed=$((failed + 1))
            echo "FAIL  a server exited"
            tail -n 20 "$work"/*.log
        fi
    done

    if [ "$failed" -gt 0 ]; then
        echo "---- the end of the servers' logs"
        tail -n 20 "$work"/*.log
    fi
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
