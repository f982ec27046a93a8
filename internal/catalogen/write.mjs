// Writes files of facts: lines of fields separated by tabs, the last one with
// the number of the lines before it and their CRC-32. catalog/format.md says
// what the lines mean.

import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';

export function text(lines) {
  const body = lines.map(line).join('');
  const sum = (zlib.crc32 ?? crc32)(Buffer.from(body)) >>> 0;
  return `${body}end\t${lines.length}\t${sum.toString(16).padStart(8, '0')}\n`;
}

function line(fields) {
  for (const f of fields) if (/[\t\n\r]/.test(f)) throw new Error(`a field holds a separator: ${f}`);
  return fields.join('\t').replace(/\t+$/, '') + '\n';
}

function crc32(bytes) {
  let crc = ~0;
  for (const b of bytes) {
    crc ^= b;
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

// replace makes dir hold exactly files, a map from paths to texts.
export function replace(dir, files) {
  fs.rmSync(dir, { recursive: true, force: true });
  for (const [name, content] of files) {
    const file = path.join(dir, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
  }
}

// differences lists the paths at which dir does not hold files.
export function differences(dir, files) {
  const present = fs.readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile())
    .map((e) => path.relative(dir, path.join(e.parentPath ?? e.path, e.name)).split(path.sep).join('/'));
  const wrong = present.filter((name) => !files.has(name));
  for (const [name, content] of files) {
    const file = path.join(dir, name);
    if (!fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== content) wrong.push(name);
  }
  return wrong.sort();
}
