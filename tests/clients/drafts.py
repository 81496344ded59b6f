"""The drafts as a client speaks them: opening handshakes, and frames both ways.

For the drivers in this directory, which have the sockets; it shares no code with the server.
A draft is `Hixie76` or `Hybi(7)`, `Hybi(8)`, `Hybi(13)`.
"""

import base64
import hashlib
import os
import random
import struct
import urllib.parse

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FIN, MASK = 0x80, 0x80


class Failure(Exception):
    """A failed check of a driver."""


def require(condition, what):
    if not condition:
        raise Failure(what)


class Site:
    """The address of a site, from its http: or https: URL."""

    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or parts.hostname is None:
            raise SystemExit(f"not an http: or https: URL: {url}")
        self.secure = parts.scheme == "https"
        self.address = (parts.hostname, parts.port or (443 if self.secure else 80))
        self.host = parts.netloc
        self.origin = f"{parts.scheme}://{parts.netloc}"

    def websocket(self, path):
        """The URL of a WebSocket of this site."""
        return f"{'wss' if self.secure else 'ws'}://{self.host}{path}"


class Opening:
    """A request that opens a WebSocket, and the response that is expected."""

    def __init__(self, path, fields, challenge, expected, answer):
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields)]
        self.head = "\r\n".join(lines).encode() + b"\r\n\r\n"
        # eight bytes after the head, and sixteen after the response head; hixie-76 only
        self.challenge = challenge
        self.answer = answer
        self._expected = expected

    def check(self, head):
        """Checks the response head, without its empty line."""
        status, fields = read_head(head)
        require(status == 101, f"refused: {head!r}")
        for name, value in self._expected.items():
            found = fields.get(name.lower())
            require(found == value, f"{name} is {found!r} and not {value!r}")


def read_head(head):
    """The status of a response, and its fields with their names in lower case."""
    line, *lines = head.decode("latin-1").split("\r\n")
    version, status, *_ = line.split(" ")
    require(version == "HTTP/1.1", f"not a response: {line!r}")
    pairs = (line.split(":", 1) for line in lines)
    return int(status), {name.lower(): value.strip() for name, value in pairs}


class Hixie76:
    """Text between 00 and FF; a challenge of eight bytes after the request head."""

    name = "hixie-76"

    def opening(self, site, path, length=False, keys=None):
        """`length`: Content-Length announces the challenge. `keys`: Key1, Key2 and key3 instead of
        random ones."""
        key1, key2, key3 = keys or (random_key(), random_key(), os.urandom(8))
        fields = [
            ("Upgrade", "WebSocket"),
            ("Connection", "Upgrade"),
            ("Host", site.host),
            ("Origin", site.origin),
            ("Sec-WebSocket-Key1", key1),
            ("Sec-WebSocket-Key2", key2),
        ]
        if length:
            fields.append(("Content-Length", "8"))
        expected = {
            "Upgrade": "WebSocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Origin": site.origin,
            "Sec-WebSocket-Location": site.websocket(path),
        }
        numbers = struct.pack("!II", key_number(key1), key_number(key2))
        answer = hashlib.md5(numbers + key3).digest()
        return Opening(path, fields, key3, expected, answer)

    def text(self, payload):
        return b"\x00" + payload + b"\xff"

    def closing(self, code=1000):
        return b"\xff\x00"

    def parser(self):
        return Hixie76Parser()


