import { existsSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';

/** What a caller may set. */
export const certificateStatuses = ['ACTIVE', 'INACTIVE', 'REVOKED'] as const;
/** A certificate waits for fleet provisioning, or is one of the others. */
const keptStatuses = [...certificateStatuses, 'PENDING_ACTIVATION'] as const;
export type CertificateStatus = (typeof keptStatuses)[number];
const certificate = z.object({
  id: z.string(),
  pem: z.string(),
  status: z.enum(keptStatuses),
  created_ms: z.number(),
});
const thingRow = z.object({
  name: z.string(),
  type: z.string().nullable(),
  attributes: z.string(),
  version: z.number(),
});
const attributes = z.record(z.string(), z.string());
const thing = thingRow.transform((row) => ({
  ...row,
  attributes: attributes.parse(JSON.parse(row.attributes)),
}));
export type Thing = z.output<typeof thing>;

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS certificates (id TEXT PRIMARY KEY, pem TEXT NOT NULL, status TEXT NOT NULL, created_ms INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS things (name TEXT PRIMARY KEY, type TEXT, attributes TEXT NOT NULL, version INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS principals (thing TEXT, certificate TEXT, PRIMARY KEY (thing, certificate)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS attachments (certificate TEXT, policy TEXT, PRIMARY KEY (certificate, policy)) STRICT, WITHOUT ROWID;
`;

/** Certificates, things and what is attached to what, in an SQLite file. No private key is ever in it. */
export const openRegistry = (file: string) => {
  if (!existsSync(file)) writeFileSync(file, '', { mode: 0o600 });
  const db = new DatabaseSync(file);
  db.exec(schema);
  const sql = {
    putCertificate: db.prepare('INSERT INTO certificates VALUES (?, ?, ?, ?)'),
    certificate: db.prepare('SELECT * FROM certificates WHERE id = ?'),
    setStatus: db.prepare('UPDATE certificates SET status = ? WHERE id = ?'),
    dropCertificate: db.prepare('DELETE FROM certificates WHERE id = ?'),
    putThing: db.prepare('INSERT OR REPLACE INTO things VALUES (:name, :type, :attributes, :version)'),
    thing: db.prepare('SELECT * FROM things WHERE name = ?'),
    things: db.prepare('SELECT * FROM things ORDER BY name LIMIT ? OFFSET ?'),
    dropThing: db.prepare('DELETE FROM things WHERE name = ?'),
    attach: db.prepare('INSERT OR IGNORE INTO principals VALUES (?, ?)'),
    detach: db.prepare('DELETE FROM principals WHERE thing = ? AND certificate = ?'),
    principals: db.prepare('SELECT certificate AS name FROM principals WHERE thing = ? ORDER BY certificate'),
    thingsOf: db.prepare('SELECT thing AS name FROM principals WHERE certificate = ? ORDER BY thing'),
    attachPolicy: db.prepare('INSERT OR IGNORE INTO attachments VALUES (?, ?)'),
    detachPolicy: db.prepare('DELETE FROM attachments WHERE certificate = ? AND policy = ?'),
    policiesOf: db.prepare('SELECT policy AS name FROM attachments WHERE certificate = ? ORDER BY policy'),
  };
  const names = (rows: unknown[]) => rows.map((row) => z.object({ name: z.string() }).parse(row).name);
  return {
    putCertificate: (id: string, pem: string, status: CertificateStatus) =>
      void sql.putCertificate.run(id, pem, status, Date.now()),
    certificate: (id: string) => certificate.optional().parse(sql.certificate.get(id)),
    setStatus: (id: string, status: CertificateStatus) => void sql.setStatus.run(status, id),
    dropCertificate: (id: string) => void sql.dropCertificate.run(id),
    putThing: (one: Thing) => void sql.putThing.run({ ...one, attributes: JSON.stringify(one.attributes) }),
    thing: (name: string) => thing.optional().parse(sql.thing.get(name)),
    things: (limit: number, offset: number) => sql.things.all(limit, offset).map((row) => thing.parse(row)),
    dropThing: (name: string) => void sql.dropThing.run(name),
    attach: (thingName: string, certificateId: string) => void sql.attach.run(thingName, certificateId),
    detach: (thingName: string, certificateId: string) => void sql.detach.run(thingName, certificateId),
    principals: (thingName: string) => names(sql.principals.all(thingName)),
    thingsOf: (certificateId: string) => names(sql.thingsOf.all(certificateId)),
    attachPolicy: (certificateId: string, policy: string) => void sql.attachPolicy.run(certificateId, policy),
    detachPolicy: (certificateId: string, policy: string) => void sql.detachPolicy.run(certificateId, policy),
    policiesOf: (certificateId: string) => names(sql.policiesOf.all(certificateId)),
    close: () => db.close(),
  };
};
export type Registry = ReturnType<typeof openRegistry>;
