// SPDX-License-Identifier: Apache-2.0
// Pictures of the pages, for somebody to look at: build/web/*.png and index.html.
'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { board } = require('./board.js');
const { answer, be, choose, DESK, flow, PHONE, practise, read, ready,
  until } = require('./lib.js');

const out = process.env.DAF_PICTURES;
const SIZES = { phone: PHONE, desk: DESK };

// From the link to "saved": [name, what to do], in one language.
const story = (title, name) => [
  ['home', async () => {}],
  ['lesson', (page) => read(page, title)],
  ['quiz', async (page) => { await practise(page); await choose(page, name, 1); }],
  ['saved', ready],
  ['home-after', async (page) => {
    await page.locator('.go a.big').click();
    await page.locator('.stars').first().waitFor();
  }],
  ['who', async (page) => {
    await page.locator('.who a.button').click();
    await page.locator('.people').waitFor();
  }],
];

async function shoot(page, name) {
  await page.mouse.move(0, 0); // what it rests on looks pressed
  // Pictures that come late, when they come into sight, come now.
  await page.evaluate(() => Promise.all([...document.images].map((image) => {
    image.loading = 'eager';
    return image.decode().catch(() => {});
  })));
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: path.join(out, `${name}.png`), fullPage: true });
}

async function tell(w, size, locale, title, learner) {
  const viewport = SIZES[size];
  const name = (what) => `${size}-${locale}-${what}`;
  const stranger = await w.stranger({ viewport, locale });
  await stranger.goto(await w.A.base());
  await shoot(stranger, name('stranger'));
  await stranger.goto(await w.A.link());
  await shoot(stranger, name('enter'));
  const page = await w.visit(w.A, { viewport, locale });
  await shoot(page, name('who-empty'));
  await be(page, learner);
  for (const [what, act] of story(title, 'letters')) {
    await act(page);
    await shoot(page, name(what));
  }
  await page.context().close();
  await stranger.context().close();
}

// When its devices are on, and somebody may press something.
async function shoot_board(w, size, address) {
  const page = await w.stranger({ viewport: SIZES[size] });
  await until('the board answers', () =>
    page.goto(address).then(() => true, () => false));
  await page.frameLocator('iframe[name="live"]').getByText('Press a scene')
    .waitFor();
  // The devices are frames in it, and frames out of sight are not painted.
  const height = await page.evaluate(() => document.body.scrollHeight);
  await page.setViewportSize({ ...SIZES[size], height });
  for (const one of await page.locator('figure iframe').all())
    await one.contentFrame().locator('h1').waitFor();
  await shoot(page, `${size}-board`);
  await page.context().close();
}

function write_index() {
  const files = fs.readdirSync(out).filter((one) => one.endsWith('.png')).sort();
  const items = files.map((one) =>
    `<figure><figcaption>${one}</figcaption><img src="${one}"></figure>`);
  fs.writeFileSync(path.join(out, 'index.html'),
    '<!doctype html><meta charset="utf-8"><title>Pages of Daftar</title>' +
    '<style>body{background:#888;font:16px sans-serif}figure{display:' +
    'inline-block;vertical-align:top}img{max-width:620px}</style>' +
    items.join('\n'));
  return files;
}

flow('pictures are taken of every page', ['A', 'B'], async (w, t) => {
  for (const old of fs.readdirSync(out).filter((one) => one.endsWith('.png')))
    fs.rmSync(path.join(out, old));
  for (const size of Object.keys(SIZES)) {
    await tell(w, size, 'en', 'Letters', `Kite (${size})`);
    await tell(w, size, 'ar', 'الحُروف', `طائرة (${size})`);
  }
  await board(async (address) => {
    for (const size of Object.keys(SIZES)) await shoot_board(w, size, address);
  });
  const files = write_index();
  t.diagnostic(`note: ${files.length} pictures in build/web`);
  assert(files.length >= 36, files.join(' '));
});
