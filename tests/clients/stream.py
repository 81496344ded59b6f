#!/usr/bin/env python3
"""Carries bytes through the gateway and back, in the newest draft and in the oldest.

    tests/clients/stream.py WS_SERVER [MEBIBYTES] [SERVER_OPTION...]

Starts a TCP echo service of its own and `WS_SERVER 127.0.0.1:0 tcp:...` in front of it. Then

* version 13 sends masked binary frames, some in fragments, with pings in between;
* hixie-76, which has no binary frames, speaks the subprotocol `base64`;

and each carries MEBIBYTES (default: 100) of random bytes in both directions at the same time, in
messages of up to 64 KiB. Checks that no byte is lost, duplicated or reordered (length and SHA-256),
that backpressure slows the sender down and does not break the connection, that the closing
handshake is answered, and that the service sees the end of its stream.

The client below is written only for this check and shares no code with the server. It needs only
Python's standard library. Each part ends within PART_SECONDS. The last line is PASS or FAIL; the
exit code is 0 or 1.
"""

import base64
import collections
import hashlib
import os
import random
import re
import select
import socket
import struct
import subprocess
import sys
import threading
import time

from drafts import BINARY, CLOSE, CONTINUATION, FIN, MASK, PING, PONG, TEXT, Failure, require

PART_SECONDS = 120
START_SECONDS = 10
LARGEST_MESSAGE = 64 * 1024
# The boundaries of every length encoding, and a few common sizes.
SIZES = [1, 2, 3, 125, 126, 127, 128, 1448, 4096, 16383, 16384, 65535, 65536]


class EchoService:
    """A TCP echo service; the target of the gateway."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.ended = threading.Semaphore(0)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self._echo, args=(connection,), daemon=True).start()

    def _echo(self, connection):
        with connection:
            try:
                while chunk := connection.recv(256 * 1024):
                    connection.sendall(chunk)
            except OSError as error:
                print(f"echo service: {error}", file=sys.stderr)
        self.ended.release()

    def require_end(self):
        """The gateway has passed on the end of the client's stream."""
        require(self.ended.acquire(timeout=10), "the service never saw the end of its stream")


class Gateway:
    """The server under test."""

    def __init__(self, command, target, options):
        self.process = subprocess.Popen(
            [command, "127.0.0.1:0", target, *options], stdout=subprocess.PIPE
        )
        self.address = self._read_address()

    def _read_address(self):
        ready, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
        line = self.process.stdout.readline().decode() if ready else ""
        match = re.match(r"listening on ws://127\.0\.0\.1:(\d+)/", line)
        if match is None:
            self.stop()
            raise Failure(f"the server did not print the address it listens on: {line!r}")
        return ("127.0.0.1", int(match.group(1)))

    def stop(self):
        """Ends the server with SIGTERM; None when it does not exit."""
        self.process.terminate()
        try:
            return self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None


