#!/usr/bin/env python3
"""Shuts down a site that has many WebSockets open, all of them busy.

    tests/clients/site_shutdown.py PROGRAM [CERT KEY]

Starts `PROGRAM 127.0.0.1:0 [CERT KEY]`, a site that echoes messages at `/websocket`, and opens
CLIENTS connections of all drafts. Some have many small messages in flight, some send large ones
without a pause, some have sent half of one, as half a frame or as the first of its fragments, and
some have not read the echo of a large one to its end. Then it sends SIGTERM, and checks that within
SHUTDOWN_SECONDS

* each client still receives only echoes, in order, each of them complete;
* then it receives the closing frame of its draft: FF 00 on hixie-76, else Close with code 1001;
* the client, which first finishes the frame that it was sending, answers that, and then sees the
  end of TCP and no reset;
* the program exits with code 0.

It needs only Python's standard library. The last line is PASS or FAIL; the exit code is 0 or 1.
"""

import asyncio
import collections
import random
import re
import socket
import ssl
import sys
import time

sys.dont_write_bytecode = True

from drafts import (  # noqa: E402
    CLOSE, DRAFTS, PONG, TEXT, Failure, Hixie76, Site, require,
)

CLIENTS = 200
START_SECONDS = 10
OPENING_SECONDS = 30
SHUTDOWN_SECONDS = 10
PATH = "/websocket"

LARGE = 256 * 1024
# Just within 1 MiB, the server's message limit, and more than the buffers between the two hold:
# while the echo of the first is read slowly, the last has not been read by the server.
UNREAD = 1000 * 1024
RECEIVE_BUFFER = 32 * 1024

GOING_AWAY = 1001


