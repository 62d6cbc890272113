// loro-crdt: LoroCounter, and LoroMap as a set and as a map.
import { LoroDoc } from 'loro-crdt';
import * as c from './common.mjs';

function counter() {
  const one = new LoroDoc(), each = new LoroDoc();
  const add = (doc, after) => () => {
    const counter = doc.getCounter('n');
    for (let i = 0; i < c.INCREMENTS; i++) {
      counter.increment(1);
      after();
    }
    doc.commit();
    c.check(counter.value, c.INCREMENTS);
  };
  c.rate('counter.one', c.INCREMENTS, c.INCREMENTS, add(one, () => {}));
  c.rate('counter.each', c.INCREMENTS, c.INCREMENTS, add(each, () => each.commit()));
}

function set() {
  const doc = new LoroDoc(), map = doc.getMap('set'), elements = c.elements(0, c.ELEMENTS);
  const before = c.held();
  const all = (run) => () => {
    elements.forEach(run);
    doc.commit();
  };
  c.rate('set.one.add', c.ELEMENTS, c.ELEMENTS, all((e) => map.set(e, true)));
  let found = 0;
  c.rate('set.contains', c.ELEMENTS, c.ELEMENTS, () => elements.forEach((e) => (found += map.get(e) === true)));
  c.check(found, c.ELEMENTS);
  c.rate('set.one.remove', c.ELEMENTS, c.ELEMENTS, all((e) => map.delete(e)));
  c.check(map.size, 0);
  c.say('left.memory', c.held() - before);
  c.say('left.bytes', doc.export({ mode: 'snapshot' }).length);
}

function each() {
  const doc = new LoroDoc(), map = doc.getMap('set'), elements = c.elements(0, c.ELEMENTS);
  const all = (run) => () => elements.forEach((e) => (run(e), doc.commit()));
  c.rate('set.each.add', c.ELEMENTS, c.ELEMENTS, all((e) => map.set(e, true)));
  c.rate('set.each.remove', c.ELEMENTS, c.ELEMENTS, all((e) => map.delete(e)));
  c.check(map.size, 0);
}

function writeMap(name, count, full, perCommit) {
  const doc = new LoroDoc(), map = doc.getMap('map'), writes = c.writes(count), updates = [];
  c.rate(`${name}.produce`, count, full, () => {
    let version = doc.version();
    writes.forEach(([k, v], i) => {
      map.set(k, v);
      if ((i + 1) % perCommit !== 0) return;
      doc.commit();
      updates.push(doc.export({ mode: 'update', from: version }));
      version = doc.version();
    });
  });
  c.say(`${name}.wire`, updates.reduce((sum, u) => sum + u.length, 0) / count);
  const other = new LoroDoc();
  c.rate(`${name}.apply`, count, full, () => updates.forEach((u) => other.import(u)));
  c.check(other.getMap('map').size, map.size);
}

function map() {
  writeMap('map.one', c.WRITES, c.WRITES, c.WRITES);
  writeMap('map.each', c.WRITES_EACH, c.WRITES_EACH, 1);
}

function side(shared, number) {
  const doc = new LoroDoc(), map = doc.getMap('set');
  doc.import(shared);
  c.added(number).forEach((e) => map.set(e, true));
  c.removed(number).forEach((e) => map.delete(e));
  doc.commit();
  return doc;
}

function merge() {
  const base = new LoroDoc();
  c.elements(0, c.ELEMENTS).forEach((e) => base.getMap('set').set(e, true));
  base.commit();
  const shared = base.export({ mode: 'snapshot' }), a = side(shared, 0), b = side(shared, 1), d = side(shared, 0);
  let state;
  c.say('merge.encode', c.timed(() => (state = b.export({ mode: 'snapshot' }))) * 1e3);
  c.say('merge.state', c.timed(() => a.import(state)) * 1e3);
  c.say('merge.state.bytes', state.length);
  const difference = b.export({ mode: 'update', from: d.version() });
  c.say('merge.difference', c.timed(() => d.import(difference)) * 1e3);
  c.say('merge.difference.bytes', difference.length);
  c.check(a.getMap('set').size, c.ELEMENTS + 2 * c.ADDS - 2 * c.REMOVES);
  c.check(d.getMap('set').size, a.getMap('set').size);
}

await c.main({ counter, set, each, map, merge });
