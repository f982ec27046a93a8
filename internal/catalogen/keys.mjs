// Finds the condition keys whose values a request tells: those of the tables in
// facts/, those of tags, and those that are called as a member is. Only keys
// that the reference has for the actions of an operation count.

import { memberOf, pascal, placeholders, present } from './bindings.mjs';

// keys returns the rows {key, type, certainty, binds} of an operation. written
// are the rows in facts/ about it alone.
export function keys(op, needs, iam, known, written) {
  const listed = new Map(); // to their types
  const asked = new Map(); // those that the actions have, whatever the resource is
  const free = new Map(); // those of them that do not tell what exists already
  for (const need of needs) listKeys(need.action, iam, makes.test(op.name), listed, asked, free);
  const rows = written.map((k) => ({ ...k, certainty: 'reviewed' }));
  for (const k of rows) {
    if (!listed.has(k.key)) throw new Error(`${op.name}: its actions have no key ${k.key}`);
    for (const b of k.binds) if (memberOf(b) && !present(op, b)) throw new Error(`${op.name}: no member ${memberOf(b)}`);
  }
  const done = new Set(rows.map((k) => k.key));
  for (const row of known.sets) {
    const binds = row.binds.filter((b) => memberOf(b) === '' || present(op, b));
    if (!asked.has(row.key) || done.has(row.key) || !tellsValue(row, binds)) continue;
    row.used = true;
    rows.push({ key: row.key, type: row.type, certainty: 'reviewed', binds });
  }
  const told = new Set(rows.map((k) => k.key));
  const found = [
    ...[...tagKeys(op), ...createAction(op, needs, iam)].map((k) => ({ ...k, certainty: 'derived' })),
    ...named(op, free).map((k) => ({ ...k, certainty: known.named ? 'reviewed' : 'derived' })),
  ];
  for (const row of found) if (listed.has(row.key) && !told.has(row.key)) rows.push({ ...row, type: '-' });
  return rows.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

// tellsValue reports whether bindings tell more than what stands in the key's name.
const tellsValue = ({ key }, binds) => binds.some((b) => !placeholders(key).some((p) => b.startsWith(`${p}=`)));

// makes are operations whose request says what a resource will be. In others the
// keys of a resource tell what it is already, but for those that name it.
const makes = /^(Create|Restore|Run|Allocate|Copy|Import|Register|Request)/;
const names = /(Id|ID|Arn|ARN|Name|name)s?$/;

// listKeys adds the keys that the reference has for an action: those of the
// action, on whatever resource, and those of the resources themselves.
function listKeys(full, iam, making, listed, asked, free) {
  const [prefix, name] = full.split(':');
  const service = iam.get(prefix);
  const action = service.actions.find((a) => a.name === name);
  const add = (list, ...maps) => list.forEach((n) => maps.forEach((m) => m.set(n, service.keys.find((k) => k.key === n)?.type)));
  add(action.keys, listed, asked, free);
  for (const t of action.types) {
    const own = service.types.find((x) => x.name === t.name).keys;
    add(t.keys, listed, asked);
    add(t.keys.filter((k) => making || !own.includes(k) || names.test(k)), free);
    add(own, listed, ...(making ? [asked] : []));
  }
}

// createAction is the key with which services say what creates something while
// they ask for the permission to tag it.
function createAction(op, needs, iam) {
  const rows = [];
  for (const need of needs.filter((n) => n.purpose === 'tag')) {
    const asked = new Map();
    listKeys(need.action, iam, false, new Map(), asked, new Map());
    const key = `${need.action.split(':')[0]}:CreateAction`;
    if (asked.has(key) && !rows.some((r) => r.key === key)) rows.push({ key, binds: [`|${op.name}`] });
  }
  return rows;
}

// tagKeys are the keys of the tags in a request: of those that it sets, with
// their values, and of those that it takes away.
function tagKeys(op) {
  const rows = [];
  for (const { key, value } of tagMembers(op.input)) {
    if (value) rows.push({ key: 'aws:RequestTag/${TagKey}', binds: [`TagKey=${key}`, value] });
    rows.push({ key: 'aws:TagKeys', binds: [key] });
  }
  return rows;
}

// tagMembers finds the members with tags that lie highest, and of those the ones
// that are called so and nothing else, if there are any.
function tagMembers(input) {
  let level = [{ shape: input, path: '' }];
  for (let depth = 0; depth < 4 && level.length; depth++) {
    const found = [];
    const below = [];
    for (const { shape, path } of level) {
      for (const [name, member] of shape.members) {
        const at = path ? `${path}.${pascal(name)}` : pascal(name);
        const tags = tagsIn(name, member, at);
        if (tags) found.push({ name, tags });
        else if (member.kind === 'structure') below.push({ shape: member, path: at });
        else if (/^TagSpecifications?$/i.test(name) && member.kind === 'list') below.push({ shape: member.element, path: `${at}[]` });
      }
    }
    const plain = found.filter(({ name }) => /^(tags?|taglist|tagset|items)$/i.test(name));
    const removed = found.filter(({ name }) => /keys?(list)?$/i.test(name));
    const best = plain.length ? [...plain, ...removed] : found;
    if (best.length) return best.map(({ tags }) => tags);
    level = below;
  }
  return [];
}

// otherTags are members with tags that the request does not give to anything, or
// not now: those of filters, of what a template will make, of objects and sessions.
const otherTags = /Filter|LaunchTemplateData|InfluxDB|InstanceTags|S3ObjectTags|AllocationResourceTags|(Transitive|Sso)TagKeys/;

function tagsIn(name, member, at) {
  if (otherTags.test(at)) return undefined;
  if (/tagkeys?(list)?$/i.test(name) && member.kind === 'list' && member.element.kind === 'string') return { key: `${at}[]` };
  if (!/tags?(list|set|map|s)?$/i.test(name) && !(name === 'Items' && /Tags?$/.test(at.replace(/\.Items$/, '')))) return undefined;
  if (member.kind === 'map' && member.element.kind === 'string') return { key: `${at}{key}`, value: `${at}{}` };
  if (member.kind !== 'list' || member.element.kind !== 'structure') return undefined;
  const names = [...member.element.members.keys()];
  const key = names.find((n) => /^(tag)?key$/i.test(n));
  const value = names.find((n) => /^(tag)?value$/i.test(n));
  return key && { key: `${at}[].${pascal(key)}`, value: value && `${at}[].${pascal(value)}` };
}

// named are the keys of a service that are called as a member at the top is, with
// text in it. A member for an ARN may hold a name instead, unless it is called so.
function named(op, free) {
  const rows = [];
  for (const [key, type] of free) {
    const called = key.replace(/^[\w-]+:/, '');
    if (key.startsWith('aws:') || !/^[\w-]+$/.test(called)) continue;
    for (const [name, member] of op.input.members) {
      if (norm(name) !== norm(called) || /ARN$/i.test(type) && !/arns?$/i.test(name)) continue;
      if (plain.has(member.kind)) rows.push({ key, binds: [pascal(name)] });
      else if (member.kind === 'list' && plain.has(member.element.kind)) rows.push({ key, binds: [`${pascal(name)}[]`] });
    }
  }
  return rows;
}

const plain = new Set(['string', 'number', 'boolean', 'time']);

const norm = (s) => s.toLowerCase().replace(/[^a-z0-9]/g, '');
