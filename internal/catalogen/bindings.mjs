// Finds by their names the input members that say on which resource an
// operation works. What these rules find is "derived"; the tables in
// facts/, and what they confirm, come first and are "reviewed".

const common = new Set(['Partition', 'Region', 'Account']);

export const pascal = (name) => name[0].toUpperCase() + name.slice(1);

const norm = (s) => s.toLowerCase().replace(/[^a-z0-9]/g, '');

// stem drops what services put behind the name of a thing: Id, Name, ARN, s.
const stem = (s) => norm(s).replace(/(identifiers?|ids?|names?|arns?|keys?)$/, '').replace(/s$/, '');

export function placeholders(format) {
  return [...format.matchAll(/\$\{(\w+)\}/g)].map((m) => m[1]).filter((p) => !common.has(p));
}

// candidates are the members at the top that hold one text, or a list of texts.
function candidates(op) {
  const found = [];
  for (const [name, shape] of op.input.members) {
    if (shape.kind === 'string') found.push({ name, path: pascal(name) });
    if (shape.kind === 'list' && shape.element.kind === 'string') found.push({ name, path: `${pascal(name)}[]` });
  }
  return found;
}

// nouns are the words behind the verb of an operation: DescribeTaskSets -> taskset.
const noun = (operation) => stem(operation.replace(/^(BatchGet|[A-Z][a-z]+)/, ''));

// bind returns the rows {type, certainty, binds} for an action of an
// operation. rules are the rows in facts/ for placeholders of the service: a
// map from placeholder to bindings.
export function bind(op, action, service, rules) {
  if (action.types.length === 0) return [];
  const members = candidates(op);
  const any = members.find(({ name }) => /^resourcearn(s|list)?$/.test(norm(name)));
  if (any && action.types.length > 1) return [{ type: '*', certainty: 'derived', binds: [any.path] }];
  const required = action.types.filter((t) => t.required);
  const all = (required.length ? required : action.types).map((t) => {
    const type = service.types.find((x) => x.name === t.name);
    return bindType(op, type, members, rules, action.types.length);
  });
  const found = all.filter((row) => row.certainty !== 'assumed');
  if (required.length) return all;
  if (found.length) return found;
  return generic(members) ?? [{ type: '*', certainty: 'assumed', binds: [] }];
}

// generic is for operations such as TagResource: one member holds the ARN of
// whatever the resource is.
function generic(members) {
  const m = members.find(({ name }) => ['resourcearn', 'arn', 'resource', 'resourceid', 'resourcearnlist', 'resourcearns', 'resourceidentifier', 'resourcename'].includes(norm(name)));
  return m && [{ type: '*', certainty: 'derived', binds: [m.path] }];
}

function bindType(op, type, members, rules, typeCount) {
  const ofRule = rules.arns.get(type.name)?.filter((b) => present(op, b));
  if (ofRule?.length) return { type: type.name, certainty: 'derived', binds: ofRule };
  const arn = arnMember(op, type, members, typeCount);
  const binds = arn ? [arn.path] : [];
  const names = placeholders(type.formats[0]);
  const free = new Set(members.filter((m) => m !== arn)); // a member says one thing
  for (const p of names) {
    if (rules.placeholders.get(p)?.includes('-')) continue; // never in the request as the ARN has it
    const written = rules.placeholders.get(p)?.filter((b) => present(op, b)) ?? [];
    if (written.length) {
      binds.push(...written.map((b) => (b.includes('~') ? b : `${p}=${b}`)));
      continue;
    }
    const m = nameMember(op, type, p, names, [...free], arn !== undefined);
    if (!m) continue;
    free.delete(m);
    if (/arns?$/i.test(m.name)) {
      binds.push(m.path);
      continue;
    }
    // Where the format has ou-${Id}, ids are written with the ou-.
    const prefix = type.formats[0].match(new RegExp(`[/:]([A-Za-z]+-)\\$\\{${p}\\}`))?.[1];
    if (prefix) binds.push(`${m.path}~${prefix}\${${p}}`);
    binds.push(`${p}=${m.path}`);
  }
  const certain = binds.length > 0 || names.length === 0; // a format without placeholders is complete
  return { type: type.name, certainty: certain ? 'derived' : 'assumed', binds };
}

// present reports whether an operation has the member that a binding reads.
export function present(op, binding) {
  return resolve(op.input, memberOf(binding)) !== undefined;
}

// memberOf returns the path in "Placeholder=Path|default", "Path~shape" or "Path".
export function memberOf(binding) {
  return binding.replace(/~.*$/, '').replace(/^\w+=/, '').replace(/\|.*$/, '');
}

