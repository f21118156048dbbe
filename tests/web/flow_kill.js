// SPDX-License-Identifier: Apache-2.0
// The device dies the moment its page says "saved", before anybody else has it.
'use strict';

const assert = require('node:assert');
const { answer, be, beKnown, enter, flow, practise, read, until } =
  require('./lib.js');

// How many quizzes this device's notebook holds.
const held = async (device) => (await device.json('progress', 'show')).length;

flow('what was saved outlives kill -9, and reaches the other device', ['A', 'B'], async (w) => {
  const setup = await w.visit(w.A);
  await be(setup, 'Kite Example');
  await setup.context().close();
  const first = await w.visit(w.B);
  await beKnown(first, 'Kite Example');
  await first.context().close();

  // Both anew, and neither knows where the other is now.
  await w.A.stop();
  await w.B.stop();
  await w.A.start();
  await w.B.start();
  const b = await w.visit(w.B);
  await be(b, 'Kite Example');
  await b.evaluate(() => { window.stays = true; });

  const a = await w.visit(w.A);
  await be(a, 'Kite Example');
  await read(a, 'Letters');
  await practise(a);
  await answer(a, 'letters');
  await w.A.kill9(); // it has just said "saved"
  assert.strictEqual(await held(w.B), 0, 'the other device had it already');

  await w.A.start('--peer', w.B.door());
  await enter(a, w.A);
  await be(a, 'Kite Example');
  await a.locator('.card', { hasText: 'Letters' }).locator('.stars')
    .waitFor(); // started again, the first device has it
  await b.locator('.card', { hasText: 'Letters' }).locator('.stars').waitFor();
  assert(await b.evaluate(() => window.stays), 'the page was loaded anew');
  await until('both notebooks hold it, once', async () =>
    await held(w.A) === 1 && await held(w.B) === 1);
});
