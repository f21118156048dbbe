// SPDX-License-Identifier: Apache-2.0
// The demo's board: started, its address found in what it prints, ended.
'use strict';

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..', '..');
const demo = path.join(root, 'tests', 'demo', 'demo.bash');
const LIMIT_MS = 60000; // it starts many daemons

// The first address of this machine in what CHILD says.
function address_of(child) {
  let timer;
  return new Promise((found, failed) => {
    let said = '';
    timer = setTimeout(() =>
      failed(new Error(`the demo prints no address:\n${said}`)), LIMIT_MS);
    child.stdout.on('data', (bytes) => {
      said += bytes;
      const match = /(http:\/\/127\.0\.0\.1:\d+\S*)\s/.exec(said);
      if (match) found(match[1]);
    });
    child.once('exit', (code) =>
      failed(new Error(`the demo ended with ${code}:\n${said}`)));
    child.once('error', failed);
  }).finally(() => {
    clearTimeout(timer);
    child.stdout.resume(); // or it would wait to be read
  });
}

// LOOK at the address that COMMAND prints, while it runs.
async function with_board(command, look) {
  const child = spawn(command[0], command.slice(1),
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((done) => child.once('exit', done));
  const kill = () => child.kill('SIGTERM');
  process.once('exit', kill);
  try {
    return await look(await address_of(child));
  } finally {
    kill();
    await ended;
    process.removeListener('exit', kill);
  }
}

// The demo's, if there is one.
async function board(look) {
  if (fs.existsSync(demo)) await with_board(['bash', demo], look);
}

module.exports = { board, with_board };
