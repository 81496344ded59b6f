// Chromium on the page of a site with TLS: node chromium_site.js https://HOST:PORT/ [h1]
//
// Checks that the page is loaded over HTTP/2 (with `h1`: over HTTP/1.1, with HTTP/2 disabled in the
// browser), that its WebSocket, a `wss:` URL of the same origin, opens and receives a greeting with
// the draft, and that the page shows the echo of a message typed into its form. Over HTTP/2 the
// browser opens that WebSocket in a stream of the page's connection; only the server's log shows
// that it did.
//
// The last line printed is PASS or FAIL; the exit code matches.

'use strict';

const { run, check } = require('./chromium.js');

const [url, http1] = process.argv.slice(2);
const TEXT = 'h\u00e9llo \u20ac <b>not bold</b>';
const TIMEOUT = { timeout: 15000 };

// Any certificate is accepted: this is a test on loopback.
const FLAGS = ['--ignore-certificate-errors', ...(http1 === 'h1' ? ['--disable-http2'] : [])];

async function waitForLine(page, line) {
  await page.waitForFunction(
    (line) => document.querySelector('#log')?.textContent.split('\n').includes(line),
    TIMEOUT, line,
  ).catch(async (error) => {
    const seen = await page.$eval('body', (node) => node.innerText);
    throw new Error(`no line "${line}" (${error.message}); the page shows:\n${seen}`);
  });
}

run(async (page) => {
  const errors = [];
  const sockets = [];
  page.on('pageerror', (error) => errors.push(error.message));
  const devtools = await page.createCDPSession();
  await devtools.send('Network.enable');
  devtools.on('Network.webSocketCreated', (event) => sockets.push(event.url));

  const response = await page.goto(url, TIMEOUT);
  check(response.status() === 200, `the page answers ${response.status()}`);
  const protocol = await page.evaluate(
    () => performance.getEntriesByType('navigation')[0].nextHopProtocol,
  );
  console.log(`the page was loaded over ${protocol}`);
  const expected = http1 === 'h1' ? 'http/1.1' : 'h2';
  check(protocol === expected, `the page was loaded over ${protocol} and not ${expected}`);

  await waitForLine(page, 'you speak rfc6455');
  const socket = `${url.replace(/^http/, 'ws')}talk`;
  check(sockets.length === 1 && sockets[0] === socket, `not ${socket} but ${sockets}`);

  await page.$eval('form [name=text]', (field) => { field.value = ''; });
  await page.type('form [name=text]', TEXT);
  await page.click('form button');
  await waitForLine(page, TEXT);
  console.log(`${socket} greeted and echoed`);
  check(errors.length === 0, `errors in the page: ${errors.join('; ')}`);
}, FLAGS);
