#!/usr/bin/env python3
"""A small WebSocket client for connections through a proxy:

    proxy_client.py HOST:PORT 76|7|8|13 [--tls] [--from ADDRESS] [--refused STATUS TEXT]

It sends the server's own origin, checks the answer to its key or keys and, on version 76, that
Sec-WebSocket-Location is the requested URL; then it checks the echo of texts and closes. --tls
accepts any certificate. --from binds the client to an address. --refused expects this status and a
body that contains this text instead. It always claims another address in X-Forwarded-For, which no
server may trust.

The last line printed is PASS or FAIL; the exit code matches.
"""

import argparse
import base64
import hashlib
import os
import random
import socket
import ssl
import struct
import sys

from drafts import Failure, require

SECONDS = 20
PATH = "/chat?x=1"
CLAIMED_ADDRESS = "203.0.113.6"
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXTS = ["", "hello", "\u00e9\u4e16\U0001f600", "x" * 125, "y" * 126, "z" * 70000]


class Connection:
    """A socket with a buffer."""

    def __init__(self, address, tls, source):
        bound = (source, 0) if source else None
        self.socket = socket.create_connection(address, SECONDS, source_address=bound)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            self.socket = context.wrap_socket(self.socket)
        self.buffer = bytearray()

    def send(self, data):
        self.socket.sendall(data)

    def _fill(self):
        chunk = self.socket.recv(65536)
        require(chunk, f"the connection ended early, after {bytes(self.buffer[:200])!r}")
        self.buffer += chunk

    def read(self, size):
        while len(self.buffer) < size:
            self._fill()
        data = bytes(self.buffer[:size])
        del self.buffer[:size]
        return data

    def read_until(self, delimiter):
        while (end := self.buffer.find(delimiter)) < 0:
            self._fill()
        return self.read(end + len(delimiter))[: -len(delimiter)]

    def read_body(self, fields):
        """The body of a refusal; the proxy may keep the connection open after it."""
        return self.read(int(fields.get("content-length", 0))).decode()

    def request(self, host, fields, body=b""):
        """Sends an opening handshake; returns the status and the fields, in lower case."""
        fields = [("Host", host), *fields, ("X-Forwarded-For", CLAIMED_ADDRESS)]
        lines = [f"GET {PATH} HTTP/1.1", *(f"{name}: {value}" for name, value in fields)]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        status, *lines = self.read_until(b"\r\n\r\n").decode().split("\r\n")
        pairs = (line.split(":", 1) for line in lines)
        return status.split(" ")[1], {name.lower(): value.strip() for name, value in pairs}


class Hybi:
    """Versions 7, 8 and 13."""

    def __init__(self, connection, version):
        self.connection = connection
        self.version = version

    def ask(self, host, secure):
        self.key = base64.b64encode(os.urandom(16)).decode()
        origin = "Origin" if self.version == 13 else "Sec-WebSocket-Origin"
        scheme = "https" if secure else "http"
        return self.connection.request(host, [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", self.version),
            ("Sec-WebSocket-Key", self.key),
            (origin, f"{scheme}://{host}"),
        ])

    def check(self, fields, host, secure):
        digest = hashlib.sha1((self.key + GUID).encode()).digest()
        accept = base64.b64encode(digest).decode()
        require(fields.get("sec-websocket-accept") == accept, f"wrong accept: {fields}")

    def _send(self, opcode, payload):
        size = len(payload)
        head = bytes([0x80 | opcode])
        if size < 126:
            head += bytes([0x80 | size])
        elif size < 65536:
            head += struct.pack("!BH", 0x80 | 126, size)
        else:
            head += struct.pack("!BQ", 0x80 | 127, size)
        key = os.urandom(4)
        masked = bytes(byte ^ key[at % 4] for at, byte in enumerate(payload))
        self.connection.send(head + key + masked)

    def _receive(self):
        first, size = self.connection.read(2)
        if size == 126:
            (size,) = struct.unpack("!H", self.connection.read(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self.connection.read(8))
        return first, self.connection.read(size)

    def echo(self, text):
        self._send(1, text)
        require(self._receive() == (0x81, text), f"the echo of {len(text)} bytes differs")

    def close(self):
        self._send(8, struct.pack("!H", 1000))
        first, payload = self._receive()
        require((first, payload[:2]) == (0x88, struct.pack("!H", 1000)), "no Close 1000 received")


class Hixie76:
    """Version 76: 8 bytes follow the head without a Content-Length."""

    def __init__(self, connection, _version):
        self.connection = connection

    @staticmethod
    def _key():
        """A key and its number: the digits of number x spaces, mixed with spaces and letters."""
        spaces = random.randint(1, 12)
        number = random.randint(0, 0xFFFFFFFF // spaces)
        key = list("a" + str(number * spaces) + "Z")
        for _ in range(spaces):
            key.insert(random.randint(1, len(key) - 1), " ")
        return "".join(key), number

    def ask(self, host, secure):
        (key1, number1), (key2, number2) = self._key(), self._key()
        key3 = os.urandom(8)
        self.answer = hashlib.md5(struct.pack("!II", number1, number2) + key3).digest()
        scheme = "https" if secure else "http"
        fields = [
            ("Upgrade", "WebSocket"),
            ("Connection", "Upgrade"),
            ("Origin", f"{scheme}://{host}"),
            ("Sec-WebSocket-Key1", key1),
            ("Sec-WebSocket-Key2", key2),
        ]
        return self.connection.request(host, fields, key3)

    def check(self, fields, host, secure):
        location = f"{'wss' if secure else 'ws'}://{host}{PATH}"
        found = fields.get("sec-websocket-location")
        require(found == location, f"the location is {found}, not {location}")
        require(self.connection.read(16) == self.answer, "wrong answer to the challenge")

    def echo(self, text):
        self.connection.send(b"\x00" + text + b"\xff")
        require(self.connection.read(1) == b"\x00", "no text frame received")
        require(self.connection.read_until(b"\xff") == text, f"{len(text)} bytes differ")

    def close(self):
        self.connection.send(b"\xff\x00")
        require(self.connection.read(2) == b"\xff\x00", "no closing frame received")


def run(arguments):
    host, port = arguments.address.split(":")
    connection = Connection((host, int(port)), arguments.tls, arguments.source)
    draft = Hixie76 if arguments.version == 76 else Hybi
    client = draft(connection, arguments.version)
    status, fields = client.ask(arguments.address, arguments.tls)
    if arguments.refused:
        expected, text = arguments.refused
        require(status == expected, f"the status is {status}, not {expected}")
        body = connection.read_body(fields)
        require(text in body, f"unexpected body: {body!r}")
        print(f"refused with {status}")
        return
    if status != "101":
        raise Failure(f"refused with {status}: {connection.read_body(fields)!r}")
    client.check(fields, arguments.address, arguments.tls)
    for text in TEXTS:
        client.echo(text.encode())
    client.close()
    location = fields.get("sec-websocket-location", "")
    print(f"version {arguments.version}: {len(TEXTS)} texts echoed {location}")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("address")
    parser.add_argument("version", type=int, choices=[76, 7, 8, 13])
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--from", dest="source")
    parser.add_argument("--refused", nargs=2)
    try:
        run(parser.parse_args())
    except (Failure, OSError, ValueError, IndexError) as error:
        print(f"FAIL {error}")
        sys.exit(1)
    print("PASS")


if __name__ == "__main__":
    main()
