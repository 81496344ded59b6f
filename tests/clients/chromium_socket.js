// Chromium's WebSocket against an echo server: node chromium_socket.js HOST:PORT
//
// The test uses the WebSocket of a page. Checks an echo of text and of binary messages of every
// length encoding, without a wait between them, and a closing handshake with a code and a reason
// both ways.
//
// The last line printed is PASS or FAIL; the exit code matches.

'use strict';

const { run, check } = require('./chromium.js');

const address = process.argv[2];

// Runs in the page, where nothing of this script is in scope.
function talk(url) {
  const texts = [
    'hello',
    '',
    'h\u00e9llo \u20ac \ud83d\ude00',
    'a'.repeat(125),
    'b'.repeat(126),
    'c'.repeat(65535),
    'd'.repeat(65536),
    '\u20ac'.repeat(70000),
  ];
  const binaries = [0, 1, 65536, 200000].map((size) => {
    return Uint8Array.from({ length: size }, (_, i) => (i * 7919) >> 3);
  });
  const messages = [...texts, ...binaries];

  function same(received, sent) {
    if (typeof sent === 'string') {
      return received === sent;
    }
    const bytes = new Uint8Array(received);
    return bytes.length === sent.length && bytes.every((byte, i) => byte === sent[i]);
  }

  return new Promise((resolve) => {
    const result = { messages: messages.length, echoed: 0, different: [] };
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => messages.forEach((message) => socket.send(message));
    socket.onmessage = (event) => {
      if (!same(event.data, messages[result.echoed])) {
        result.different.push(result.echoed);
      }
      result.echoed += 1;
      if (result.echoed === messages.length) {
        socket.close(4001, 'bye');
      }
    };
    socket.onclose = (event) => {
      result.clean = event.wasClean;
      result.code = event.code;
      result.reason = event.reason;
      resolve(result);
    };
  });
}

run(async (page) => {
  // A page of the server's own origin, so that it need not allow another one.
  await page.goto(`http://${address}/`, { timeout: 15000 });
  const result = await page.evaluate(talk, `ws://${address}/chat?x=1`);
  console.log(JSON.stringify(result));
  check(result.different.length === 0, 'messages came back different');
  check(result.echoed === result.messages, 'closed early');
  check(result.clean && result.code === 4001, 'not a clean close with the same code');
});
