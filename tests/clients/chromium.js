// Functions that the Chromium drivers share: starting the browser, time limits, reporting.

'use strict';

const fs = require('fs');
const os = require('os');
const path = require('path');
const puppeteer = require('puppeteer-core');

const TIMEOUT_MILLISECONDS = 60000;
const EXECUTABLE = process.env.CHROMIUM || '/usr/bin/chromium';

// Only loopback is needed; these flags disable background network requests.
const QUIET = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

// Chromium refuses to run as root inside its sandbox.
const AS_ROOT = process.getuid() === 0 ? ['--no-sandbox'] : [];

// Runs `drive(page)`, prints PASS or FAIL, and exits with the matching code.
// `flags` are additional arguments for the browser.
async function run(drive, flags = []) {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'ws-clients-'));
  let browser;
  let failure;
  const timer = new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`no end after ${TIMEOUT_MILLISECONDS} ms`)), TIMEOUT_MILLISECONDS);
  });
  try {
    browser = await puppeteer.launch({
      executablePath: EXECUTABLE,
      headless: true,
      pipe: true,
      args: [...QUIET, ...AS_ROOT, ...flags, `--user-data-dir=${profile}`],
    });
    console.log(await browser.version());
    const page = await browser.newPage();
    await Promise.race([drive(page), timer]);
  } catch (error) {
    failure = error;
  }
  if (browser) {
    // A browser that does not exit is killed: it was started above.
    const child = browser.process();
    // One that exits at once may be gone before the last command is written to it.
    child.stdio[3].on('error', () => {});
    const kill = setTimeout(() => child.kill('SIGKILL'), 5000);
    await browser.close().catch(() => {});
    clearTimeout(kill);
  }
  fs.rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  console.log(failure ? `FAIL ${failure.message}` : 'PASS');
  process.exit(failure ? 1 : 0);
}

function check(condition, what) {
  if (!condition) {
    throw new Error(what);
  }
}

module.exports = { run, check };