// resolve follows a path such as Entries[].Target.Arn, RequestItems{key} or
// RequestItems{}.Keys into a shape.
export function resolve(shape, path) {
  for (const step of path.replace(/#.*$/, '').split('.')) {
    const [, name, marks] = step.match(/^(\w+)((?:\[\]|\{\}|\{key\})*)$/) ?? [];
    if (shape.kind === 'map') shape = shape.element; // a key that callers write themselves
    else shape = [...(shape.members ?? [])].find(([n]) => pascal(n) === name)?.[1];
    if (!shape) return undefined;
    for (const mark of marks.match(/\[\]|\{\}|\{key\}/g) ?? []) {
      if (shape.kind !== (mark === '[]' ? 'list' : 'map')) return undefined;
      shape = mark === '{key}' ? { kind: 'string' } : shape.element;
    }
  }
  return shape;
}

function arnMember(op, type, members, typeCount) {
  const wanted = [`${norm(type.name)}arn`, `${norm(type.name)}arns`, `${stem(type.name)}arn`, `${stem(type.name)}arns`];
  const exact = members.find(({ name }) => wanted.includes(norm(name)));
  if (exact) return exact;
  if (typeCount > 1) return undefined;
  return members.find(({ name }) => ['resourcearn', 'arn'].includes(norm(name)));
}

// nameMember is strict where a member for the whole ARN was found already.
function nameMember(op, type, placeholder, names, members, strict) {
  const exact = ({ name }) => norm(name) === norm(placeholder);
  if (strict) return members.find(exact);
  const rules = [
    exact,
    ({ name }) => stem(name) !== '' && stem(name) === stem(placeholder),
  ];
  if (names.at(-1) === placeholder) {
    // The last placeholder is the resource's own name, however it is called.
    rules.push(({ name }) => stem(name) !== '' && stem(name) === stem(type.name));
    if (noun(op.name) === stem(type.name)) {
      rules.push(({ name }) => ['name', 'id', 'identifier', 'arn', 'names', 'ids', 'arns', 'identifiers'].includes(norm(name)));
    }
  }
  // What a service calls an id is seldom the name that a caller gives.
  const isID = /Id$|Identifier$/.test(placeholder);
  const fits = members.filter((m) => exact(m) || !(isID && /Names?$/i.test(m.name)) && !/^resourcearn/.test(norm(m.name)));
  for (const rule of rules) {
    const m = fits.find(rule);
    if (m) return m;
  }
  return undefined;
}

// namesRole tells the members that hold IAM roles from those that hold a role
// in a conversation, an application or an organization.
function namesRole(path) {
  if (/(Principal|Guest|Requester|Requestor)RoleArn$|Findings\[\]/.test(path)) return false;
  if (/RoleA(rn|RN)s?$|IamRoles?$/.test(path)) return true;
  return /(^|\.)((\w*(Service|Execution|Instance|Iam|IAM|Access|Scaling|Fleet|Flow|Dispatch|Invocation|Operations|Infrastructure|Transfer|Streams\w*|Sync|Update\w*))?Role)$/.test(path)
    && !/(Messages\[\]|Conversational|Visuals?(\[\])?|Members\w*(\[\])?|Mappings\[\]|Principals\[\]|MembershipItemList\[\])\.Role$/.test(path);
}

// roleMembers lists the paths of members, however deep, that hold the name or
// ARN of a role, in operations that can hand one to a service.
export function roleMembers(op) {
  if (/^(Get|List|Describe|Delete|Search|Lookup|Head|Untag|BatchGet)/.test(op.name)) return [];
  const found = [];
  walk(op.input, '', new Set(), 0);
  return found;

  function walk(shape, path, within, depth) {
    if (depth > 7 || within.size > 12) return;
    if (shape.kind === 'list') return walk(shape.element, `${path}[]`, within, depth + 1);
    if (shape.kind === 'map') return walk(shape.element, `${path}{}`, within, depth + 1);
    if (shape.kind !== 'structure') return;
    for (const [name, member] of shape.members) {
      const at = path ? `${path}.${pascal(name)}` : pascal(name);
      if (within.has(name)) continue; // a structure that holds itself
      const text = member.kind === 'string' || (member.kind === 'list' && member.element.kind === 'string');
      if (text && namesRole(at)) found.push(member.kind === 'list' ? `${at}[]` : at);
      else walk(member, at, new Set([...within, name]), depth + 1);
    }
  }
}
