// SPDX-License-Identifier: Apache-2.0
// Open, read, answer, saved; and the other device shows it by itself.
'use strict';

const assert = require('node:assert');
const { answer, be, beKnown, flow, practise, read } = require('./lib.js');

const SOON_MS = 3000;
const TRIES = 3; // two busy cores may be busy with something else

// In the page: when its own events have brought "My work (N)", for each N.
function watch() {
  window.seen = {};
  const look = () => {
    const found = /\((\d+)\)/.exec(document.getElementById('device').innerText);
    if (found && !window.seen[found[1]]) window.seen[found[1]] = Date.now();
  };
  look();
  new MutationObserver(look).observe(document.body,
    { childList: true, subtree: true });
}

// When the page that says "saved" had arrived.
function savedAt(page) {
  return page.evaluate(() => performance.timeOrigin +
    performance.getEntriesByType('navigation')[0].responseEnd);
}

async function once(a, b, n) {
  await a.goto(new URL('/', a.url()).href);
  await read(a, 'Letters');
  await practise(a);
  await answer(a, 'letters', 3);
  const saved = await savedAt(a);
  await b.waitForFunction((n) => window.seen[n], n);
  return await b.evaluate((n) => window.seen[n], n) - saved;
}

flow('an answer that was saved is seen on the other device', ['A', 'B'], async (w, t) => {
  const a = await w.visit(w.A);
  await be(a, 'Kite Example');
  const b = await w.visit(w.B);
  await beKnown(b, 'Kite Example');
  await b.evaluate(watch);

  let best = Infinity;
  for (let n = 1; n <= TRIES && best > SOON_MS; n++) {
    const ms = await once(a, b, n);
    t.diagnostic(`note: seen ${Math.round(ms)} ms after it was saved`);
    best = Math.min(best, ms);
  }
  assert(best <= SOON_MS, `seen only ${best} ms after "saved"`);
  assert.match(await b.locator('.card', { hasText: 'Letters' })
    .locator('.stars').getAttribute('aria-label'), /50 %/,
  'the other device does not show the score');

  await a.locator('.saved.safe').waitFor();
  assert.match(await a.locator('.saved').innerText(),
    /kept here and on another device/,
    'the first page does not say that it is kept elsewhere too');
  assert(await b.evaluate(() => window.seen), 'the page was loaded anew');
});
