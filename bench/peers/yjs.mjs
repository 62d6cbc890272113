// yjs: Y.Map as a set and as a map; it has no counter.
import * as Y from 'yjs';
import * as c from './common.mjs';

function set() {
  const doc = new Y.Doc(), map = doc.getMap('set'), elements = c.elements(0, c.ELEMENTS);
  const before = c.held();
  const all = (run) => () => doc.transact(() => elements.forEach(run));
  c.rate('set.one.add', c.ELEMENTS, c.ELEMENTS, all((e) => map.set(e, true)));
  let found = 0;
  c.rate('set.contains', c.ELEMENTS, c.ELEMENTS, () => elements.forEach((e) => (found += map.has(e))));
  c.check(found, c.ELEMENTS);
  c.rate('set.one.remove', c.ELEMENTS, c.ELEMENTS, all((e) => map.delete(e)));
  c.check(map.size, 0);
  c.say('left.memory', c.held() - before);
  c.say('left.bytes', Y.encodeStateAsUpdate(doc).length);
}

function each() {
  const map = new Y.Doc().getMap('set'), elements = c.elements(0, c.ELEMENTS);
  c.rate('set.each.add', c.ELEMENTS, c.ELEMENTS, () => elements.forEach((e) => map.set(e, true)));
  c.rate('set.each.remove', c.ELEMENTS, c.ELEMENTS, () => elements.forEach((e) => map.delete(e)));
  c.check(map.size, 0);
}

function writeMap(name, count, full, write) {
  const doc = new Y.Doc(), map = doc.getMap('map'), writes = c.writes(count), updates = [];
  doc.on('update', (u) => updates.push(u));
  c.rate(`${name}.produce`, count, full, () => write(doc, () => (([k, v]) => map.set(k, v)), writes));
  c.say(`${name}.wire`, updates.reduce((sum, u) => sum + u.length, 0) / count);
  const other = new Y.Doc();
  c.rate(`${name}.apply`, count, full, () => updates.forEach((u) => Y.applyUpdate(other, u)));
  c.check(other.getMap('map').size, map.size);
}

function map() {
  writeMap('map.one', c.WRITES, c.WRITES, (doc, put, writes) => doc.transact(() => writes.forEach(put())));
  writeMap('map.each', c.WRITES_EACH, c.WRITES_EACH, (doc, put, writes) => writes.forEach(put()));
}

function side(shared, number) {
  const doc = new Y.Doc(), map = doc.getMap('set');
  Y.applyUpdate(doc, shared);
  doc.transact(() => {
    c.added(number).forEach((e) => map.set(e, true));
    c.removed(number).forEach((e) => map.delete(e));
  });
  return doc;
}

function merge() {
  const base = new Y.Doc();
  base.transact(() => c.elements(0, c.ELEMENTS).forEach((e) => base.getMap('set').set(e, true)));
  const shared = Y.encodeStateAsUpdate(base), a = side(shared, 0), b = side(shared, 1), d = side(shared, 0);
  let state;
  c.say('merge.encode', c.timed(() => (state = Y.encodeStateAsUpdate(b))) * 1e3);
  c.say('merge.state', c.timed(() => Y.applyUpdate(a, state)) * 1e3);
  c.say('merge.state.bytes', state.length);
  const difference = Y.encodeStateAsUpdate(b, Y.encodeStateVector(d));
  c.say('merge.difference', c.timed(() => Y.applyUpdate(d, difference)) * 1e3);
  c.say('merge.difference.bytes', difference.length);
  c.check(a.getMap('set').size, c.ELEMENTS + 2 * c.ADDS - 2 * c.REMOVES);
  c.check(d.getMap('set').size, a.getMap('set').size);
}

await c.main({ set, each, map, merge });
