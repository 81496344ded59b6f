// Chromium on the server's own page: node chromium_page.js HOST:PORT [SCREENSHOT.png]
//
// Checks that the embedded page loads without an error, connects back, shows the draft, sends a
// typed message, shows the echo, closes with a code, and connects again. Text that looks like
// markup must be shown as text.
//
// The last line printed is PASS or FAIL; the exit code matches.

'use strict';

const { run, check } = require('./chromium.js');

const [address, screenshot] = process.argv.slice(2);
const TEXT = 'h\u00e9llo \u20ac <b>not bold</b>';
const TIMEOUT = { timeout: 15000 };

async function waitForText(page, selector, part) {
  await page.waitForFunction(
    (selector, part) => document.querySelector(selector)?.textContent.includes(part),
    TIMEOUT, selector, part,
  ).catch(async (error) => {
    const seen = await page.$eval('body', (node) => node.innerText);
    throw new Error(`"${part}" is not in ${selector} (${error.message}); the page shows:\n${seen}`);
  });
}

run(async (page) => {
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') {
      errors.push(message.text());
    }
  });

  const response = await page.goto(`http://${address}/`, TIMEOUT);
  check(response.status() === 200, `the page answers ${response.status()}`);
  await waitForText(page, '#state', 'open');
  await waitForText(page, '#draft', 'rfc6455');
  const drafts = await page.$eval('#drafts', (node) => node.textContent);
  check(drafts.split(', ').includes('rfc6455'), `the server names the drafts "${drafts}"`);

  await page.type('#message', TEXT);
  await page.keyboard.press('Enter');
  await waitForText(page, '#log .sent', TEXT);
  await waitForText(page, '#log .received', TEXT);

  await page.click('#close');
  await waitForText(page, '#state', 'closed');
  const state = await page.$eval('#state', (node) => node.textContent);
  check(/\b1000\b/.test(state), `not a clean close: "${state}"`);

  await page.click('#reconnect');
  await waitForText(page, '#state', 'open');
  if (screenshot) {
    await page.screenshot({ path: screenshot });
  }
  check(errors.length === 0, `errors in the page: ${errors.join('; ')}`);
});
