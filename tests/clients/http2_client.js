// WebSockets in the streams of one HTTP/2 connection (RFC 8441):
//
//   node http2_client.js URL [UNREAD_MEBIBYTES]
//
// URL is https://HOST:PORT/websocket, or http: for HTTP/2 without TLS and with prior knowledge;
// that path echoes messages. HTTP/2 is Node's own, the WebSocket frames are those of npm's `ws` 8.
// The received bytes are parsed to see how each stream ends. Checks
//
// * SETTINGS_ENABLE_CONNECT_PROTOCOL, and five WebSockets at once: text and binary messages of
//   every length encoding, ping, and a closing handshake with a code;
// * that the stream then ends with END_STREAM, and without RST_STREAM;
// * that they are served while a sixth, whose echoes are not read, is blocked; it continues when it
//   is read, and loses no bytes. UNREAD_MEBIBYTES (default: 1) are sent on it; more than the
//   connection window passes only if no single stream may take all of that window;
// * the refusals: 501 for a `:protocol` other than websocket, 400 for a version other than 13
//   with `sec-websocket-version: 13`; the connection can be used after them.
//
// The last line printed is PASS or FAIL; the exit code matches.

'use strict';

const http2 = require('http2');
const net = require('net');
const tls = require('tls');
const { Duplex } = require('stream');
const WebSocket = require('ws');

const TIMEOUT_MILLISECONDS = 60000;
const WEBSOCKETS = 5;

const UNREAD_SIZE = 64 * 1024;
const UNREAD_MESSAGES = Number(process.argv[3] || 1) * 1024 * 1024 / UNREAD_SIZE;
// A stream that received nothing for this long is blocked.
const HALT_MILLISECONDS = 500;

const DATA = 0x0;
const RST_STREAM = 0x3;
const END_STREAM = 0x1;
const FRAME_HEAD = 9;

const url = new URL(process.argv[2]);

function check(condition, what) {
  if (!condition) {
    throw new Error(what);
  }
}

function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

