#!/usr/bin/env python3
"""A client of every draft against a site that is mounted on a third-party HTTP server.

    tests/clients/site_client.py HTTP_OR_HTTPS_URL

The site has a page at `/`, a JSON number at `/api/visits`, and echoes messages at `/websocket`.
The HTTP server reads the requests and hands its connections over. The checks are mostly that no
bytes are lost by this:

* hixie-76, with and without `Content-Length: 8`: key3 arrives with the head, in two parts split at
  every point, or only after the 101; the answer is correct, also for a known example; frames that
  arrive together with key3 or with its second part are echoed; the location has `ws:` or `wss:`, as
  the site's URL;
* versions 7, 8 and 13: frames that arrive together with the head are echoed;
* the site's pages are served as before, on other connections before and after, and twice on the
  connection that then opens a WebSocket;
* other requests are refused with a readable reason: 426 without an upgrade; hixie-75, which cannot
  be mounted, 501, or 400 by a site that does not have that draft.

It needs only Python's standard library. Over https any certificate is accepted. Each connection
ends within CONNECTION_SECONDS. The last line is PASS or FAIL; the exit code is 0 or 1.
"""

import json
import socket
import ssl
import sys
import time

sys.dont_write_bytecode = True

from drafts import (  # noqa: E402
    BINARY, CLOSE, CONTINUATION, DRAFTS, FIN, PING, PONG, TEXT, Failure, Hixie76, Site, read_head,
    require,
)

CONNECTION_SECONDS = 15
# Long enough for the parts of a message to be read separately.
PAUSE = 0.02
PATH = "/websocket"

EXAMPLE_KEYS = ("4 @1  46546xW%0l 1 5", "12998 5 Y3 1  .P00", b"^n:ds[4U")
EXAMPLE_ANSWER = b"8jKS'y:G*Co,Wxa-"

TEXTS = ["hello", "", "h\u00e9llo \u20ac \U0001f600", "a" * 126, "b" * 70000]


