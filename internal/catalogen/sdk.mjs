// Joins operations of the SDK with actions of IAM: what the tables in facts/
// say, and else the action of the same name with what bindings.mjs finds.

import { bind, memberOf, pascal, placeholders, resolve, roleMembers } from './bindings.mjs';
import { factsOf } from './facts.mjs';
import { keys } from './keys.mjs';

// sdkServices returns the services in the form that sdkLines writes, by the
// names that Step Functions uses.
export function sdkServices(models, iam, facts) {
  const result = new Map();
  for (const model of models.values()) {
    const name = facts.spelled.get(model.name) ?? model.name;
    const prefix = prefixOf(model, name, iam, facts);
    const known = factsOf(facts, name);
    for (const op of known.ops.keys()) {
      if (!model.ops.has(op)) throw new Error(`facts of ${name}: the SDK has no operation ${op}`);
    }
    const ops = [...model.ops.values()].map((op) => operation(op, name, prefix, iam, facts, known));
    for (const row of known.sets) if (!row.used) throw new Error(`facts of ${name}: no operation sets ${row.key} so`);
    const called = [...(facts.called.get(name) ?? []), ...(name === model.name ? [] : [model.name])].sort();
    result.set(name, { name, id: model.id, prefix, called, ops });
  }
  for (const name of facts.services.keys()) {
    if (!result.has(name)) throw new Error(`facts of ${name}: the SDK has no such service`);
  }
  return result;
}

function prefixOf(model, name, iam, facts) {
  const written = facts.prefixes.get(name);
  if (written) return written === '-' ? '' : written;
  if (iam.has(name)) return name;
  return iam.has(model.signing) ? model.signing : '';
}

function operation(op, sdk, prefix, iam, facts, known) {
  const fact = known.ops.get(op.name);
  const same = actionOf(iam, `${prefix}:${op.name}`);
  const result = { name: op.name, certainty: 'assumed', method: '', path: '', needs: [], roles: [], conceals: fact?.conceals ?? [], keys: [], none: '' };
  for (const { member, unless } of result.conceals) [member, ...unless].forEach((m) => checkMember(op, m));
  if (fact?.none) return { ...result, certainty: 'reviewed', none: fact.none };

  let needs = fact?.needs ?? [];
  if (needs.length === 0 && !same && prefix === 'apigateway') {
    needs = [gatewayNeed(op)];
    Object.assign(result, { method: op.method, path: op.path.replace(/\?.*$/, '') });
  }
  if (!needs.some((n) => n.purpose === 'call')) {
    if (!same) return { ...result, none: 'unlisted' };
    needs = [{ action: '', purpose: 'call', when: [], on: undefined }, ...needs];
  }
  for (const need of needs.flatMap((n) => byID(n, same, prefix, iam, facts))) {
    const resolved = resolveNeed(need, op, same, prefix, iam, known, facts);
    result.needs.push(...(need.on ? [resolved] : whereGiven(op, resolved, iam)));
  }
  tagOnCreate(op, sdk, prefix, iam, facts, result);
  result.certainty = fact || known.reviewed ? 'reviewed' : 'derived';
  result.roles = roles(op, sdk, iam, prefix, facts, fact);
  result.keys = keys(op, result.needs, iam, known, fact?.keys ?? []);
  for (const need of result.needs.filter((n) => n.purpose === 'call')) need.on = need.on.map((row) => marked(op, row));
  return result;
}

// marked puts ! before the bindings to members without which the SDK's model
// allows no request.
function marked(op, row) {
  const required = (op.input.required ?? []).map(pascal);
  const must = (b) => !b.includes('|') && required.includes(memberOf(b).match(/^\w*/)[0]);
  return { ...row, binds: row.binds.map((b) => (must(b) ? `!${b}` : b)) };
}

export function actionOf(iam, fullName) {
  const [prefix, name] = fullName.split(':');
  return iam.get(prefix)?.actions.find((a) => a.name.toLowerCase() === name.toLowerCase());
}

// byID makes of a need on resources whose ids a member holds one for each type
// that begins its ids in a way of its own, and one for all other ids.
function byID(need, same, prefix, iam, facts) {
  if (!need.byID) return [need];
  const action = need.action ? actionOf(iam, need.action) : same;
  const own = facts.ids.filter((row) => row.prefix === prefix && action.types.some((t) => t.name === row.type));
  const types = iam.get(prefix).types;
  return [
    ...own.map(({ start, type }) => {
      const view = `${need.byID}#(${start}*)`;
      const name = placeholders(types.find((t) => t.name === type).formats[0]).at(-1);
      return { ...need, when: [view], on: [{ type, certainty: 'reviewed', binds: [`${name}=${view}`] }] };
    }),
    { ...need, when: [`${need.byID}#!(${own.map(({ start }) => `${start}*`).join(',')})`], on: [{ type: '*', certainty: 'reviewed', binds: [] }] },
  ];
}

