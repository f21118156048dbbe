// SPDX-License-Identifier: Apache-2.0
// Arabic: chosen once, kept, from right to left, down to the questions.
'use strict';

const assert = require('node:assert');
const { answer, be, enter, flow, practise, quiz, read } =
  require('./lib.js');

const html = (page) => page.evaluate(() => ({
  lang: document.documentElement.lang, dir: document.documentElement.dir,
}));
const ARABIC = { lang: 'ar', dir: 'rtl' };

flow('a child learns in Arabic', ['A'], async (w) => {
  const page = await w.stranger(); // her browser speaks English
  await page.goto(await w.A.base());
  assert.deepStrictEqual(await html(page), { lang: 'en', dir: 'ltr' });
  await page.locator('button[lang="ar"]').click();
  await page.locator('html[lang="ar"]').waitFor();
  assert.deepStrictEqual(await html(page), ARABIC);

  await enter(page, w.A);
  await be(page, 'طائرة مثال');
  assert.match(await page.locator('h1').innerText(), /أهلاً،\s*.*طائرة مثال/);
  await read(page, 'الحُروف');
  await practise(page);
  assert.deepStrictEqual(await html(page), ARABIC, 'the quiz');
  const asked = await page.locator('legend').allInnerTexts();
  for (const [i, question] of quiz('letters').entries())
    assert(asked[i].includes(question.ask.ar),
      `question ${i + 1} is "${asked[i]}"`);
  assert.match(asked[0], /سؤال ١ من ٦/, 'its digits');

  await answer(page, 'letters');
  assert.strictEqual(await page.locator('.saved strong').innerText(), 'حُفظ');
  assert.match(await page.locator('.score').innerText(), /٦ من ٦/);

  const other = await page.context().newPage();
  await other.goto(await w.A.base());
  assert.deepStrictEqual(await html(other), ARABIC, 'the cookie is not kept');
  await other.locator('button[lang="en"]').click();
  await other.locator('html[lang="en"]').waitFor();
});