class Connection:
    """A connection to the site. Over TLS it must end with close_notify, not only with TCP's end."""

    def __init__(self, site):
        self.socket = socket.create_connection(site.address, timeout=CONNECTION_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.deadline = time.monotonic() + CONNECTION_SECONDS
        self.buffer = bytearray()
        if site.secure:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            context.set_alpn_protocols(["http/1.1"])
            self.socket = context.wrap_socket(
                self.socket, server_hostname=site.address[0], suppress_ragged_eofs=False
            )
            protocol = self.socket.selected_alpn_protocol()
            require(protocol == "http/1.1", f"ALPN chose {protocol}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *parts):
        """Sends each part separately."""
        for i, part in enumerate(parts):
            if i > 0:
                time.sleep(PAUSE)
            self.socket.sendall(part)

    def receive(self):
        """The next bytes received; none at the end."""
        if self.buffer:
            data = bytes(self.buffer)
            self.buffer.clear()
            return data
        left = self.deadline - time.monotonic()
        require(left > 0, f"not done after {CONNECTION_SECONDS} s")
        self.socket.settimeout(left)
        try:
            return self.socket.recv(256 * 1024)
        except TimeoutError:
            raise Failure(f"nothing received for {left:.0f} s") from None

    def read(self, size):
        while len(self.buffer) < size:
            received = bytes(self.buffer)
            self.buffer.clear()
            data = self.receive()
            require(data, f"the server closed TCP after {received!r}")
            self.buffer += received + data
        data = bytes(self.buffer[:size])
        del self.buffer[:size]
        return data

    def read_head(self):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.read(1)
        return head[:-4]

    def get(self, path, site, *fields):
        """Requests a page; returns the status, the fields and the body of the response."""
        lines = [f"GET {path} HTTP/1.1", f"Host: {site.host}", *fields]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n")
        status, answer = read_head(self.read_head())
        require("content-length" in answer, f"no Content-Length: {answer}")
        return status, answer, self.read(int(answer["content-length"]))


def require_pages(site, connection=None):
    """The page and the number of visits, which includes this one."""
    if connection is None:
        with Connection(site) as connection:
            return require_pages(site, connection)
    status, fields, body = connection.get("/", site)
    require(status == 200, f"the page answers {status}")
    require(fields["content-type"].startswith("text/html"), f"the page is not HTML: {fields}")
    require(b"<html" in body, f"the page is {body[:60]!r}")
    status, fields, body = connection.get("/api/visits", site)
    require(status == 200, f"/api/visits answers {status}")
    require(fields["content-type"] == "application/json", f"/api/visits is no JSON: {fields}")
    visits = json.loads(body)
    require(isinstance(visits, int) and visits > 0, f"{visits} visits after one")
    return visits


def finish_opening(connection, opening):
    opening.check(connection.read_head())
    answer = connection.read(len(opening.answer))
    require(answer == opening.answer, f"{answer!r} answers the challenge, not {opening.answer!r}")


def messages(draft):
    """Frames to send, and the events that are expected for them."""
    if isinstance(draft, Hixie76):
        frames = b"".join(draft.text(text.encode()) for text in TEXTS)
        return frames, [(TEXT, text.encode()) for text in TEXTS]
    parts = [draft.text(text.encode()) for text in TEXTS]
    events = [(TEXT, text.encode()) for text in TEXTS]
    binary = bytes(range(256)) * 20
    parts += [
        draft.frame(FIN | BINARY, binary),
        draft.frame(TEXT, b"in "),
        draft.frame(CONTINUATION, b"frag"),
        draft.frame(FIN | PING, b"there?"),
        draft.frame(FIN | CONTINUATION, b"ments"),
    ]
    # a pong may overtake messages
    return b"".join(parts), [*events, (BINARY, binary), (TEXT, b"in fragments"), (PONG, b"there?")]


def receive_until_close(connection, draft):
    """All events up to the end of TCP."""
    parser = draft.parser()
    events = []
    while data := connection.receive():
        parser.feed(data)
        events.extend(parser.events())
    parser.end()
    return events


def require_echo(connection, draft, expected):
    code = None if isinstance(draft, Hixie76) else 1000
    events = receive_until_close(connection, draft)
    require(events[-1] == (CLOSE, code), f"closed with {events[-1]}")
    pongs = [event for event in events if event[0] == PONG]
    rest = [event for event in events[:-1] if event[0] != PONG]
    require(pongs == [event for event in expected if event[0] == PONG], f"pongs: {pongs}")
    wanted = [event for event in expected if event[0] != PONG]
    require(
        rest == wanted,
        f"{[(kind, len(payload)) for kind, payload in rest]} came back for "
        f"{[(kind, len(payload)) for kind, payload in wanted]}",
    )


def open_and_echo(site, draft, send, before=None, **options):
    """Opens a WebSocket, where `send` sends opening, frames and closing, and checks what is
    received. `before` uses the connection first."""
    with Connection(site) as connection:
        if before is not None:
            before(connection)
        opening = draft.opening(site, PATH, **options)
        frames, expected = messages(draft)
        opened = send(connection, opening, frames + draft.closing())
        if not opened:
            finish_opening(connection, opening)
        require_echo(connection, draft, expected)


# ---- the checks -------------------------------------------------------------------------------


def everything_at_once(connection, opening, frames):
    connection.send(opening.head + opening.challenge + frames)


def frames_after_answer(connection, opening, frames):
    connection.send(opening.head + opening.challenge)
    finish_opening(connection, opening)
    connection.send(frames)
    return True


def key3_split(point):
    """`point` bytes of key3 with the head, the others separately."""
    def send(connection, opening, frames):
        challenge = opening.challenge
        connection.send(opening.head + challenge[:point], challenge[point:])
        finish_opening(connection, opening)
        connection.send(frames)
        return True
    return send


def key3_split_with_frames(point):
    """The second part of key3 is sent together with the frames."""
    def send(connection, opening, frames):
        challenge = opening.challenge
        connection.send(opening.head + challenge[:point], challenge[point:] + frames)
    return send


def key3_held_back(with_frames):
    """The server must not wait for key3 before it sends its response head."""
    def send(connection, opening, frames):
        connection.send(opening.head)
        opening.check(connection.read_head())
        connection.send(opening.challenge + (frames if with_frames else b""))
        answer = connection.read(16)
        require(answer == opening.answer, f"{answer!r} answers the challenge")
        if not with_frames:
            connection.send(frames)
        return True
    return send


HIXIE76 = {
    "all at once": everything_at_once,
    "frames after the answer": frames_after_answer,
    "key3 held back until the 101": key3_held_back(False),
    "key3 held back until the 101, with frames": key3_held_back(True),
    **{f"key3 split at {point}": key3_split(point) for point in range(8)},
    **{f"key3 split at {point}, with frames": key3_split_with_frames(point) for point in range(8)},
}

HYBI = {
    "all at once": everything_at_once,
    "frames after the answer": frames_after_answer,
}


def check_drafts(site):
    for draft in DRAFTS:
        lengths = [False, True] if isinstance(draft, Hixie76) else [None]
        for length in lengths:
            options = {} if length is None else {"length": length}
            ways = HYBI if length is None else HIXIE76
            for name, send in ways.items():
                with_length = ", Content-Length: 8" if length else ""
                attempt(f"{draft.name}{with_length}, {name}", open_and_echo, site, draft, send,
                        **options)
            print(f"{draft.name}{', Content-Length: 8' if length else ''}: {len(ways)} ways")


def check_example(site):
    opening = Hixie76().opening(site, PATH, keys=EXAMPLE_KEYS)
    require(opening.answer == EXAMPLE_ANSWER, "this driver computes another answer")
    for length in (False, True):
        attempt("the example of hixie-76", open_and_echo, site, Hixie76(), everything_at_once,
                keys=EXAMPLE_KEYS, length=length)
    print("hixie-76: the answer of the example")


def check_pages_first(site):
    """Requests of pages, and then the opening handshake, on one connection."""
    def pages(connection):
        require_pages(site, connection)
        require_pages(site, connection)

    for draft in DRAFTS:
        for send in (everything_at_once, frames_after_answer):
            attempt(f"{draft.name} after pages", open_and_echo, site, draft, send, before=pages)
    attempt("hixie-76 with a length after pages", open_and_echo, site, Hixie76(),
            everything_at_once, before=pages, length=True)
    print("pages twice, then a WebSocket, on one connection: all drafts")


def check_pages_beside(site):
    """Pages while WebSockets are open."""
    before = require_pages(site)
    connections = []
    for draft in DRAFTS:
        connection = Connection(site)
        opening = draft.opening(site, PATH)
        connection.send(opening.head + opening.challenge)
        finish_opening(connection, opening)
        connections.append((draft, connection))
    beside = require_pages(site)
    require(beside > before, f"{beside} visits after {before}")
    for draft, connection in connections:
        with connection:
            frames, expected = messages(draft)
            connection.send(frames + draft.closing())
            require_echo(connection, draft, expected)
    print("pages while WebSockets are open")


def check_refusals(site):
    with Connection(site) as connection:
        status, fields, body = connection.get(PATH, site)
    require(status == 426, f"a plain GET of {PATH} gets {status}")
    require(fields.get("upgrade") == "websocket", f"426 without `Upgrade: websocket`: {fields}")
    require_words(fields, body)
    print(f"a plain GET: 426, {body.decode().strip()}")

    # hixie-75 sends only these fields and an origin.
    request = ["Upgrade: WebSocket", "Connection: Upgrade", f"Origin: {site.origin}"]
    with Connection(site) as connection:
        status, fields, body = connection.get(PATH, site, *request)
    require_words(fields, body)
    if status == 400:
        require(b"hixie75" not in body, f"hixie-75 gets 400: {body!r}")
        require(b"hixie76" in body, f"400 without the supported drafts: {body!r}")
    else:
        require(status == 501, f"hixie-75 gets {status}: {body!r}")
    print(f"hixie-75: {status}, {body.decode().strip()}")


def require_words(fields, body):
    require(fields.get("content-type", "").startswith("text/plain"), f"no text/plain: {fields}")
    require(len(body.split()) >= 5, f"no readable reason: {body!r}")


def attempt(name, what, *arguments, **options):
    """Adds the name of the attempt to its failure."""
    try:
        what(*arguments, **options)
    except (Failure, OSError) as error:
        raise Failure(f"{name}: {error or type(error).__name__}") from error


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    site = Site(sys.argv[1])
    try:
        for check in (
            require_pages,
            check_example,
            check_drafts,
            check_pages_first,
            check_pages_beside,
            check_refusals,
            require_pages,
        ):
            attempt(check.__name__, check, site)
    except Failure as error:
        print(f"FAIL {error}")
        sys.exit(1)
    print("PASS")


if __name__ == "__main__":
    main()
