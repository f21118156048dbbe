// SPDX-License-Identifier: Apache-2.0
// The first page on a slow line: few requests, few bytes.  Time is only printed.
'use strict';

const assert = require('node:assert');
const zlib = require('node:zlib');
const { be, flow } = require('./lib.js');

const BYTES_MAX = 60000; // packed
const REQUESTS_MAX = 6;
const LINE = { offline: false, latency: 100,
  downloadThroughput: 500e3 / 8, uploadThroughput: 500e3 / 8 };

// The same person with an empty cache, on a slow line.
async function slow(w, page) {
  const fresh = await w.stranger({
    storageState: await page.context().storageState(),
  });
  const line = await fresh.context().newCDPSession(fresh);
  await line.send('Network.enable');
  await line.send('Network.emulateNetworkConditions', LINE);
  return fresh;
}

// What a page asks for, and how much of it comes: [url, bytes packed, as sent].
async function load(page, url) {
  const asked = [];
  page.on('request', (request) => asked.push(request));
  const began = Date.now();
  await page.goto(url, { waitUntil: 'load' });
  await page.locator('.card').last().waitFor();
  const ms = Date.now() - began;
  const got = await Promise.all(asked.map(async (request) => {
    if (request.url().endsWith('/events')) return [request.url(), 0, 0];
    const body = await (await request.response()).body();
    return [request.url(), zlib.gzipSync(body).length, body.length];
  }));
  return { got, ms };
}

flow('the first page is light', ['A'], async (w, t) => {
  const me = await w.visit(w.A);
  await be(me, 'Kite Example');
  const home = await w.A.base();
  const { got, ms } = await load(await slow(w, me), home);
  const list = got.map(([url, packed]) => `${url} ${packed}`).join('\n');
  const sum = (at) => got.reduce((n, one) => n + one[at], 0);

  t.diagnostic(`note: ${got.length} requests, ${sum(1)} bytes packed, ` +
    `${sum(2)} as sent, usable after ${ms} ms at 500 kbit/s`);
  assert(got.length <= REQUESTS_MAX, `more requests than ${REQUESTS_MAX}:\n${list}`);
  assert(sum(1) <= BYTES_MAX, `more bytes than ${BYTES_MAX}, packed:\n${list}`);
});
