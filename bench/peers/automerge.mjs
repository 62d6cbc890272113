// automerge: a Counter, and maps of a document as a set and as a map. Slow ones run at a smaller size, and say so.
import * as A from '@automerge/automerge';
import * as c from './common.mjs';

const SLOW = 10_000;

function counter() {
  let one = A.from({ n: new A.Counter(0) }), each = A.clone(one);
  c.rate('counter.one', SLOW, c.INCREMENTS, () => {
    one = A.change(one, (d) => {
      for (let i = 0; i < SLOW; i++) d.n.increment(1);
    });
  });
  c.rate('counter.each', SLOW / 10, c.INCREMENTS, () => {
    for (let i = 0; i < SLOW / 10; i++) each = A.change(each, (d) => d.n.increment(1));
  });
  c.check(one.n.value, SLOW);
}

function fill(doc, elements) {
  return A.change(doc, (d) => elements.forEach((e) => (d.set[e] = true)));
}

function empty(doc, elements) {
  return A.change(doc, (d) => elements.forEach((e) => delete d.set[e]));
}

function set() {
  const elements = c.elements(0, c.ELEMENTS);
  let doc = A.from({ set: {} }), found = 0;
  const before = c.held();
  c.rate('set.one.add', c.ELEMENTS, c.ELEMENTS, () => (doc = fill(doc, elements)));
  c.rate('set.contains', c.ELEMENTS, c.ELEMENTS, () => elements.forEach((e) => (found += e in doc.set)));
  c.check(found, c.ELEMENTS);
  c.rate('set.one.remove', c.ELEMENTS, c.ELEMENTS, () => (doc = empty(doc, elements)));
  c.check(Object.keys(doc.set).length, 0);
  c.say('left.memory', c.held() - before);
  c.say('left.bytes', A.save(doc).length);
}

function each() {
  const elements = c.elements(0, SLOW / 5);
  let doc = A.from({ set: {} });
  c.rate('set.each.add', elements.length, c.ELEMENTS, () => elements.forEach((e) => (doc = fill(doc, [e]))));
  c.rate('set.each.remove', elements.length, c.ELEMENTS, () => elements.forEach((e) => (doc = empty(doc, [e]))));
  c.check(Object.keys(doc.set).length, 0);
}

function writeMap(name, count, full, perChange) {
  const start = A.from({ map: {} }), writes = c.writes(count), updates = [];
  let doc = A.clone(start), other = A.clone(start);
  c.rate(`${name}.produce`, count, full, () => {
    for (let i = 0; i < count; i += perChange) {
      doc = A.change(doc, (d) => writes.slice(i, i + perChange).forEach(([k, v]) => (d.map[k] = v)));
      updates.push(A.getLastLocalChange(doc));
    }
  });
  c.say(`${name}.wire`, updates.reduce((sum, u) => sum + u.length, 0) / count);
  c.rate(`${name}.apply`, count, full, () => updates.forEach((u) => ([other] = A.applyChanges(other, [u]))));
  c.check(Object.keys(other.map).length, Object.keys(doc.map).length);
}

function map() {
  writeMap('map.one', SLOW, c.WRITES, SLOW);
  writeMap('map.each', SLOW / 5, c.WRITES_EACH, 1);
}

function side(base, number) {
  return empty(fill(A.clone(base), c.added(number)), c.removed(number));
}

function merge() {
  const base = fill(A.from({ set: {} }), c.elements(0, c.ELEMENTS));
  let a = side(base, 0), d = side(base, 0), state;
  const b = side(base, 1), heads = A.getHeads(base);
  c.say('merge.encode', c.timed(() => (state = A.save(b))) * 1e3);
  c.say('merge.state', c.timed(() => (a = A.merge(a, A.load(state)))) * 1e3);
  c.say('merge.state.bytes', state.length);
  const difference = A.saveSince(b, heads);
  c.say('merge.difference', c.timed(() => (d = A.loadIncremental(d, difference))) * 1e3);
  c.say('merge.difference.bytes', difference.length);
  c.check(Object.keys(a.set).length, c.ELEMENTS + 2 * c.ADDS - 2 * c.REMOVES);
  c.check(Object.keys(d.set).length, Object.keys(a.set).length);
}

await c.main({ counter, set, each, map, merge });
