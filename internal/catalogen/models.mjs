// Reads the service models of the AWS SDK for JavaScript, version 2 (one
// package) and version 3 (one package per service), into one form:
//
//   service   {id, name, signing, ops: Map(operation name -> operation)}
//   operation {name, method, path, input}
//   shape     {kind, members?, element?}
//
// kind is string, number, boolean, time, blob, document, list, map or
// structure. members (of a structure) maps names to shapes; element is what a
// list or map holds. Shapes are made when they are read, as some hold
// themselves. Where both versions know a service, version 3 counts, and
// operations of which only version 2 knows are added.

import fs from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';

// sdkName is how Step Functions spells a service: its SDK name in small
// letters, without anything but letters and digits.
export const sdkName = (serviceID) => serviceID.toLowerCase().replace(/[^a-z0-9]/g, '');

export function readModels(modules) {
  const services = new Map();
  for (const s of [...readVersion2(modules), ...readVersion3(modules)]) {
    const known = services.get(s.name);
    if (known) for (const [name, op] of known.ops) if (!s.ops.has(name)) s.ops.set(name, op);
    services.set(s.name, s);
  }
  return services;
}

// --- version 2: apis/NAME-DATE.min.json; the latest date of a service counts.

function readVersion2(modules) {
  const dir = path.join(modules, 'aws-sdk/apis');
  const latest = new Map();
  for (const file of fs.readdirSync(dir).filter((f) => f.endsWith('.min.json')).sort()) {
    const model = JSON.parse(fs.readFileSync(path.join(dir, file), 'utf8'));
    const id = model.metadata.serviceId;
    if (!id) continue; // two models of Import/Export and Mobile Analytics, both retired
    const known = latest.get(id);
    if (!known || known.metadata.apiVersion < model.metadata.apiVersion) latest.set(id, model);
  }
  return [...latest.values()].map(serviceOfVersion2);
}

function serviceOfVersion2(model) {
  const { serviceId: id, endpointPrefix, signingName } = model.metadata;
  const ops = new Map();
  for (const [key, op] of Object.entries(model.operations)) {
    // CloudFront writes the API's date behind the name of each operation.
    const name = key.replace(/\d{4}_\d{2}_\d{2}$/, '');
    const input = op.input ? lazy2(op.input, model.shapes ?? {}) : empty;
    ops.set(name, { name, method: op.http?.method ?? 'POST', path: op.http?.requestUri ?? '/', input });
  }
  return { id, name: sdkName(id), signing: signingName ?? endpointPrefix, ops };
}

const empty = { kind: 'structure', members: new Map() };

function lazy2(node, shapes) {
  if (node.shape) {
    const target = shapes[node.shape];
    return target ? lazy2(target, shapes) : { kind: 'string' };
  }
  switch (node.type) {
    case 'structure':
      return {
        kind: 'structure',
        required: node.required ?? [],
        get members() {
          return new Map(Object.entries(node.members ?? {}).map(([n, m]) => [n, lazy2(m, shapes)]));
        },
      };
    case 'list':
      return { kind: 'list', get element() { return lazy2(node.member ?? {}, shapes); } };
    case 'map':
      return { kind: 'map', get element() { return lazy2(node.value ?? {}, shapes); } };
    case 'integer': case 'long': case 'float': case 'double':
      return { kind: 'number' };
    case 'boolean': return { kind: 'boolean' };
    case 'timestamp': return { kind: 'time' };
    case 'blob': return { kind: 'blob' };
    default: return { kind: node.document ? 'document' : 'string' };
  }
}

// --- version 3: dist-es/schemas/schemas_0.js, which writes every shape as an
// array [kind, namespace, name, traits, ...].

const list3 = 1, map3 = 2, structure3 = 3, union3 = 4, operation3 = 9;
const listBit = 64, mapBit = 128;

function readVersion3(modules) {
  const dir = path.join(modules, '@aws-sdk');
  return fs.readdirSync(dir)
    .filter((d) => d.startsWith('client-'))
    .map((d) => path.join(dir, d, 'dist-es'))
    .filter((d) => fs.existsSync(path.join(d, 'schemas/schemas_0.js')))
    .sort()
    .map(serviceOfVersion3);
}

