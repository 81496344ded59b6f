#!/usr/bin/env python3
"""Python's `websockets` with permessage-deflate against an echo server.

    tests/clients/deflate_client.py URL AGREED [NAME=VALUE...]

AGREED is the extension that the server must accept. The names are those of
ClientPerMessageDeflateFactory: server_no_context_takeover=True, client_max_window_bits=10. Checks
an echo of texts and binary messages of every length encoding, in one frame and in fragments, and a
closing handshake.

It needs `websockets` 10 or later. The last line is PASS or FAIL; the exit code is 0 or 1.
"""

import ast
import asyncio
import json
import random
import sys

import websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

SECONDS = 60
SIZES = [0, 1, 100, 128, 1000, 4096, 65535, 65536, 300000]
ROUNDS = 5


def records(size):
    text = ""
    number = 0
    while len(text) < size:
        text += json.dumps({"id": number, "event": "order.filled", "price": number * 7919 % 5000})
        number += 1
    return text[:size]


def messages():
    noise = random.Random(1)
    for _ in range(ROUNDS):
        for size in SIZES:
            yield records(size)
            yield records(size).encode()
            yield noise.randbytes(min(size, 70000))
        yield "h\u00e9llo \u20ac \U0001f600" * 500


def fragments(message):
    third = max(len(message) // 3, 1)
    return [message[start:start + third] for start in range(0, len(message), third)] or [message]


def response_header(connection):
    response = getattr(connection, "response", None)
    headers = response.headers if response else connection.response_headers
    return headers.get("Sec-WebSocket-Extensions")


async def talk(url, agreed, options):
    extensions = [ClientPerMessageDeflateFactory(**options)]
    async with websockets.connect(
        url, extensions=extensions, compression=None, max_size=1 << 24
    ) as connection:
        answered = response_header(connection)
        print(f"negotiated {answered}")
        if answered != agreed:
            raise AssertionError(f"not {agreed}")
        count = 0
        for message in messages():
            for sent in (message, fragments(message)):
                await connection.send(sent)
                echo = await connection.recv()
                if echo != message:
                    raise AssertionError(f"the echo of message {count} differs")
                count += 1
        await connection.close(4001, "bye")
        print(f"{count} messages echoed")
        if connection.close_code != 4001:
            raise AssertionError(f"closed with {connection.close_code}")


def main():
    url, agreed, *pairs = sys.argv[1:]
    options = {name: ast.literal_eval(value) for name, value in (pair.split("=") for pair in pairs)}
    try:
        asyncio.run(asyncio.wait_for(talk(url, agreed, options), SECONDS))
    except Exception as error:  # any failure must be the last line
        print(f"FAIL {type(error).__name__}: {error}")
        sys.exit(1)
    print("PASS")


main()
