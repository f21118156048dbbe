// SPDX-License-Identifier: Apache-2.0
// How a board is found and ended, on one that is nothing else.
'use strict';

const assert = require('node:assert');
const { test } = require('node:test');
const { with_board } = require('./board.js');

const STUB = `
const server = require('node:http').createServer((q, a) => a.end('a board'));
server.listen(0, '127.0.0.1', () => {
  console.log('starting');
  process.stdout.write('the board: http://127.0.0.1:');
  setImmediate(() => console.log(server.address().port + '/'));
});`;

test('a board is found by what it prints, and ended', async () => {
  let at;
  const said = await with_board([process.execPath, '-e', STUB], async (address) => {
    at = address;
    return (await fetch(address)).text();
  });
  assert.strictEqual(said, 'a board');
  await assert.rejects(fetch(at), 'it is still there');
});

test('one that ends without an address is told of', async () => {
  await assert.rejects(
    with_board([process.execPath, '-e', 'console.log("no")'], async () => {}),
    /ended with 0:\nno/);
});
