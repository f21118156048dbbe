// SPDX-License-Identifier: Apache-2.0
// What the flows share: devices, browsers, and what a child does with a page.
//
//   flow('a sentence', ['A', 'B'], async (w, t) => {   two daemons and a browser
//     const page = await w.visit(w.A)    somebody there, let in by its link
//     await be(page, 'Kite Example')     chosen, or added
//     await answer(page, 'letters')      the quiz, all right, down to "saved"
//
// Waits are for conditions.  Ends what it started, by its id.
'use strict';

const { execFile, spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { after, test } = require('node:test');
const { promisify } = require('node:util');
const { chromium } = require('playwright-core');

const bin = process.env.DAF_BIN;
const folder = process.env.DAF_WORLD; // homes of a camp, made by web.sh
const library = path.join(process.env.DAF_BUILD, 'share', 'library');
const PHONE = { width: 360, height: 740 };
const DESK = { width: 1280, height: 800 };
const LIMIT_MS = 20000; // of one wait: a hang, not slowness
const FLOW_MS = 90000;
const run = promisify(execFile);

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// until('what it waits for', () => condition): the condition's value.
async function until(what, condition, ms = LIMIT_MS) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain: ${what}`);
    await pause(30);
  }
}

// ---- a device

const children = new Set();
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => process.exit(1));

class Device {
  constructor(name) {
    this.name = name;
    this.home = path.join(folder, name);
  }

  // start('--peer', DOOR): until its door and its pages are open.
  async start(...options) {
    for (const left of ['endpoint', 'web']) // who was killed had no time to
      fs.rmSync(path.join(this.home, 'run', left), { force: true });
    const log = fs.openSync(`${this.home}.log`, 'a');
    this.child = spawn(path.join(bin, 'daftard'),
      ['--home', this.home, '--no-mdns', '--listen', '127.0.0.1:0',
        '--http', '127.0.0.1:0', ...options],
      { stdio: ['ignore', 'ignore', log] });
    fs.closeSync(log);
    children.add(this.child);
    this.ended = new Promise((done) => this.child.once('exit', done));
    await until(`${this.name} starts; its log is in ${this.home}.log`,
      () => this.says('endpoint') && this.says('web'));
  }

  says(what) {
    try {
      return fs.readFileSync(path.join(this.home, 'run', what), 'utf8').trim();
    } catch {
      return '';
    }
  }

  door() {
    return this.says('endpoint');
  }

  async end(signal) {
    this.child.kill(signal);
    await this.ended;
    children.delete(this.child);
  }

  stop() {
    return this.end('SIGTERM');
  }

  kill9() {
    return this.end('SIGKILL');
  }

  async daftar(...words) {
    const { stdout } = await run(path.join(bin, 'daftar'),
      [...words, '--home', this.home], { maxBuffer: 1 << 26 });
    return stdout;
  }

  async json(...words) {
    const lines = (await this.daftar(...words, '--json')).trim();
    return lines ? lines.split('\n').map((line) => JSON.parse(line)) : [];
  }

  // The link that lets a browser in.
  async link() {
    return (await this.daftar('open')).trim().split('\n')[0];
  }

  async base() {
    return new URL(await this.link()).origin;
  }

  // The content id of a lesson in the catalogue.
  lesson(title) {
    return until(`${this.name} hears of "${title}"`, async () => {
      const all = await this.json('library');
      return (all.find((one) => one.title === title) || {}).content;
    });
  }
}

// ---- a world

// One browser for all flows of a file.  No name is looked up for it: it sees this
// machine only.
let browser;
const browse = async () => (browser ||= await chromium.launch({
  executablePath: process.env.DAF_CHROMIUM,
  chromiumSandbox: false,
  args: ['--disable-background-networking',
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
}));
after(async () => {
  children.forEach((child) => child.kill('SIGKILL')); // of a flow that hangs
  if (browser) await browser.close();
});

class World {
  // The first device has lessons, the others know it and fetch them.
  async open(names) {
    this.devices = names.map((name) => (this[name] = new Device(name)));
    const [first, ...others] = this.devices;
    await first.start();
    for (const other of others) await other.start('--peer', first.door());
    await this.share(first, others);
    this.contexts = [];
  }

  async share(first, others) {
    await first.daftar('publish', library);
    const all = await first.json('library');
    for (const other of others)
      for (const item of all) {
        await other.lesson(item.title);
        await other.daftar('get', item.title);
      }
  }

  // Somebody with cookies of her own, who has not entered.
  async stranger(options = {}) {
    const context = await (await browse()).newContext({
      viewport: PHONE, locale: 'en-GB', ...options,
    });
    this.contexts.push(context);
    context.setDefaultTimeout(LIMIT_MS);
    return context.newPage();
  }

  // And somebody who has.
  async visit(device, options = {}) {
    const page = await this.stranger(options);
    await enter(page, device);
    return page;
  }

  async close() {
    for (const context of this.contexts) await context.close();
    for (const device of this.devices)
      if (children.has(device.child)) await device.end('SIGKILL');
  }
}

// A test on the devices NAMES of this flow's camp, which end with it.
function flow(sentence, names, play) {
  test(sentence, { timeout: FLOW_MS }, async (t) => {
    const w = new World();
    try {
      await w.open(names);
      await play(w, t);
    } finally {
      await w.close();
    }
  });
}

// ---- what a child does

async function enter(page, device) {
  await page.goto(await device.link());
  await page.locator('form[action="/enter"] button').click();
  await page.waitForURL('**/who');
}

// Is NAME, on the page that asks who she is; added if nobody is called so.
async function be(page, name) {
  const known = page.locator('.person', { hasText: name });
  if (await known.count()) {
    await known.click();
  } else {
    await page.locator('input[name="name"]').fill(name);
    await page.locator('button[name="add"]').click();
  }
  await page.waitForURL((url) => url.pathname !== '/who');
}

// Reloads until NAME is there to choose: she was added on another device.
async function beKnown(page, name) {
  await until(`${name} is known there`, async () => {
    await page.reload();
    return page.locator('.person', { hasText: name }).count();
  });
  await be(page, name);
}

// From the first page into a lesson, which shows its HEADING, and on to its quiz.
async function read(page, title, heading = title) {
  await page.locator('.card', { hasText: title }).click();
  await page.frameLocator('iframe.content').locator('h1', { hasText: heading })
    .waitFor();
}

async function practise(page) {
  await page.locator('.go a.button').click();
  await page.locator('form.quiz').waitFor();
}

function quiz(name) {
  const file = path.join(library, name, 'quiz.json');
  return JSON.parse(fs.readFileSync(file, 'utf8')).questions;
}

// Chooses the right answer of each question; WRONG: of so many, another.
async function choose(page, name, wrong = 0) {
  for (const [i, question] of quiz(name).entries()) {
    const right = question.answers.findIndex((one) => one.right);
    const at = i < wrong ? (right + 1) % question.answers.length : right;
    await page.locator(`input[name="q-${question.id}"]`).nth(at).check();
  }
}

async function ready(page) {
  await page.locator('form.quiz button.big').click();
  await page.locator('.saved strong').waitFor();
}

async function answer(page, name, wrong = 0) {
  await choose(page, name, wrong);
  await ready(page);
}

module.exports = {
  DESK, PHONE, LIMIT_MS, answer, be, beKnown, choose, enter, flow, folder,
  practise, quiz, read, ready, until,
};