def random_key():
    """Spaces and other characters scattered over the digits of number x spaces; none of the
    spaces is at an end."""
    spaces = random.randint(1, 12)
    key = list(str(random.randint(0, 4294967295 // spaces) * spaces))
    noise = [chr(code) for code in (*range(0x21, 0x30), *range(0x3A, 0x7F))]
    for _ in range(random.randint(2, 12)):
        key.insert(random.randint(0, len(key)), random.choice(noise))
    for _ in range(spaces):
        key.insert(random.randint(1, len(key) - 1), " ")
    return "".join(key)


def key_number(key):
    return int("".join(filter(str.isdigit, key))) // key.count(" ")


class Hybi:
    """Masked frames with an opcode and a length: versions 7, 8 and 13."""

    def __init__(self, version):
        self.version = version
        self.name = f"version {version}"

    def opening(self, site, path):
        key = base64.b64encode(os.urandom(16)).decode()
        fields = [
            ("Host", site.host),
            ("Upgrade", "websocket"),
            ("Connection", "keep-alive, Upgrade"),
            ("Origin" if self.version == 13 else "Sec-WebSocket-Origin", site.origin),
            ("Sec-WebSocket-Version", str(self.version)),
            ("Sec-WebSocket-Key", key),
        ]
        guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1((key + guid).encode()).digest()).decode()
        expected = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Accept": accept,
        }
        return Opening(path, fields, b"", expected, b"")

    def frame(self, first, payload):
        """Masks the payload as one long number."""
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", first, MASK | size)
        elif size < 65536:
            head = struct.pack("!BBH", first, MASK | 126, size)
        else:
            head = struct.pack("!BBQ", first, MASK | 127, size)
        key = os.urandom(4)
        stream = (key * (size // 4 + 1))[:size]
        masked = int.from_bytes(payload, "little") ^ int.from_bytes(stream, "little")
        return head + key + masked.to_bytes(size, "little")

    def text(self, payload):
        return self.frame(FIN | TEXT, payload)

    def closing(self, code=1000):
        return self.frame(FIN | CLOSE, struct.pack("!H", code))

    def parser(self):
        return HybiParser()


DRAFTS = [Hixie76(), Hybi(7), Hybi(8), Hybi(13)]


class Parser:
    """Takes received bytes and returns complete messages and control frames: (TEXT, payload) and so
    on, and (CLOSE, code), after which no byte may follow. The code is None for a Close without one,
    and for the closing frame of hixie-76."""

    def __init__(self):
        self.buffer = bytearray()
        self.closed = False

    def feed(self, data):
        require(not (self.closed and data), f"bytes after the closing handshake: {data[:40]!r}")
        self.buffer += data

    def events(self):
        while (event := self._next()) is not None:
            if event[0] == CLOSE:
                self.closed = True
                require(not self.buffer, f"bytes after Close: {bytes(self.buffer[:40])!r}")
                require(not self._within_message(), "Close within a message")
            yield event

    def end(self):
        """TCP has ended."""
        require(self.closed, f"TCP ended without a closing handshake, {len(self.buffer)} bytes "
                f"of an incomplete frame received")

    def _within_message(self):
        return False


class Hixie76Parser(Parser):
    def __init__(self):
        super().__init__()
        self._searched = 0

    def _next(self):
        if self.buffer[:1] == b"\xff":
            if len(self.buffer) < 2:
                return None
            require(self.buffer[1] == 0, f"{self.buffer[:2].hex()} and not FF 00")
            del self.buffer[:2]
            return CLOSE, None
        require(self.buffer[:1] in (b"", b"\x00"), f"a frame of type {self.buffer[:1].hex()}")
        end = self.buffer.find(b"\xff", self._searched)
        if end < 0:
            self._searched = len(self.buffer)
            return None
        payload = bytes(self.buffer[1:end])
        del self.buffer[: end + 1]
        self._searched = 0
        return TEXT, payload


class HybiParser(Parser):
    def __init__(self):
        super().__init__()
        self._kind = None
        self._fragments = []

    def _within_message(self):
        return self._kind is not None

    def _next(self):
        while (frame := self._frame()) is not None:
            final, opcode, payload = frame
            if opcode == CLOSE:
                require(len(payload) != 1, "Close with half a code")
                return CLOSE, struct.unpack("!H", payload[:2])[0] if payload else None
            if opcode in (PING, PONG):
                return opcode, payload
            require(opcode in (CONTINUATION, TEXT, BINARY), f"opcode {opcode:#x}")
            require((opcode == CONTINUATION) == (self._kind is not None), "fragments mixed up")
            self._kind = self._kind or opcode
            self._fragments.append(payload)
            if final:
                event = self._kind, b"".join(self._fragments)
                self._kind, self._fragments = None, []
                return event
        return None

    def _frame(self):
        if len(self.buffer) < 2:
            return None
        first, second = self.buffer[:2]
        require(first & 0x70 == 0, "a reserved bit is set")
        require(second & MASK == 0, "the server masks")
        begin, size = 2, second
        if second >= 126:
            begin, form = (4, "!H") if second == 126 else (10, "!Q")
            if len(self.buffer) < begin:
                return None
            (size,) = struct.unpack(form, self.buffer[2:begin])
        if len(self.buffer) < begin + size:
            return None
        payload = bytes(self.buffer[begin : begin + size])
        del self.buffer[: begin + size]
        return first & FIN != 0, first & 0x0F, payload