class Connection:
    """A socket with a deadline and a buffer. One thread may send while another reads."""

    def __init__(self, address):
        self.socket = socket.create_connection(address, timeout=PART_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()
        self.expired = False
        self.timer = threading.Timer(PART_SECONDS, self._expire)
        self.timer.daemon = True
        self.timer.start()

    def _expire(self):
        self.expired = True
        self.abort()

    def abort(self):
        """Wakes both threads, unlike `close`, which does not wake a blocked reader."""
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the peer has closed it already

    def send(self, data):
        require(not self.expired, f"not done after {PART_SECONDS} s")
        self.socket.sendall(data)

    def _fill(self):
        chunk = self.socket.recv(256 * 1024)
        require(not self.expired, f"not done after {PART_SECONDS} s")
        require(chunk, "the server closed TCP early")
        self.buffer += chunk

    def read(self, size):
        while len(self.buffer) < size:
            self._fill()
        data = bytes(self.buffer[:size])
        del self.buffer[:size]
        return data

    def read_until(self, delimiter):
        start = 0
        while (end := self.buffer.find(delimiter, start)) < 0:
            start = max(0, len(self.buffer) - len(delimiter) + 1)
            self._fill()
        data = bytes(self.buffer[:end])
        del self.buffer[: end + len(delimiter)]
        return data

    def require_eof(self):
        """The server closes TCP after the closing handshake."""
        require(not self.buffer, "bytes after the closing handshake")
        self.socket.settimeout(10)
        require(self.socket.recv(1) == b"", "bytes after the closing handshake")
        require(not self.expired, f"not done after {PART_SECONDS} s")
        self.timer.cancel()
        self.socket.close()

    def request(self, fields, body=b""):
        """Sends an opening handshake; returns the fields of a 101, in lower case."""
        lines = ["GET /stream HTTP/1.1", *(f"{name}: {value}" for name, value in fields)]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        status, *lines = self.read_until(b"\r\n\r\n").decode().split("\r\n")
        require(status.startswith("HTTP/1.1 101 "), f"refused: {status}")
        pairs = (line.split(":", 1) for line in lines)
        return {name.lower(): value.strip() for name, value in pairs}


class Rfc6455:
    """A client of version 13 that sends binary messages."""

    name = "rfc6455, binary frames"

    def __init__(self, address):
        self.connection = Connection(address)
        self.random = random.Random(13)
        self.sent = 0
        self.pings = []
        # pongs for the server's pings: the reading thread queues them for the sending one
        self.pongs = collections.deque()
        self._open("%s:%d" % address)

    def _open(self, host):
        key = base64.b64encode(os.urandom(16)).decode()
        fields = self.connection.request([
            ("Host", host),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", key),
            ("Sec-WebSocket-Protocol", "binary"),
        ])
        guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1((key + guid).encode()).digest()).decode()
        require(fields.get("sec-websocket-accept") == accept, "wrong Sec-WebSocket-Accept")
        require(fields.get("sec-websocket-protocol") == "binary", f"no `binary`: {fields}")

    def frame(self, first, payload):
        """A masked frame; the payload is masked as one long number."""
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", first, MASK | size)
        elif size < 65536:
            head = struct.pack("!BBH", first, MASK | 126, size)
        else:
            head = struct.pack("!BBQ", first, MASK | 127, size)
        # no zero bytes: every masked byte differs from the original
        key = bytes(self.random.randrange(1, 256) for _ in range(4))
        stream = (key * (size // 4 + 1))[:size]
        masked = int.from_bytes(payload, "little") ^ int.from_bytes(stream, "little")
        return head + key + masked.to_bytes(size, "little")

    def send(self, payload):
        self._send_pongs()
        self.sent += 1
        if self.sent % 16 != 0 or len(payload) < 3:
            self.connection.send(self.frame(FIN | BINARY, payload))
            return
        # in three fragments, with a ping in between
        third = len(payload) // 3
        ping = str(self.sent).encode()
        self.pings.append(ping)
        self.connection.send(
            self.frame(BINARY, payload[:third])
            + self.frame(CONTINUATION, payload[third : 2 * third])
            + self.frame(FIN | PING, ping)
            + self.frame(FIN | CONTINUATION, payload[2 * third :])
        )

    def _send_pongs(self):
        while self.pongs:
            self.connection.send(self.frame(FIN | PONG, self.pongs.popleft()))

    def _read_frame(self):
        first, second = self.connection.read(2)
        require(first & 0x70 == 0, "a reserved bit is set")
        require(second & MASK == 0, "the server masks")
        size = second
        if second == 126:
            (size,) = struct.unpack("!H", self.connection.read(2))
        elif second == 127:
            (size,) = struct.unpack("!Q", self.connection.read(8))
        return first & FIN != 0, first & 0x0F, self.connection.read(size)

    def receive(self):
        """The bytes of the next data frame. Message boundaries are ignored."""
        while True:
            _, opcode, payload = self._read_frame()
            if opcode in (BINARY, CONTINUATION):
                return payload
            if opcode == PING:
                self.pongs.append(payload)
            elif opcode == PONG:
                self._take_pong(payload)
            else:
                raise Failure(f"unexpected opcode {opcode:#x} with {payload[:125]!r}")

    def _take_pong(self, payload):
        """A pong may answer several pings (RFC 6455, 5.5.3)."""
        require(payload in self.pings, f"an unsolicited pong: {payload!r}")
        del self.pings[: self.pings.index(payload) + 1]

    def close(self):
        self._send_pongs()
        self.connection.send(self.frame(FIN | CLOSE, struct.pack("!H", 1000) + b"done"))
        opcode = PONG
        while opcode == PONG:
            final, opcode, payload = self._read_frame()
            if opcode == PONG:
                self._take_pong(payload)
        require(final and opcode == CLOSE, f"opcode {opcode:#x} and not Close")
        require(payload[:2] == struct.pack("!H", 1000), f"Close with {payload!r}, not 1000")
        require(not self.pings, f"{len(self.pings)} pings without an answer")
        self.connection.require_eof()


class Hixie76:
    """A client of hixie-76 that speaks the subprotocol `base64`."""

    name = "hixie76, base64"

    def __init__(self, address):
        self.connection = Connection(address)
        self.random = random.Random(76)
        self._open("%s:%d" % address)

    def _key(self):
        """A key of the opening handshake and the number in it: spaces and other characters are
        scattered over the digits of number x spaces, and none of the spaces is at an end."""
        spaces = self.random.randint(1, 12)
        number = self.random.randint(0, 4294967295 // spaces)
        key = list(str(number * spaces))
        noise = [chr(code) for code in (*range(0x21, 0x30), *range(0x3A, 0x7F))]
        for _ in range(self.random.randint(2, 12)):
            key.insert(self.random.randint(0, len(key)), self.random.choice(noise))
        for _ in range(spaces):
            key.insert(self.random.randint(1, len(key) - 1), " ")
        return "".join(key), number

    def _open(self, host):
        key1, number1 = self._key()
        key2, number2 = self._key()
        key3 = self.random.randbytes(8)
        fields = self.connection.request(
            [
                ("Host", host),
                ("Upgrade", "WebSocket"),
                ("Connection", "Upgrade"),
                ("Origin", f"http://{host}"),
                ("Sec-WebSocket-Protocol", "base64"),
                ("Sec-WebSocket-Key1", key1),
                ("Sec-WebSocket-Key2", key2),
            ],
            body=key3,
        )
        require(fields.get("upgrade") == "WebSocket", f"Upgrade must be `WebSocket`: {fields}")
        require(fields.get("sec-websocket-origin") == f"http://{host}", f"origin: {fields}")
        require(
            fields.get("sec-websocket-location") == f"ws://{host}/stream", f"location: {fields}"
        )
        require(fields.get("sec-websocket-protocol") == "base64", f"no `base64`: {fields}")
        answer = hashlib.md5(struct.pack("!II", number1, number2) + key3).digest()
        require(self.connection.read(16) == answer, "wrong answer to the challenge")

    def send(self, payload):
        self.connection.send(b"\x00" + base64.b64encode(payload) + b"\xff")

    def receive(self):
        first = self.connection.read(1)
        require(first == b"\x00", f"a frame of type {first.hex()}, not text")
        return base64.b64decode(self.connection.read_until(b"\xff"), validate=True)

    def close(self):
        self.connection.send(b"\xff\x00")
        answer = self.connection.read(2)
        require(answer == b"\xff\x00", f"{answer.hex()} and not FF 00")
        self.connection.require_eof()


def send_random(client, total, digest):
    """Sends `total` random bytes in messages of all sizes; runs in a thread."""
    sizes = random.Random(total)
    # `base64` encodes three bytes as four
    largest = LARGEST_MESSAGE * 3 // 4 if isinstance(client, Hixie76) else LARGEST_MESSAGE
    left = total
    while left > 0:
        size = sizes.choice(SIZES) if sizes.random() < 0.1 else sizes.randint(1, largest)
        payload = os.urandom(min(size, largest, left))
        digest.update(payload)
        client.send(payload)
        left -= len(payload)


def carry(client, total):
    """Sends and receives concurrently, and compares."""
    sent, received = hashlib.sha256(), hashlib.sha256()
    failures = []

    def send():
        try:
            send_random(client, total, sent)
        except (Failure, OSError) as error:
            failures.append(error)
            client.connection.abort()

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    count = 0
    try:
        while count < total:
            payload = client.receive()
            received.update(payload)
            count += len(payload)
    except (Failure, OSError, ValueError) as error:
        failures.append(error)
        client.connection.abort()
    sender.join(timeout=PART_SECONDS)
    if failures:
        raise Failure(f"after {count} of {total} bytes: {failures[0]}")
    require(count == total, f"{count} bytes received for {total}")
    require(received.digest() == sent.digest(), "the received bytes differ from the sent ones")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    command, *rest = sys.argv[1:]
    mebibytes = int(rest[0]) if rest else 100
    total = mebibytes << 20
    service = EchoService()
    gateway = None
    try:
        gateway = Gateway(command, f"tcp:127.0.0.1:{service.port}", rest[1:])
        for draft in (Rfc6455, Hixie76):
            begin = time.monotonic()
            client = draft(gateway.address)
            carry(client, total)
            client.close()
            service.require_end()
            seconds = time.monotonic() - begin
            print(f"{draft.name}: {mebibytes} MiB both ways in {seconds:.1f} s", flush=True)
        require(gateway.process.poll() is None, "the server exited by itself")
        require(gateway.stop() is not None, "the server did not exit at SIGTERM")
    except (Failure, OSError, ValueError) as error:
        if gateway is not None:
            gateway.stop()
        print(f"FAIL {error}")
        sys.exit(1)
    print("PASS")


if __name__ == "__main__":
    main()
