// What the peers have in common: the data of bench/peers/weft.c, the clock, and how a figure is printed.
//
// A line is `what<TAB>figure`, and behind another tab the size, where it is not the one of the table's row.

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

export const INCREMENTS = 100_000;
export const ELEMENTS = 100_000;
export const KEYS = 100_000;
export const WRITES = 1_000_000;
export const WRITES_EACH = 100_000;
export const ADDS = 1_000;
export const REMOVES = 500;

export function mix32(x) {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** The i-th element or key: 16 letters. */
export function element(i) {
  let out = '';
  for (let j = 0; j < 4; j++) {
    const h = mix32(4 * i + j + 1);
    for (let shift = 0; shift < 24; shift += 6) out += LETTERS[(h >>> shift) & 63];
  }
  return out;
}

export function elements(from, to) {
  return Array.from({ length: to - from }, (_, i) => element(from + i));
}

/** The k-th write to the map: its key's number, and a value of 8 letters. */
export function writes(count) {
  const keys = elements(0, KEYS);
  return Array.from({ length: count }, (_, k) => [keys[mix32(k + 1) % KEYS], element(k).slice(0, 8)]);
}

/** What one side of the merge removes: every 200th of the shared ones, from its own number on. */
export function removed(side) {
  return Array.from({ length: REMOVES }, (_, i) => element((i * ELEMENTS) / REMOVES + side));
}

export function added(side) {
  return elements(ELEMENTS + side * ADDS, ELEMENTS + (side + 1) * ADDS);
}

/** Seconds. */
export function timed(run) {
  const from = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - from) / 1e9;
}

export function say(what, figure, size) {
  console.log(`${what}\t${figure}${size === undefined ? '' : `\t${size}`}`);
}

export function rate(what, count, full, run) {
  say(what, count / timed(run), count === full ? undefined : count);
}

export function check(is, expected) {
  if (is === expected) return;
  console.error(`found ${is} instead of ${expected}`);
  process.exit(1);
}

/** Bytes of the process, after what can be collected is. */
export function held() {
  global.gc();
  global.gc();
  return process.memoryUsage().rss;
}

/** Runs the workload that the command line names, if this peer has it. */
export async function main(workloads) {
  const run = workloads[process.argv[2]];
  if (run !== undefined) await run();
}
