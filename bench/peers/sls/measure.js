'use strict';

// node measure.js DEFINITION
//
// Prints, as JSON, how long the role generator of serverless-step-functions
// takes for one definition, in nanoseconds, and the actions that it granted.
//
// The plugin normally runs inside the Serverless Framework. Here it gets the few
// objects that the generator touches, so that nothing but its own work is
// measured: no plugin loading, no variables, no template of other resources.
// Its template of a role, which it reads for each machine, comes from memory.

const fs = require('node:fs');
const compileIamRole = require('serverless-step-functions/lib/deploy/stepFunctions/compileIamRole');
const naming = require('serverless-step-functions/lib/naming');
const yamlParser = require('serverless-step-functions/lib/yamlParser');

const files = new Map();
function readFileSync(name) {
  if (!files.has(name)) files.set(name, fs.readFileSync(name, 'utf8'));
  return files.get(name);
}

function newPlugin(definition) {
  const serverless = {
    cli: { consoleLog() {} },
    classes: { Error },
    utils: { readFileSync },
    service: {
      service: 'orders',
      provider: { compiledCloudFormationTemplate: { Resources: {} } },
      functions: {},
      stepFunctions: { stateMachines: { Orders: { name: 'Orders', definition } } },
    },
  };
  const provider = {
    serverless,
    getStage: () => 'dev',
    getRegion: () => 'eu-west-1',
    naming: { getNormalizedFunctionName: (name) => name },
  };
  return Object.assign({ serverless, provider }, naming, yamlParser, compileIamRole);
}

// generate returns the role that the plugin adds to its template.
function generate(definition) {
  const plugin = newPlugin(definition);
  plugin.compileIamRole();
  const [role] = Object.values(plugin.serverless.service.provider.compiledCloudFormationTemplate.Resources);
  return role;
}

// cost returns the processor time of one call of work, in ns: that of the best
// of twenty rounds of 50 ms, after two seconds in which the engine compiles it.
function cost(work) {
  const run = (milliseconds) => {
    const start = process.cpuUsage();
    for (let n = 100; ; n += 100) {
      for (let i = 0; i < 100; i += 1) work();
      const { user, system } = process.cpuUsage(start); // in microseconds
      if (user + system >= milliseconds * 1000) return (user + system) * 1000 / n;
    }
  };
  run(2000);
  return Math.min(...Array.from({ length: 20 }, () => run(50)));
}

const text = fs.readFileSync(process.argv[2], 'utf8');
const definition = JSON.parse(text);
const statements = generate(definition).Properties.Policies[0].PolicyDocument.Statement;
console.log(JSON.stringify({
  engine: `node ${process.version}`,
  peer: `serverless-step-functions ${require('serverless-step-functions/package.json').version}`,
  generate: cost(() => generate(definition)),
  parseAndGenerate: cost(() => generate(JSON.parse(text))),
  actions: statements.flatMap((s) => s.Action).sort(),
}));
