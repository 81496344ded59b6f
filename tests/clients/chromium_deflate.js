// Chromium's own permessage-deflate: node chromium_deflate.js PAGE_URL WEBSOCKET_URL
//
// The page is loaded so that its origin is the server's own; the test uses the page's WebSocket.
// Checks that the browser and the server negotiate permessage-deflate, an echo of texts and binary
// messages of every length encoding, several of each, and a closing handshake with a code.
//
// The last line printed is PASS or FAIL; the exit code matches.

'use strict';

const { run, check } = require('./chromium.js');

const [page_url, socket_url] = process.argv.slice(2);

// Runs in the page, where nothing of this script is in scope.
function talk(url) {
  const json = (size) => {
    let text = '';
    for (let i = 0; text.length < size; i += 1) {
      text += JSON.stringify({ id: i, event: 'order.filled', price: (i * 7919) % 5000 });
    }
    return text.slice(0, size);
  };
  const sizes = [0, 1, 127, 128, 1000, 4096, 65535, 65536, 300000];
  const messages = [...sizes, ...sizes, ...sizes].flatMap((size) => [
    json(size), new TextEncoder().encode(json(size)), 'h\u00e9llo \u20ac \ud83d\ude00',
  ]);
  const same = (received, sent) => {
    if (typeof sent === 'string') {
      return received === sent;
    }
    const bytes = new Uint8Array(received);
    return bytes.length === sent.length && bytes.every((byte, i) => byte === sent[i]);
  };
  return new Promise((resolve) => {
    const result = { messages: messages.length, echoed: 0, different: [] };
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      result.extensions = socket.extensions;
      messages.forEach((message) => socket.send(message));
    };
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
      resolve(result);
    };
  });
}

run(async (page) => {
  await page.goto(page_url, { timeout: 15000 });
  const result = await page.evaluate(talk, socket_url);
  console.log(JSON.stringify(result));
  check(/^permessage-deflate\b/.test(result.extensions), 'no permessage-deflate');
  check(result.different.length === 0, 'messages came back different');
  check(result.echoed === result.messages, 'closed early');
  check(result.clean && result.code === 4001, 'not a clean close with the same code');
}, ['--ignore-certificate-errors']);