function serviceOfVersion3(dir) {
  const text = (file) => fs.readFileSync(path.join(dir, file), 'utf8');
  const id = only(text('runtimeConfig.shared.js'), /serviceId \?\? "([^"]+)"/);
  const signing = only(text('auth/httpAuthSchemeProvider.js'), /name: "([^"]+)"/);
  const ops = new Map();
  for (const schema of Object.values(evaluate(text('schemas/schemas_0.js')))) {
    if (!Array.isArray(schema) || schema[0] !== operation3) continue;
    const [, , name, traits, input] = schema;
    const [method, uri] = traits?.http ?? ['POST', '/'];
    ops.set(name, { name, method, path: uri, input: shape3(input) });
  }
  if (ops.size === 0) throw new Error(`${dir}: no operations found; has the form of schemas changed?`);
  return { id, name: sdkName(id), signing, ops };
}

function only(text, pattern) {
  const found = text.match(pattern);
  if (!found) throw new Error(`${pattern} not found`);
  return found[1];
}

// evaluate runs a module of schemas, which holds constants and arrays only,
// without anything to call and without its imports (classes of errors).
function evaluate(source) {
  const names = [];
  const script = source
    .replace(/^import [^;]*;$/gm, (line) => {
      const list = line.match(/\{([^}]*)\}/)?.[1] ?? '';
      return list.split(',').map((n) => n.trim()).filter(Boolean).map((n) => `var ${n} = Stub;`).join(' ');
    })
    .replace(/^export (?:var|const) ([\w$]+) =/gm, (_, name) => { names.push(name); return `var ${name} =`; });
  class Stub {
    static for() { return new Stub(); }
    registerError() {}
  }
  return vm.runInNewContext(`${script}\n({${names.join(', ')}})`, { Stub });
}

function shape3(ref) {
  while (typeof ref === 'function') ref = ref();
  if (Array.isArray(ref) && typeof ref[0] !== 'number') return shape3(ref[0]); // [schema, traits]
  if (Array.isArray(ref) && ref.length === 2) return shape3(ref[0]); // [simple, traits]
  if (typeof ref === 'number') return simple3(ref);
  if (typeof ref === 'string') return ref === 'unit' ? empty : { kind: 'string' };
  switch (ref?.[0]) {
    case list3: return { kind: 'list', get element() { return shape3(ref[4]); } };
    case map3: return { kind: 'map', get element() { return shape3(ref[5]); } };
    case structure3: case union3:
      return {
        kind: 'structure',
        required: ref[4].slice(0, ref[6] ?? 0),
        get members() { return new Map(ref[4].map((n, i) => [n, shape3(ref[5][i])])); },
      };
    case 0: return simple3(ref[4]);
    default: return empty;
  }
}

const simpleKinds = { 1: 'number', 2: 'boolean', 4: 'time', 5: 'time', 6: 'time', 7: 'time', 15: 'document', 17: 'number', 19: 'number', 21: 'blob', 42: 'blob' };

function simple3(n) {
  if (typeof n !== 'number') return { kind: 'string' };
  if (n & listBit) return { kind: 'list', element: simple3(n & ~listBit) };
  if (n & mapBit) return { kind: 'map', element: simple3(n & ~mapBit) };
  return { kind: simpleKinds[n] ?? 'string' };
}

// --- recorded: operations of services whose packages the npm registry does not
// hold in a version that knows them. Name, and members that hold text.

export function addRecorded(services, file) {
  let service;
  for (const line of fs.readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
    const [kind, name, rest = ''] = line.split('\t');
    if (kind === 'service') {
      const key = sdkName(name);
      service = services.get(key) ?? { id: name, name: key, signing: rest, ops: new Map() };
      services.set(key, service);
    } else if (!service.ops.has(name)) {
      const members = new Map(rest.split(' ').filter(Boolean).map((m) => (m.endsWith('[]')
        ? [m.slice(0, -2), { kind: 'list', element: { kind: 'string' } }]
        : [m, { kind: 'string' }])));
      service.ops.set(name, { name, method: '', path: '', input: { kind: 'structure', members } });
    }
  }
}
