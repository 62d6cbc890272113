// redis-server through a socket, pipelined: no CRDT, and no copy to merge with, but what services use today.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as c from './common.mjs';

const PIPELINE = 1_000;
const folder = mkdtempSync(join(tmpdir(), 'weft-redis-'));
const path = join(folder, 'socket');
const server = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--save', '', '--appendonly', 'no',
  '--dir', folder], { stdio: 'ignore' });

function open() {
  return new Promise((done, failed) => {
    const socket = connect(path);
    socket.once('connect', () => done(socket));
    socket.once('error', failed);
  });
}

async function opened() {
  for (let i = 0; i < 100; i++) {
    try {
      return await open();
    } catch {
      await new Promise((next) => setTimeout(next, 50));
    }
  }
  throw new Error('redis-server does not answer');
}

function command(words) {
  return `*${words.length}\r\n${words.map((w) => `$${w.length}\r\n${w}\r\n`).join('')}`;
}

/** Sends commands whose replies are one line each; the sum of the numbers in them. */
function send(socket, commands) {
  return new Promise((done) => {
    let left = commands.length, sum = 0, rest = '';
    const take = (data) => {
      const lines = (rest + data).split('\r\n');
      rest = lines.pop();
      for (const line of lines) sum += Number(line.slice(1)) || 0;
      left -= lines.length;
      if (left > 0) return;
      socket.off('data', take);
      done(sum);
    };
    socket.on('data', take);
    socket.write(commands.map(command).join(''));
  });
}

async function rate(what, socket, commands) {
  const from = process.hrtime.bigint();
  let sum = 0;
  for (let i = 0; i < commands.length; i += PIPELINE) sum += await send(socket, commands.slice(i, i + PIPELINE));
  c.say(what, commands.length / (Number(process.hrtime.bigint() - from) / 1e9));
  return sum;
}

async function memory(socket) {
  return new Promise((done) => {
    socket.once('data', (data) => done(Number(/used_memory:(\d+)/.exec(data)[1])));
    socket.write(command(['INFO', 'memory']));
  });
}

async function counter(socket) {
  await rate('counter.each', socket, Array.from({ length: c.INCREMENTS }, () => ['INCR', 'n']));
}

async function each(socket) {
  const elements = c.elements(0, c.ELEMENTS), before = await memory(socket);
  c.check(await rate('set.each.add', socket, elements.map((e) => ['SADD', 's', e])), c.ELEMENTS);
  c.check(await rate('set.contains', socket, elements.map((e) => ['SISMEMBER', 's', e])), c.ELEMENTS);
  c.check(await rate('set.each.remove', socket, elements.map((e) => ['SREM', 's', e])), c.ELEMENTS);
  c.say('left.memory', Math.max(0, (await memory(socket)) - before));
}

async function map(socket) {
  await rate('map.each.produce', socket, c.writes(c.WRITES_EACH).map(([k, v]) => ['HSET', 'm', k, v]));
}

const socket = await opened();
socket.setEncoding('latin1');
try {
  const run = { counter, each, map };
  await c.main(Object.fromEntries(Object.entries(run).map(([name, f]) => [name, () => f(socket)])));
} finally {
  socket.destroy();
  server.kill();
  rmSync(folder, { recursive: true, force: true });
}