// The transport of the connection, which records for every stream the bytes in its DATA frames, and
// how it ended.
class Tap extends Duplex {
  constructor(socket) {
    super();
    this.socket = socket;
    this.streams = new Map();
    this.head = Buffer.alloc(0);
    this.skip = 0;
    socket.on('data', (chunk) => {
      this.note(chunk);
      if (!this.push(chunk)) {
        socket.pause();
      }
    });
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  seen(id) {
    if (!this.streams.has(id)) {
      this.streams.set(id, { bytes: 0, ended: false, reset: null });
    }
    return this.streams.get(id);
  }

  note(chunk) {
    while (chunk.length > 0) {
      if (this.skip > 0) {
        const skipped = Math.min(this.skip, chunk.length);
        this.skip -= skipped;
        chunk = chunk.subarray(skipped);
        continue;
      }
      // RST_STREAM's payload, four bytes, is recorded as the code.
      const wanted = this.head.length > 3 && this.head[3] === RST_STREAM
        ? FRAME_HEAD + 4 : FRAME_HEAD;
      const taken = Math.min(wanted - this.head.length, chunk.length);
      this.head = Buffer.concat([this.head, chunk.subarray(0, taken)]);
      chunk = chunk.subarray(taken);
      const isReset = this.head.length > 3 && this.head[3] === RST_STREAM;
      if (this.head.length === FRAME_HEAD + (isReset ? 4 : 0)) {
        this.noteFrame(isReset);
      }
    }
  }

  noteFrame(isReset) {
    const size = this.head.readUIntBE(0, 3);
    const stream = this.seen(this.head.readUInt32BE(5) & 0x7fffffff);
    if (isReset) {
      stream.reset = this.head.readUInt32BE(FRAME_HEAD);
    } else {
      this.skip = size;
      if (this.head[3] === DATA) {
        stream.bytes += size;
        stream.ended ||= (this.head[4] & END_STREAM) !== 0;
      }
    }
    this.head = Buffer.alloc(0);
  }

  _read() {
    this.socket.resume();
  }

  _write(chunk, encoding, callback) {
    this.socket.write(chunk, callback);
  }

  _final(callback) {
    this.socket.end(callback);
  }

  _destroy(error, callback) {
    this.socket.destroy();
    callback(error);
  }
}

async function connect() {
  const host = url.hostname;
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  let socket;
  if (url.protocol === 'https:') {
    // Any certificate is accepted: this is a test on loopback.
    socket = tls.connect({
      host, port, servername: net.isIP(host) ? '' : host, ALPNProtocols: ['h2'],
      rejectUnauthorized: false,
    });
    await event(socket, 'secureConnect');
    check(socket.alpnProtocol === 'h2', `ALPN chose ${socket.alpnProtocol}`);
  } else {
    socket = net.connect({ host, port });
    await event(socket, 'connect');
  }
  socket.setNoDelay(true);
  const tap = new Tap(socket);
  const session = http2.connect(url.origin, { createConnection: () => tap });
  const settings = await event(session, 'remoteSettings');
  check(settings.enableConnectProtocol === true,
    `no SETTINGS_ENABLE_CONNECT_PROTOCOL: ${JSON.stringify(settings)}`);
  return { session, tap };
}

// The next event of that name; an error or an end instead is thrown.
function event(emitter, name) {
  return new Promise((resolve, reject) => {
    emitter.once(name, resolve);
    emitter.once('error', reject);
    emitter.once('close', () => reject(new Error(`closed before \`${name}\``)));
  });
}

// An extended CONNECT and its response head.
async function request(session, fields = {}) {
  const stream = session.request({
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': url.protocol.slice(0, -1),
    ':authority': url.host,
    ':path': url.pathname + url.search,
    'sec-websocket-version': '13',
    origin: url.origin,
    ...fields,
  }, { endStream: false });
  const response = await event(stream, 'response');
  return { stream, response };
}

async function open(session) {
  const { stream, response } = await request(session);
  check(response[':status'] === 200, `status ${response[':status']}: ${JSON.stringify(response)}`);
  for (const name of ['connection', 'upgrade', 'sec-websocket-accept']) {
    check(!(name in response), `\`${name}\` belongs to HTTP/1.1`);
  }
  return stream;
}

// A WebSocket of `ws` on an open stream: as `ws` itself does after its own opening handshake.
function speak(stream) {
  const socket = new WebSocket(null, undefined, { autoPong: true, closeTimeout: 5000 });
  socket._isServer = false;
  stream.setNoDelay = () => {};
  socket.setSocket(stream, Buffer.alloc(0), {
    allowSynchronousEvents: true,
    maxPayload: 1 << 24,
    skipUTF8Validation: false,
  });
  return socket;
}

// Closes, waits for the end of the stream, and checks how it ended.
async function close({ tap }, stream, socket) {
  const closed = new Promise((resolve) => {
    socket.once('close', resolve);
  });
  socket.close(4001, 'bye');
  const code = await closed;
  check(code === 4001, `closed with ${code}`);
  // A frame that resets the stream could still be in flight.
  await sleep(100);
  const seen = tap.seen(stream.id);
  check(seen.ended, `stream ${stream.id} has no END_STREAM`);
  check(seen.reset === null, `RST_STREAM on stream ${stream.id} with code ${seen.reset}`);
}

async function talk(connection, number) {
  const stream = await open(connection.session);
  const socket = speak(stream);
  const sent = [
    'hello',
    '',
    'h\u00e9llo \u20ac \ud83d\ude00',
    'a'.repeat(125),
    'b'.repeat(126),
    'c'.repeat(65535),
    'd'.repeat(65536),
    '\u20ac'.repeat(70000),
    Buffer.alloc(0),
    Buffer.alloc(150000, number + 1),
  ];
  const received = [];
  const all = new Promise((resolve, reject) => {
    socket.on('message', (data, isBinary) => {
      received.push(isBinary ? data : String(data));
      if (received.length === sent.length) {
        resolve();
      }
    });
    socket.once('error', reject);
    socket.once('close', (code) => reject(new Error(
      `closed with ${code} after ${received.length} of ${sent.length} messages`)));
  });
  sent.forEach((message) => socket.send(message));
  await all;
  sent.forEach((message, i) => {
    const same = Buffer.isBuffer(message)
      ? Buffer.isBuffer(received[i]) && message.equals(received[i]) : message === received[i];
    check(same, `message ${i} came back different`);
  });
  const pong = event(socket, 'pong');
  socket.ping('are you there');
  check(String(await pong) === 'are you there', 'another pong');
  await close(connection, stream, socket);
}

// A WebSocket whose echoes are not read until `finish` is called, which reads them all.
async function openUnread(connection) {
  const { session, tap } = connection;
  const stream = await open(session);
  const socket = speak(stream);
  socket.pause();
  const message = (i) => Buffer.alloc(UNREAD_SIZE, i + 1);
  for (let i = 0; i < UNREAD_MESSAGES; i += 1) {
    socket.send(message(i));
  }
  const seen = tap.seen(stream.id);
  for (let before = -1; before !== seen.bytes;) {
    before = seen.bytes;
    await sleep(HALT_MILLISECONDS);
  }
  check(seen.bytes > 0, 'no echo came at all');
  check(seen.bytes < UNREAD_MESSAGES * UNREAD_SIZE, 'the stream did not come to a halt');

  async function finish() {
    let received = 0;
    const all = new Promise((resolve, reject) => {
      socket.on('message', (data) => {
        if (!message(received).equals(data)) {
          reject(new Error(`message ${received} of the unread stream came back different`));
        }
        received += 1;
        if (received === UNREAD_MESSAGES) {
          resolve();
        }
      });
      socket.once('close', (code) => reject(new Error(
        `the unread stream closed with ${code} after ${received} messages`)));
    });
    socket.resume();
    await all;
    await close(connection, stream, socket);
  }
  return { halted: seen.bytes, finish };
}

async function talks(connection) {
  await Promise.all(Array.from({ length: WEBSOCKETS }, (_, number) => talk(connection, number)));
}

async function requireRefusal(session, fields, status) {
  const { stream, response } = await request(session, fields);
  check(response[':status'] === status,
    `${JSON.stringify(fields)} gets ${response[':status']} and not ${status}`);
  stream.on('error', () => {});
  let words = '';
  stream.setEncoding('utf8');
  for await (const part of stream) {
    words += part;
  }
  stream.close();
  check(words.trim().split(/\s+/).length >= 5, `no words: "${words}"`);
  console.log(`${status}: ${words.trim()}`);
  return response;
}

async function drive() {
  const connection = await connect();
  const { session } = connection;
  const failed = new Promise((_, reject) => {
    session.once('error', reject);
    session.once('goaway', (code) => reject(new Error(`GOAWAY with code ${code}`)));
  });
  await Promise.race([failed, (async () => {
    await talks(connection);
    console.log(`${WEBSOCKETS} WebSockets on one HTTP/2 connection`);

    const unread = await openUnread(connection);
    console.log(`an unread stream blocked after ${unread.halted} bytes`);
    await talks(connection);
    console.log(`${WEBSOCKETS} WebSockets next to it`);
    await unread.finish();
    console.log('the unread stream was complete when it was read');

    await requireRefusal(session, { ':protocol': 'no-such-protocol' }, 501);
    for (const version of ['8', '14']) {
      const response = await requireRefusal(session, { 'sec-websocket-version': version }, 400);
      check(response['sec-websocket-version'] === '13',
        `400 with sec-websocket-version "${response['sec-websocket-version']}"`);
    }
    await talk(connection, 0);
    console.log('a WebSocket after the refusals');
  })()]);
}

const deadline = new Promise((_, reject) => {
  setTimeout(() => reject(new Error(`no end after ${TIMEOUT_MILLISECONDS} ms`)),
    TIMEOUT_MILLISECONDS);
});
Promise.race([drive(), deadline]).then(() => {
  console.log('PASS');
  process.exit(0);
}, (error) => {
  console.log(`FAIL ${error.message}`);
  process.exit(1);
});
