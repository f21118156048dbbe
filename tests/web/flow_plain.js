// SPDX-License-Identifier: Apache-2.0
// A browser that runs no script does all that there is to do.
'use strict';

const assert = require('node:assert');
const { answer, be, beKnown, choose, flow, practise, read, until } =
  require('./lib.js');

const plain = { javaScriptEnabled: false };

flow('everything works without JavaScript', ['A', 'B'], async (w) => {
  const a = await w.visit(w.A, plain);
  await be(a, 'Kite Example');
  await read(a, 'Letters');
  await practise(a);
  await answer(a, 'letters', 2);
  assert.match(await a.locator('.score').innerText(), /4 of 6/);
  await a.locator('.go a.button.big').click();
  await a.locator('.card.next', { hasText: 'Letters' }).locator('.stars')
    .waitFor();

  const b = await w.visit(w.B, plain);
  await beKnown(b, 'Kite Example');
  await until('the other device shows it when it is asked', async () => {
    await b.reload();
    return b.locator('.stars').count();
  });
});

flow('who has not said who she is keeps her answers, and then says it', ['A'], async (w) => {
  const a = await w.visit(w.A, plain);
  await a.goto(await w.A.base());
  await read(a, 'Letters');
  await practise(a);
  await choose(a, 'letters');
  await a.locator('form.quiz button.big').click();
  await a.locator('.note[role="alert"]').waitFor();
  assert.strictEqual(await a.locator('form.quiz input:checked').count(), 6,
    'the answers are lost');
  await a.goto(a.url());
  await a.locator('.note a.button').click();
  await be(a, 'Boat Example');
  assert.match(a.url(), /\/quiz$/, 'she is not back at the quiz');
  await answer(a, 'letters');
});
