// Reads the tables written by hand, facts/*.txt. README.md explains them.

import fs from 'node:fs';
import path from 'node:path';

export function readFacts(dir) {
  const facts = {
    spelled: new Map(), // SDK service -> name in Step Functions
    called: new Map(), // name in Step Functions -> names that people write instead
    prefixes: new Map(), // SDK service -> IAM prefix
    receivers: new Map(), // SDK service -> service that gets its roles
    tagging: new Map(), // SDK service -> rows {member, action}: tagging what an operation creates
    services: new Map(), // SDK service -> {ops, placeholders, arns, only, sets, named, reviewed}
    starred: new Set(), // prefixes of services whose formats have * for the last placeholder
    also: [], // further formats of ARNs that requests are checked against
    written: [], // further spellings of names: {prefix, type, placeholder, forms}
    folded: new Set(), // prefixes of services that write names in small letters
    ids: [], // what ids begin with: {prefix, start, type}
    old: [], // old formats of ARNs: {prefix, type, formats}
  };
  for (const file of fs.readdirSync(dir).filter((f) => f.endsWith('.txt')).sort()) {
    readFile(path.join(dir, file), facts);
  }
  return facts;
}

export function factsOf(facts, service) {
  let s = facts.services.get(service);
  if (!s) facts.services.set(service, s = { ops: new Map(), placeholders: new Map(), arns: new Map(), only: new Map(), sets: [], named: false, reviewed: false });
  return s;
}

function readFile(file, facts) {
  const state = { source: '', service: undefined, ops: [], need: undefined };
  fs.readFileSync(file, 'utf8').split('\n').forEach((text, i) => {
    const fields = text.trim().split(/\s+/);
    if (fields[0] === '' || fields[0].startsWith('#')) return;
    const row = rows[fields[0]];
    if (!row) throw new Error(`${file}:${i + 1}: no rows called ${fields[0]}`);
    if (fields[0] !== 'source' && !state.source) throw new Error(`${file}:${i + 1}: a row without a source`);
    try {
      row(state, fields.slice(1), facts);
    } catch (e) {
      throw new Error(`${file}:${i + 1}: ${e.message}`);
    }
  });
}

const once = (map, key, value) => {
  if (map.has(key)) throw new Error(`${key} has two rows`);
  map.set(key, value);
};

const append = (map, key, values) => map.set(key, [...(map.get(key) ?? []), ...values]);

const each = (state, f) => {
  if (state.ops.length === 0) throw new Error('stands under no operation');
  state.ops.forEach(f);
};

const rows = {
  source: (state, [source]) => { state.source = source; },

  // about services
  spelled: (_, [name, inStepFunctions], facts) => once(facts.spelled, name, inStepFunctions),
  called: (_, [name, ...others], facts) => append(facts.called, name, others),
  prefix: (_, [name, prefix], facts) => once(facts.prefixes, name, prefix),
  receiver: (_, [name, principal], facts) => once(facts.receivers, name, principal),
  tagging: (_, [name, member, action], facts) => append(facts.tagging, name, [{ member, action }]),
  starred: (_, prefixes, facts) => prefixes.forEach((p) => facts.starred.add(p)),
  also: (_, [prefix, type, ...formats], facts) => facts.also.push({ prefix, type, formats }),
  written: (_, [prefix, type, placeholder, ...forms], facts) => facts.written.push({ prefix, type: type.replaceAll('_', ' '), placeholder, forms }),
  folded: (_, prefixes, facts) => prefixes.forEach((p) => facts.folded.add(p)),
  ids: (_, [prefix, type, ...starts], facts) => starts.forEach((start) => facts.ids.push({ prefix, start, type })),
  old: (_, [prefix, type, ...formats], facts) => facts.old.push({ prefix, type, formats }),

  // about one service
  service: (state, [name], facts) => {
    state.service = factsOf(facts, name);
    state.ops = [];
  },
  reviewed: (state) => { state.service.reviewed = true; },
  bind: (state, [placeholder, ...binds]) => append(state.service.placeholders, placeholder, binds),
  arn: (state, [type, ...binds]) => append(state.service.arns, type.replaceAll('_', ' '), binds),

  named: (state) => { state.service.named = true; },
  sets: (state, [key, type, ...binds]) => state.service.sets.push({ key, type, binds }),
  only: (state, [type, format]) => once(state.service.only, type.replaceAll('_', ' '), format),

  // about operations
  op: (state, names) => {
    state.ops = names.map((name) => {
      const op = { needs: [], roles: [], conceals: [], keys: [], none: undefined };
      once(state.service.ops, name, op);
      return op;
    });
  },
  more: (state, names) => {
    state.ops = names.map((name) => {
      const op = state.service.ops.get(name);
      if (!op) throw new Error(`${name} has no rows yet`);
      return op;
    });
  },
  need: (state, [action, ...rest]) => each(state, (op) => {
    const purpose = rest.find((r) => ['dependent', 'tag'].includes(r)) ?? 'call';
    const when = rest.filter((r) => r.startsWith('when:')).map((r) => r.slice('when:'.length));
    op.needs.push({ action: action === '=' ? '' : action, purpose, when, on: undefined });
  }),
  on: (state, [type, ...binds]) => each(state, (op) => {
    if (op.needs.length === 0) op.needs.push({ action: '', purpose: 'call', when: [], on: undefined });
    const need = op.needs.at(-1);
    need.on ??= [];
    if (type !== '-') need.on.push({ type: type.replaceAll('_', ' '), certainty: 'reviewed', binds });
  }),
  beyond: (state, fields) => {
    rows.on(state, fields);
    each(state, (op) => { op.needs.at(-1).on.at(-1).beyond = true; });
  },
  byid: (state, [action, member]) => each(state, (op) => op.needs.push({ action: action === '=' ? '' : action, purpose: 'call', when: [], on: undefined, byID: member })),
  role: (state, [member, principal, mark]) => each(state, (op) => op.roles.push({ member, principal, profile: mark === 'profile' })),
  conceals: (state, [principal, member, ...unless]) => each(state, (op) => op.conceals.push({ principal, member, unless })),
  key: (state, [key, type, ...binds]) => each(state, (op) => op.keys.push({ key, type, binds })),
  none: (state, [reason]) => each(state, (op) => { op.none = reason; }),
};
