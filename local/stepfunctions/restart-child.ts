import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { startForTest } from './test-machines.ts';

/** A runtime of its own for the restart test: it may be killed at any moment. Arguments: state directory, machines' file. */
const [stateDir = '', machinesFile = ''] = process.argv.slice(2);
const machines = z
  .record(z.string(), z.record(z.string(), z.unknown()))
  .parse(JSON.parse(readFileSync(machinesFile, 'utf8')));
const steps = await startForTest({
  stateDir,
  invoke: async (name, event) => {
    appendFileSync(join(stateDir, 'calls.jsonl'), `${JSON.stringify({ pid: process.pid, name, event })}\n`);
    if (name === 'hangs' && !process.env['SECOND']) return new Promise(() => {});
    return { ok: true, payload: { by: process.env['SECOND'] ? 'second' : 'first', event } };
  },
});
for (const [name, definition] of Object.entries(machines)) await steps.define(definition, name);
await steps.service.begin?.();
process.stdout.write(`${steps.service.endpoint}\n`);
setInterval(() => {}, 1 << 30);