class Client:
    """One connection. `talk`, a method of this class, runs until the server closes."""

    def __init__(self, draft, talk):
        self.name = f"{draft.name}, {talk.__name__}"
        self.draft = draft
        self.talk = talk
        self.random = random.Random(self.name)
        self.sent = collections.deque()
        self.echoes = 0
        self.echoed = asyncio.Condition()
        # `talk` has begun; the server has begun to close; the client may read at full speed
        self.busy = asyncio.Event()
        self.closing = asyncio.Event()
        self.fast = asyncio.Event()
        self.fast.set()

    async def run(self, site, context):
        try:
            await self._connect(site, context)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._receive())
                tasks.create_task(self._send())
        except* (Failure, OSError, EOFError, asyncio.TimeoutError) as errors:
            error = errors.exceptions[0]
            raise Failure(f"{self.name}: {error or type(error).__name__}") from None

    async def _connect(self, site, context):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, site.address)
        self.reader, self.writer = await asyncio.open_connection(
            sock=connection,
            ssl=context,
            server_hostname=site.address[0] if context else None,
            limit=RECEIVE_BUFFER,
        )
        opening = self.draft.opening(site, PATH)
        self.writer.write(opening.head + opening.challenge)
        opening.check((await self.reader.readuntil(b"\r\n\r\n"))[:-4])
        answer = await self.reader.readexactly(len(opening.answer))
        require(answer == opening.answer, "wrong answer to the challenge")

    async def _receive(self):
        parser = self.draft.parser()
        while data := await self.reader.read(64 * 1024 if self.fast.is_set() else 4096):
            parser.feed(data)
            if not self.fast.is_set():
                self.busy.set()
                try:
                    await asyncio.wait_for(self.fast.wait(), 0.05)
                except asyncio.TimeoutError:
                    pass
            for kind, payload in parser.events():
                if kind == TEXT:
                    await self._take_echo(payload)
                elif kind == CLOSE:
                    expected = None if isinstance(self.draft, Hixie76) else GOING_AWAY
                    require(payload == expected, f"Close with {payload} and not {expected}")
                    self.closing.set()
                    await self._wake()
                else:
                    require(kind == PONG, f"a frame with opcode {kind:#x}")
        parser.end()
        require(self.answered, "the server closed TCP before its closing frame was answered")
        self.writer.close()

    async def _take_echo(self, payload):
        require(self.sent, f"{len(payload)} bytes that were never sent")
        expected = self.sent.popleft()
        require(payload == expected, f"{len(payload)} other bytes for {len(expected)}")
        self.echoes += 1
        await self._wake()

    async def _wake(self):
        async with self.echoed:
            self.echoed.notify_all()

    answered = False

    async def _send(self):
        await self.talk(self)
        await self.closing.wait()
        self.answered = True
        self.writer.write(self.draft.closing(GOING_AWAY))
        await self.writer.drain()

    def _message(self, size):
        """A text to send, which is recorded as sent."""
        payload = f"{len(self.sent)} {self.random.random()} ".encode().ljust(size, b"x")
        self.sent.append(payload)
        return payload

    async def _wait_for(self, condition):
        async with self.echoed:
            await self.echoed.wait_for(lambda: self.closing.is_set() or condition())

    # ---- client behaviours ---------------------------------------------------------------------

    async def small_messages(self):
        """Sixteen are always in flight."""
        while not self.closing.is_set():
            self.writer.write(self.draft.text(self._message(self.random.randint(30, 4000))))
            await self.writer.drain()
            await self._wait_for(lambda: len(self.sent) < 16)
            if self.echoes >= 20:
                self.busy.set()

    async def large_messages(self):
        """In parts, and without waiting for more than one echo."""
        while not self.closing.is_set():
            frame = self.draft.text(self._message(LARGE))
            for i in range(0, len(frame), 16 * 1024):
                self.writer.write(frame[i : i + 16 * 1024])
                await self.writer.drain()
            await self._wait_for(lambda: len(self.sent) < 2)
            if self.echoes >= 1:
                self.busy.set()

    async def half_a_frame(self):
        """The other half is sent when the server has begun to close."""
        self.writer.write(self.draft.text(self._message(100)))
        await self._wait_for(lambda: self.echoes == 1)
        frame = self.draft.text(b"x" * LARGE)
        self.writer.write(frame[: LARGE // 2])
        await self.writer.drain()
        self.busy.set()
        await self.closing.wait()
        self.writer.write(frame[LARGE // 2 :])

    async def half_of_the_fragments(self):
        """The others are never sent: a client may close within a message."""
        if isinstance(self.draft, Hixie76):
            return await self.half_a_frame()
        self.writer.write(self.draft.text(self._message(100)))
        self.writer.write(self.draft.frame(TEXT, b"x" * LARGE))
        await self._wait_for(lambda: self.echoes == 1)
        self.busy.set()

    async def echo_unread(self):
        """Large messages, whose echoes are read slowly until SIGTERM has been sent."""
        self.fast.clear()
        for _ in range(5):
            self.writer.write(self.draft.text(self._message(UNREAD)))
        await self.writer.drain()


TALKS = [
    Client.small_messages,
    Client.large_messages,
    Client.half_a_frame,
    Client.half_of_the_fragments,
    Client.echo_unread,
]


async def start(command):
    """The program, and the site whose URL it prints."""
    program = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        line = (await asyncio.wait_for(program.stdout.readline(), START_SECONDS)).decode()
        match = re.match(r"listening on (https?://127\.0\.0\.1:\d+/)", line)
        require(match is not None, f"the program did not print the address it listens on: {line!r}")
    except (Failure, asyncio.TimeoutError):
        await stop(program)
        raise
    return program, Site(match.group(1))


async def stop(program):
    if program.returncode is None:
        program.kill()
        await program.wait()


async def check(program, site, tls):
    require(site.secure == tls, f"the program listens on {site.origin}")
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(["http/1.1"])
    clients = [
        Client(DRAFTS[i % len(DRAFTS)], TALKS[i // len(DRAFTS) % len(TALKS)])
        for i in range(CLIENTS)
    ]
    running = [asyncio.create_task(client.run(site, context)) for client in clients]
    busy = [asyncio.create_task(client.busy.wait()) for client in clients]
    try:
        await all_done(busy, running, OPENING_SECONDS, "clients were not open and busy")
        require(not any(client.closing.is_set() for client in clients), "closed before SIGTERM")
        echoes = sum(client.echoes for client in clients)
        print(f"{CLIENTS} clients busy after {echoes} echoes", flush=True)

        begin = time.monotonic()
        program.terminate()
        await asyncio.sleep(0.2)
        for client in clients:
            client.fast.set()
        left = SHUTDOWN_SECONDS - (time.monotonic() - begin)
        await all_done(running, [], left, "clients did not see the end")
        echoes = sum(client.echoes for client in clients) - echoes
        lost = sum(len(client.sent) for client in clients)
        print(f"all closed {time.monotonic() - begin:.1f} s after SIGTERM, {echoes} echoes "
              f"after it, {lost} messages were not echoed")
        left = max(0.1, SHUTDOWN_SECONDS - (time.monotonic() - begin))
        try:
            code = await asyncio.wait_for(program.wait(), left)
        except asyncio.TimeoutError:
            raise Failure(f"the program still runs {SHUTDOWN_SECONDS} s after SIGTERM") from None
        require(code == 0, f"the program exited with {code}")
        print(f"the program exited {time.monotonic() - begin:.1f} s after SIGTERM")
    finally:
        for task in (*running, *busy):
            task.cancel()
        await asyncio.gather(*running, *busy, return_exceptions=True)


async def all_done(goal, running, seconds, what):
    """Waits for the tasks of `goal`; raises the first failure among those in `running`."""
    end = time.monotonic() + seconds
    goal = set(goal)
    watched = {*goal, *running}
    while goal:
        left = end - time.monotonic()
        require(left > 0, f"{len(goal)} {what} within {seconds:.0f} s")
        done, watched = await asyncio.wait(
            watched, timeout=left, return_when=asyncio.FIRST_COMPLETED
        )
        for task in done:
            task.result()
        goal -= done


async def main():
    if len(sys.argv) not in (2, 4):
        sys.exit(__doc__)
    program, *tls = sys.argv[1:]
    process = None
    try:
        process, site = await start([program, "127.0.0.1:0", *tls])
        await check(process, site, bool(tls))
    except (Failure, OSError, asyncio.TimeoutError) as error:
        print(f"FAIL {error or type(error).__name__}")
        return 1
    finally:
        if process is not None:
            await stop(process)
    print("PASS")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