function resolveNeed(need, op, same, prefix, iam, known, facts) {
  const written = need.action === '' || need.action.includes(':') ? need.action : `${prefix}:${need.action}`;
  const full = written || `${prefix}:${same?.name}`;
  const action = actionOf(iam, full);
  if (!action) throw new Error(`${op.name}: no action ${full}`);
  const service = narrowed(iam.get(full.split(':')[0]), known.only);
  const rows = need.on ?? bind(op, action, service, known).map((row) => ({
    ...row, certainty: known.reviewed ? 'reviewed' : row.certainty,
  }));
  const on = facts.folded.has(service.prefix) ? rows.flatMap(folded) : rows;
  for (const row of on) {
    check(op, row, action, service);
    row.binds = spellings(row, service.prefix, facts);
  }
  for (const row of on) row.type = known.only.get(row.type) ?? row.type;
  for (const when of need.when) checkMember(op, when.replace(/^!/, '').replace(/[#:].*$/, ''));
  return { action: `${full.split(':')[0]}:${action.name}`, purpose: need.purpose, when: need.when, on };
}

// folded adds a row with the names in small letters.
function folded(row) {
  const names = row.binds.filter((b) => /^\w+=\w[^#~|]*$/.test(b));
  if (names.length === 0 || names.length < row.binds.length) return [row];
  return [row, { ...row, binds: names.map((b) => `${b}#lower`) }];
}

// spellings adds the further ways in which names of a type may be written, where
// a row does not say how its member is.
function spellings(row, prefix, facts) {
  const shaped = new Set(row.binds.filter((b) => b.includes('~')).map(memberOf));
  return row.binds.flatMap((b) => {
    const [placeholder] = b.includes('~') ? [] : b.match(/^\w+(?==)/) ?? [];
    const member = memberOf(b);
    const forms = facts.written.find((w) => w.prefix === prefix && w.type === row.type && w.placeholder === placeholder)?.forms;
    if (!forms || member === '' || shaped.has(member)) return [b];
    return [...forms.map((form) => `${member}~${form}`), b];
  });
}

// narrowed leaves types that two APIs share the format of one.
function narrowed(service, only) {
  if (only.size === 0) return service;
  for (const [type, format] of only) {
    if (!service.types.some((t) => t.name === type && t.formats.includes(format))) throw new Error(`no type ${type} with the format ${format}`);
  }
  return { ...service, types: service.types.map((t) => (only.has(t.name) ? { ...t, formats: [only.get(t.name)] } : t)) };
}

// whereGiven splits a need of which no resource is required: what the request
// does not name is not checked, and the action is on "*" when it names nothing.
function whereGiven(op, need, iam) {
  const action = actionOf(iam, need.action);
  const members = need.on.map((row) => [...new Set(row.binds.map((b) => memberOf(b).replace(/\[\]$/, '')))]);
  const optional = action.types.length > 0 && action.types.every((t) => !t.required)
    && need.on.length > 0 && need.when.length === 0 && op.input.required !== undefined
    && members.every((names) => names.length === 1 && isOptional(op, names[0]));
  if (!optional) return [need];
  const given = [...new Set(members.flat())];
  return [
    ...given.map((m) => ({ ...need, when: [m], on: need.on.filter((_, i) => members[i][0] === m) })),
    { ...need, when: given.map((m) => `!${m}`), on: [] },
  ];
}

// isOptional is for members at the top, which a request may leave out.
function isOptional(op, member) {
  return /^\w+$/.test(member) && !op.input.required.some((r) => pascal(r) === member);
}

// tagOnCreate adds the permission to tag what an operation creates, in
// services that ask for it: on what the operation makes, as far as its
// resources tell that from what it uses.
function tagOnCreate(op, sdk, prefix, iam, facts, result) {
  if (result.needs.some((n) => n.purpose === 'tag') || /^(Tag|Untag|AddTags|RemoveTags|CreateTags|CreateOrUpdateTags|DeleteTags)/.test(op.name)) return;
  for (const { member, action } of facts.tagging.get(sdk) ?? []) {
    if (!resolve(op.input, member)) continue;
    const known = actionOf(iam, `${prefix}:${action}`);
    if (!known) throw new Error(`tagging of ${sdk}: no action ${action}`);
    const can = new Set(known.types.map((t) => t.name));
    const rows = result.needs[0].on.filter((row) => can.has(row.type) || row.type === '*');
    const made = rows.filter((row) => row.binds.length === 0); // ids that the service makes up
    const on = made.length ? made : rows;
    result.needs.push({
      action: `${prefix}:${known.name}`,
      purpose: 'tag',
      when: [member],
      on: on.length || known.types.length === 0 ? on : [{ type: '*', certainty: 'assumed', binds: [] }],
    });
  }
}

// check finds mistakes in the rows of facts/.
function check(op, row, action, service) {
  for (const b of row.binds) checkMember(op, memberOf(b));
  if (action.types.length === 0 && row.type !== '*' && !row.beyond) {
    throw new Error(`${op.name}: ${action.name} takes no resource, and yet there is one of the type ${row.type}`);
  }
  if (row.type === '*' || row.type.startsWith('arn:')) return;
  const type = service.types.find((t) => t.name === row.type);
  if (!type) throw new Error(`${op.name}: ${service.prefix} has no resource type ${row.type}`);
}

function checkMember(op, path) {
  if (path !== '' && !resolve(op.input, path)) throw new Error(`${op.name}: no member ${path}`);
}

// gatewayNeed is the rule of API Gateway: the action is the HTTP verb, and the
// resource the path of the request.
function gatewayNeed(op) {
  const uri = op.path.replace(/\?.*$/, '').replace(/^\/v2\//, '/');
  if (uri.startsWith('/tags')) {
    const member = [...op.input.members.keys()].find((m) => m.toLowerCase() === 'resourcearn');
    return { action: op.method, purpose: 'call', when: [], on: [{ type: 'arn:${Partition}:apigateway:${Region}::/tags/${ResourceArn}', certainty: 'reviewed', binds: [`ResourceArn=${pascal(member)}#encoded`] }] };
  }
  const binds = [];
  const path = uri.replace(/\{(\w+)\+?\}/g, (_, label) => {
    const member = [...op.input.members.keys()].find((m) => m.toLowerCase() === label.replaceAll('_', '').toLowerCase());
    if (!member) throw new Error(`${op.name}: no member for ${label} of ${op.path}`);
    binds.push(`${pascal(member)}=${pascal(member)}`);
    return '${' + pascal(member) + '}';
  });
  return { action: op.method, purpose: 'call', when: [], on: [{ type: `arn:\${Partition}:apigateway:\${Region}::${path}`, certainty: 'reviewed', binds }] };
}

function roles(op, sdk, iam, prefix, facts, fact) {
  const written = new Map((fact?.roles ?? []).map((r) => [r.member, r]));
  const found = roleMembers(op).filter((m) => !written.has(m));
  const receiver = facts.receivers.get(sdk);
  const derived = receiver === '-' ? [] : found.map((member) => ({
    member,
    principal: receiver ?? '',
    certainty: receiver ? 'derived' : 'assumed',
  }));
  for (const member of written.keys()) checkMember(op, member);
  return [
    ...[...written.values()].filter((r) => r.principal !== '-').map((r) => ({ ...r, certainty: 'reviewed' })),
    ...derived,
  ].sort((a, b) => (a.member < b.member ? -1 : 1));
}

// sdkLines writes the file of one service.
export function sdkLines(s) {
  const lines = [['sdk', s.name, s.id, s.prefix, s.called.join(' ')]];
  for (const op of [...s.ops].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    lines.push(['op', op.name, op.certainty, op.method, op.path]);
    if (op.none) lines.push(['none', op.none]);
    op.needs.forEach((need, i) => {
      const plain = need.action === `${s.prefix}:${op.name}` && need.purpose === 'call' && need.when.length === 0;
      const implied = plain && i === 0 && (op.needs.length === 1 || need.on.length > 0);
      if (!implied) lines.push(['need', need.action, need.purpose, need.when.join(' ')]);
      for (const row of need.on) lines.push(['on', row.type, row.certainty, row.binds.join(' ')]);
    });
    for (const r of op.roles) lines.push(['role', r.member, r.certainty, r.principal, r.profile ? 'profile' : '']);
    for (const p of op.conceals) lines.push(['conceals', p.principal, p.member, p.unless.join(' ')]);
    for (const k of op.keys) lines.push(['key', k.key, k.type, k.certainty, k.binds.join(' ')]);
  }
  return lines;
}
