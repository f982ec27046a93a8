'use strict';

// node measure.js DIRECTORY POLICIES
//
// Prints, as JSON, how long @cloud-copilot/iam-policy takes to parse and validate
// all policies of a file, a JSON array of texts, in nanoseconds of processor time,
// and how many findings it has. DIRECTORY is where the package is installed: it is under the
// AGPL, so whoever measures installs it, and it is no dependency.

const fs = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const { validateIdentityPolicy } = createRequire(path.join(path.resolve(process.argv[2]), 'measure.js'))('@cloud-copilot/iam-policy');

const texts = JSON.parse(fs.readFileSync(process.argv[3], 'utf8'));
let findings = 0;
const all = () => {
  findings = 0;
  for (const text of texts) findings += validateIdentityPolicy(JSON.parse(text)).length;
};
const once = () => {
  const start = process.cpuUsage();
  all();
  const { user, system } = process.cpuUsage(start); // in microseconds
  return (user + system) * 1000;
};
for (let i = 0; i < 5; i += 1) once(); // in which the engine compiles it
const cost = Math.min(...Array.from({ length: 20 }, once));
console.log(JSON.stringify({ engine: `node ${process.version}`, cost, findings }));
