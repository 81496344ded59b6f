"""A relay for version 7: rewrites the version of each request of the test suite from 8 to 7.

    relay7.py HOST:PORT

The two drafts share their handshake and their frames; the suite supports 8 but not 7. It prints its
address as the server does, and ends with SIGTERM.
"""

import asyncio
import sys

VERSION_8 = b"Sec-WebSocket-Version: 8\r\n"
VERSION_7 = b"Sec-WebSocket-Version: 7\r\n"
CHUNK = 1 << 16


async def relay(reader, writer):
    try:
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.close()


async def serve(client, host, port):
    reader, writer = client
    try:
        server_reader, server_writer = await asyncio.open_connection(host, port)
        head = await reader.readuntil(b"\r\n\r\n")
        if head.count(VERSION_8) == 1:
            server_writer.write(head.replace(VERSION_8, VERSION_7))
            await asyncio.gather(relay(reader, server_writer), relay(server_reader, writer))
        server_writer.close()
    except (OSError, asyncio.IncompleteReadError) as error:
        print(error, file=sys.stderr)
    writer.close()


async def main():
    host, port = sys.argv[1].rsplit(":", 1)
    server = await asyncio.start_server(
        lambda reader, writer: serve((reader, writer), host, int(port)), "127.0.0.1", 0
    )
    print("listening on ws://%s:%d/" % server.sockets[0].getsockname(), flush=True)
    await server.serve_forever()


asyncio.run(main())
