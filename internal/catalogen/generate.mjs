// Writes the fact tables of package catalog. README.md says how to run it.

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { addFormats, readIAM, globalKeys, iamLines } from './iam.mjs';
import { addRecorded, readModels } from './models.mjs';
import { readFacts } from './facts.mjs';
import { sdkLines, sdkServices } from './sdk.mjs';
import { differences, replace, text } from './write.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const modules = path.join(here, 'node_modules');
const data = path.join(here, '../../catalog/data');

function generate() {
  const files = new Map();
  const iam = readIAM(modules);
  const facts = readFacts(path.join(here, 'facts'));
  addFormats(iam, facts);
  for (const s of iam.values()) files.set(`iam/${s.prefix}.txt`, text(iamLines(s)));
  files.set('global.txt', text(globalKeys(modules).map((k) => ['key', k.key, k.type]).sort()));
  files.set('sources.txt', text(sources().sort()));
  const models = readModels(modules);
  addRecorded(models, path.join(here, 'recorded/botocore-1.43.11.txt'));
  for (const s of sdkServices(models, iam, facts).values()) {
    files.set(`sdk/${s.name}.txt`, text(sdkLines(s)));
  }
  return files;
}

// sources lists the packages, with their versions and licences.
function sources() {
  const read = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));
  const packages = Object.keys(read(path.join(here, 'package.json')).dependencies)
    .map((name) => read(path.join(modules, name, 'package.json')))
    .map((p) => ['source', `${p.name} ${p.version}`, p.license]);
  return [...packages, ['source', 'botocore 1.43.11', 'Apache-2.0']];
}

const files = generate();
if (process.argv.includes('--check')) {
  const wrong = differences(data, files);
  if (wrong.length) {
    console.error(`catalog/data is not what the generator writes; run "make facts". ${wrong.length} files differ:`);
    for (const name of wrong.slice(0, 20)) console.error(`  ${name}`);
    process.exit(1);
  }
} else {
  replace(data, files);
}
