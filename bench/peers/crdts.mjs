// crdts: PNCounter and ORSet. Removing and asking are O(n) each there, so the sets are small ones, and say so.
import { ORSet, PNCounter } from 'crdts';
import * as c from './common.mjs';

const SMALL = 1_000;

function counter() {
  const counter = new PNCounter('a');
  c.rate('counter.each', c.INCREMENTS, c.INCREMENTS, () => {
    for (let i = 0; i < c.INCREMENTS; i++) counter.increment();
  });
  c.check(counter.value, c.INCREMENTS);
}

function each() {
  const set = new ORSet(), elements = c.elements(0, SMALL);
  let tag = 0, found = 0;
  const before = c.held();
  c.rate('set.each.add', SMALL, c.ELEMENTS, () => elements.forEach((e) => set.add(e, ++tag)));
  c.rate('set.contains', SMALL, c.ELEMENTS, () => elements.forEach((e) => (found += set.has(e))));
  c.check(found, SMALL);
  c.rate('set.each.remove', SMALL, c.ELEMENTS, () => elements.forEach((e) => set.remove(e)));
  c.check(set.toArray().length, 0);
  c.say('left.memory', Math.max(0, c.held() - before), SMALL);
  c.say('left.bytes', JSON.stringify(set.toJSON()).length, SMALL);
}

await c.main({ counter, each });
