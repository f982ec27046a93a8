// Writes recorded/botocore-VERSION.txt from the models that botocore, the AWS SDK
// for Python, brings along: the operations that no package read by models.mjs
// has, with the members of their input that hold text.
//
//     node record.mjs DIRECTORY >recorded/botocore-VERSION.txt
//
// DIRECTORY is botocore/data of an installed botocore of that version.

import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { readModels, sdkName } from './models.mjs';

const data = process.argv[2];
if (!data) throw new Error('usage: node record.mjs DIRECTORY');
const known = readModels(path.join(path.dirname(fileURLToPath(import.meta.url)), 'node_modules'));

const models = fs.readdirSync(data, { withFileTypes: true }).filter((d) => d.isDirectory()).map((d) => latest(path.join(data, d.name))).filter(Boolean);
models.sort((a, b) => (a.metadata.serviceId < b.metadata.serviceId ? -1 : 1));
for (const { metadata, operations, shapes } of models) {
  const ops = known.get(sdkName(metadata.serviceId))?.ops;
  const missing = Object.keys(operations).filter((name) => !ops?.has(name)).sort();
  if (missing.length === 0) continue;
  print('service', metadata.serviceId, metadata.signingName ?? metadata.endpointPrefix);
  for (const name of missing) print('op', name, texts(operations[name].input, shapes).join(' '));
}

function print(...fields) {
  process.stdout.write(fields.join('\t').replace(/\t+$/, '') + '\n');
}

// latest reads the newest model of a service.
function latest(dir) {
  for (const version of fs.readdirSync(dir).sort().reverse()) {
    const file = path.join(dir, version, 'service-2.json');
    if (fs.existsSync(file)) return JSON.parse(fs.readFileSync(file, 'utf8'));
    if (fs.existsSync(`${file}.gz`)) return JSON.parse(zlib.gunzipSync(fs.readFileSync(`${file}.gz`)));
  }
  return undefined;
}

// texts lists the members that hold text, or a list of texts.
function texts(input, shapes) {
  const found = [];
  for (const [name, { shape }] of Object.entries(input ? shapes[input.shape].members : {})) {
    const { type, member } = shapes[shape];
    if (type === 'string') found.push(name);
    if (type === 'list' && shapes[member.shape].type === 'string') found.push(`${name}[]`);
  }
  return found.sort();
}
