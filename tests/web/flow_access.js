// SPDX-License-Identifier: Apache-2.0
// For eyes, fingers and small screens of all kinds.  axe looks at the English pages;
// it does not see contrast on Arabic ones, so that is computed here for both.
'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const { answer, be, flow, practise, read } = require('./lib.js');

const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const CONTRAST_MIN = 4.5;
const TOUCH_MIN = 44; // pixels of CSS
const NARROW = { width: 320, height: 568 };

// Each page that there is, in the language of PAGE's cookie; SEE gets its name.
async function tour(w, page, see) {
  const base = await w.A.base();
  const first = (await w.A.json('library'))[0].content;
  await page.goto(await w.A.link());
  await see('enter');
  await page.goto(`${base}/who`);
  await see('who');
  await page.goto(base);
  await see('home');
  await page.locator('.card').first().click();
  await see('lesson');
  await practise(page);
  await see('quiz');
  await answer(page, 'letters', 3);
  await see('saved');
  await page.goto(`${base}/lesson/${first.replace(/./g, '0')}`);
  await see('error');
}

async function child(w, options) {
  const page = await w.visit(w.A, options);
  await be(page, 'Kite Example');
  return page;
}

// ---- in the page

// Text whose colour is too near to what is behind it: ["text", contrast].
function pale(least) {
  const parse = (text) => {
    const n = text.match(/[\d.]+/g).map(Number);
    return { rgb: n.slice(0, 3), a: n.length > 3 ? n[3] : 1 };
  };
  const over = (top, under, a) => top.map((n, i) => n * a + under[i] * (1 - a));
  const behind = (el) => {
    if (!el) return [255, 255, 255];
    const { rgb, a } = parse(getComputedStyle(el).backgroundColor);
    return a === 1 ? rgb : over(rgb, behind(el.parentElement), a);
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((n) => n / 255)
      .map((n) => (n <= 0.03928 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const opacity = (el) => (el
    ? getComputedStyle(el).opacity * opacity(el.parentElement) : 1);
  const found = [];
  let looked = 0;
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const el = texts.currentNode.parentElement;
    const text = texts.currentNode.data.trim();
    if (!text || !el.getClientRects().length) continue;
    const back = behind(el);
    const { rgb, a } = parse(getComputedStyle(el).color);
    const pair = [light(over(rgb, back, a * opacity(el))), light(back)]
      .sort((x, y) => y - x);
    const contrast = (pair[0] + 0.05) / (pair[1] + 0.05);
    looked++;
    if (contrast < least) found.push([text, contrast.toFixed(2)]);
  }
  return { found, looked };
}

// What a finger may miss: ["what", width, height].  An answer is its whole label.
function small(least) {
  return [...document.querySelectorAll('a, button, input, select, summary')]
    .filter((el) => el.type !== 'hidden')
    .map((el) => el.closest('label') || el)
    .map((el) => [el.innerText.trim() || el.outerHTML.slice(0, 60),
      el.getBoundingClientRect()])
    .filter(([, box]) => box.width < least || box.height < least)
    .map(([what, box]) => [what, box.width, box.height]);
}

// ---- flows

async function ask_axe(page, name) {
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate(() =>
    window.axe.run({ exclude: [['iframe']] }));
  assert(passes.some((one) => one.id === 'color-contrast'),
    `${name}: axe did not look`);
  const bad = violations
    .filter((one) => ['serious', 'critical'].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes.map((n) => n.html).join(' ')}`);
  assert.deepStrictEqual(bad, [], `${name}: axe`);
}

for (const locale of ['en', 'ar'])
  flow(`everybody can read it, and nothing is too wide: ${locale}`, ['A'], async (w, t) => {
    const page = await child(w, { locale, viewport: NARROW });
    let all = 0;
    await tour(w, page, async (name) => {
      assert.strictEqual(await page.evaluate(() => document.documentElement.lang),
        locale, name);
      const { found, looked } = await page.evaluate(pale, CONTRAST_MIN);
      all += looked;
      assert.deepStrictEqual(found, [], `${name}: contrast under ${CONTRAST_MIN}`);
      const wide = await page.evaluate(() => document.scrollingElement.scrollWidth);
      assert(wide <= NARROW.width, `${name} is ${wide} wide on ${NARROW.width}`);
      if (locale === 'en') await ask_axe(page, name);
    });
    t.diagnostic(`note: ${all} texts in ${locale}`);
    assert(all > 50, `only ${all} texts were looked at`);
  });

flow('a finger finds everything on home and quiz', ['A'], async (w) => {
  const page = await child(w);
  await tour(w, page, async (name) => {
    if (name !== 'home' && name !== 'quiz') return;
    assert.deepStrictEqual(await page.evaluate(small, TOUCH_MIN), [], name);
  });
});

flow('what is wrong would be found', ['A'], async (w) => {
  const page = await child(w, { locale: 'ar' });
  await page.evaluate(() => {
    const bad = document.createElement('p');
    bad.innerHTML = '<span>باهت</span> <a href="/">x</a>';
    bad.firstChild.style.color = '#ccc';
    document.querySelector('main').append(bad);
  });
  const { found } = await page.evaluate(pale, CONTRAST_MIN);
  assert.deepStrictEqual(found.map(([text]) => text), ['باهت']);
  const missed = await page.evaluate(small, TOUCH_MIN);
  assert.deepStrictEqual(missed.map(([what]) => what), ['x']);
});
