// npm's `ws` 8 with permessage-deflate against an echo server:
//
//   node deflate_client.js URL AGREED [OPTION=VALUE...]
//
// AGREED is the extension that the server must accept; with `none` it must accept no extension. The
// options are those of `perMessageDeflate` in `ws`: serverNoContextTakeover=true,
// clientMaxWindowBits=10. Checks an echo of texts and binary messages of every length encoding,
// compressed ones and, below the client's threshold, uncompressed ones between them; that the echo
// of compressible messages takes fewer bytes; and a closing handshake with a code.
//
// The last line printed is PASS or FAIL; the exit code matches.

'use strict';

const WebSocket = require('ws');

const TIMEOUT_MILLISECONDS = 60000;
const [url, agreed, ...options] = process.argv.slice(2);

function end(failure) {
  console.log(failure ? `FAIL ${failure}` : 'PASS');
  process.exit(failure ? 1 : 0);
}

setTimeout(() => end(`no end after ${TIMEOUT_MILLISECONDS} ms`), TIMEOUT_MILLISECONDS);

const record = (i) => ({ id: i, user: `user ${i % 7}`, event: 'order.filled', price: i * 7919 % 5000 });
const json = (size) => {
  let text = '';
  for (let i = 0; text.length < size; i += 1) {
    text += JSON.stringify(record(i));
  }
  return text.slice(0, size);
};

// Noise, which is incompressible, from a generator, so that each run is the same.
function noise(size) {
  let state = 1;
  return Buffer.from(Array.from({ length: size }, () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state >> 16;
  }));
}

const messages = [];
for (let round = 0; round < 5; round += 1) {
  for (const size of [0, 1, 100, 127, 128, 1000, 4096, 65535, 65536, 300000]) {
    messages.push(json(size), Buffer.from(json(size)), noise(Math.min(size, 70000)));
  }
  messages.push('h\u00e9llo \u20ac \ud83d\ude00'.repeat(500));
}
const total = messages.reduce((sum, message) => sum + Buffer.byteLength(message), 0);

const perMessageDeflate = { threshold: 100 };
for (const option of options) {
  const [name, value] = option.split('=');
  perMessageDeflate[name] = JSON.parse(value);
}
const socket = new WebSocket(url, { perMessageDeflate, maxPayload: 1 << 24 });
let echoed = 0;
let response;
let connection;

socket.on('upgrade', (head) => {
  response = head.headers['sec-websocket-extensions'];
  connection = head.socket;
});
socket.on('open', () => {
  console.log(`negotiated ${response}`);
  if ((response || 'none') !== agreed) {
    end(`not ${agreed}`);
  }
  messages.forEach((message) => socket.send(message));
});
socket.on('message', (data, binary) => {
  const message = messages[echoed];
  if (binary !== Buffer.isBuffer(message) || !data.equals(Buffer.from(message))) {
    end(`message ${echoed} came back different`);
  }
  echoed += 1;
  if (echoed === messages.length) {
    socket.close(4001, 'bye');
  }
});
socket.on('close', (code, reason) => {
  const ratio = connection.bytesRead / total;
  console.log(`${echoed} messages, ${total} bytes in ${connection.bytesRead} (${ratio.toFixed(2)})`);
  if (echoed !== messages.length || code !== 4001) {
    end(`closed with ${code} ${reason} after ${echoed} messages`);
  }
  // A quarter of it is noise.
  const compressed = ratio < 0.6;
  end(compressed === (agreed !== 'none') ? undefined : `compressed: ${compressed}`);
});
socket.on('error', (error) => end(error.message));
