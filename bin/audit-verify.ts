#!/usr/bin/env node
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { listSites, readHead, walkLinks } from '../lambdas/audit/audit-repository.ts';
import { readExport } from '../lambdas/audit/read-export.ts';
import { verifySite } from '../lambdas/audit/verify-site.ts';

const usage = `Verifies the audit chain of every site, from DynamoDB or from an exported file.

  npm run audit:verify -- [--site N] [--table NAME] [--endpoint URL] [--json]
  npm run audit:verify -- --file export.jsonl [--site N] [--json]

  --table NAME     the audit table; default: AUDIT_TABLE
  --endpoint URL   where DynamoDB answers; default: AWS_ENDPOINT_URL_DYNAMODB, else AWS
  --file FILE      one audit item per line (heads and links, in any order of sites), nothing else is needed
  --site N         only this site
  --json           one JSON object per line

Exit code 0 when every chain is intact, 1 when one is not, 2 when it could not be verified.`;

const { values: options } = parseArgs({
  options: {
    site: { type: 'string' },
    table: { type: 'string' },
    endpoint: { type: 'string' },
    file: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const fromTable = () => {
  const auditTable = options.table ?? process.env.AUDIT_TABLE;
  if (!auditTable)
    throw new Error('Name the audit table with --table or AUDIT_TABLE, or an export with --file.');
  const client = new DynamoDBClient(options.endpoint ? { endpoint: options.endpoint } : {});
  const store = { db: DynamoDBDocumentClient.from(client), auditTable };
  return { listSites: listSites(store), readHead: readHead(store), walkLinks: walkLinks(store) };
};

const fromFile = (file: string) =>
  readExport(createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY }));

const verifyAll = async () => {
  const source = options.file ? await fromFile(options.file) : fromTable();
  const sites = options.site ? [Number(options.site)] : await source.listSites();
  let intact = true;
  for (const siteId of sites) {
    const { recorded, verdict } = await verifySite(source)(siteId);
    intact &&= verdict.intact;
    if (options.json) console.log(JSON.stringify({ site_id: siteId, ...verdict }));
    else if (verdict.intact)
      console.log(`site ${siteId}: intact, ${verdict.length} events, head ${verdict.head}`);
    else console.log(`site ${siteId}: BROKEN at event ${verdict.seq} of ${recorded.seq}: ${verdict.fault}`);
  }
  if (sites.length === 0 && !options.json) console.log('no audit chain yet');
  return intact;
};

if (options.help) console.log(usage);
else {
  try {
    process.exitCode = (await verifyAll()) ? 0 : 1;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 2;
  }
}
