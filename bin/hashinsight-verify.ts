#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { verifyFiles } from '../lambdas/audit/verify-files.ts';

const usage = `Verifies an exported audit log with nothing but the files and the log's public key.

  hashinsight-verify --key public.pem FILE...

  FILE         answers of /api/v1/audit/export (every page), /api/v1/audit/proofs/inclusion, …/consistency,
               or checkpoint notes, in any order, of one site
  --key FILE   the log's public key (PEM), got by another way than the export. Without it the export's own key is
               taken, which only proves that the files fit together
  --json       findings as JSON

Exit code 0 when everything fits, 1 when something does not, 2 when it could not be verified.`;

const main = () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { key: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help || positionals.length === 0) {
    console.log(usage);
    return values.help ? 0 : 2;
  }
  const files = positionals.map((name) => ({ name, text: readFileSync(name, 'utf8') }));
  const verdict = verifyFiles(files, values.key === undefined ? undefined : readFileSync(values.key, 'utf8'));
  if (values.json) console.log(JSON.stringify(verdict));
  else {
    for (const { file, ok, says } of verdict.findings)
      console.log(`${ok ? 'fits  ' : 'BROKEN'}  ${file}: ${says}`);
    console.log(
      `key ${verdict.keyFingerprint}${values.key === undefined ? ' (from the export itself)' : ''}`,
    );
    console.log(verdict.intact ? `intact: ${verdict.events} events` : 'NOT intact');
  }
  return verdict.intact ? 0 : 1;
};

try {
  process.exitCode = main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
