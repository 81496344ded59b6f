#!/usr/bin/env python3
"""A decompression bomb: a message of 1 MiB that inflates to 1 GiB, and its cost to the server.

    tests/clients/deflate_bomb.py HOST:PORT PID

The server echoes messages and negotiates permessage-deflate; PID is its process, on this machine.
Checks that the connection is closed with 1009, that the server's peak memory grows by less than
GROWTH_MIB, and that it uses less than CPU_SECONDS of CPU time. A message within the limit is sent
first, so that the buffers that any message needs are allocated.

The last line is PASS or FAIL; the exit code is 0 or 1.
"""

import os
import socket
import struct
import sys
import zlib

GROWTH_MIB = 4
CPU_SECONDS = 1.0
SECONDS = 30
KEY = b"\x01\x02\x03\x04"
REQUEST = (
    "GET / HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
)


def compressed(zeros):
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = bytes(1 << 20)
    payload = b"".join(engine.compress(piece) for _ in range(zeros >> 20))
    return (payload + engine.flush(zlib.Z_SYNC_FLUSH))[:-4]


def frame(payload):
    if len(payload) < 126:
        length = struct.pack("!BB", 0xC2, 0x80 | len(payload))
    elif len(payload) < 65536:
        length = struct.pack("!BBH", 0xC2, 0x80 | 126, len(payload))
    else:
        length = struct.pack("!BBQ", 0xC2, 0x80 | 127, len(payload))
    masked = bytearray(payload)
    for i in range(4):
        masked[i::4] = bytes(byte ^ KEY[i] for byte in masked[i::4])
    return length + KEY + bytes(masked)


def memory(pid, name):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith(name))
    return int(line.split()[1])


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def connect(address):
    host, port = address.rsplit(":", 1)
    connection = socket.create_connection((host, int(port)), timeout=SECONDS)
    connection.sendall(REQUEST.format(address).encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    assert b"permessage-deflate" in head, head
    return connection


def send(connection, payload):
    try:
        connection.sendall(frame(payload))
    except (BrokenPipeError, ConnectionResetError):
        pass  # refused before its end


def read(connection, count):
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        assert more, f"the connection ended after {data!r}"
        data += more
    return data


def main():
    address, pid = sys.argv[1:]
    bomb = compressed(1 << 30)
    print(f"1 GiB of zeros is {len(bomb)} bytes")
    with connect(address) as connection:
        send(connection, compressed(1 << 20))
        first, length = read(connection, 2)
        assert first == 0xC2, f"{first:#x} {connection.recv(length)!r}"
        read(connection, {126: 2}.get(length, 0))
    before, cpu = memory(pid, "VmRSS"), cpu_seconds(pid)
    with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as peak:
        peak.write("5")
    with connect(address) as connection:
        send(connection, bomb)
        close = read(connection, 4)
    code = struct.unpack("!H", close[2:])[0]
    growth = memory(pid, "VmHWM") - before
    spent = cpu_seconds(pid) - cpu
    print(f"closed with {code}; memory at its peak grew by {growth} KiB, CPU {spent:.2f} s")
    assert code == 1009, f"closed with {code}"
    assert growth < GROWTH_MIB * 1024, f"{growth} KiB"
    assert spent < CPU_SECONDS, f"{spent} s"


try:
    main()
except Exception as error:  # any failure must be the last line
    print(f"FAIL {type(error).__name__}: {error}")
    sys.exit(1)
print("PASS")
