import { createHash, createPublicKey } from 'node:crypto';
import * as z from 'zod';
import { auditConsistency, auditExport, auditInclusion } from '../../contracts/api-audit.ts';
import { type ChainLink, checkLink, emptyHead } from './audit-chain.ts';
import { type Checkpoint, openCheckpoint } from './checkpoint.ts';
import { leafOf } from './extend-log.ts';
import { provesConsistency, provesInclusion } from './merkle-proof.ts';
import { emptyRoot, foldNodes, nodeHash } from './merkle-tree.ts';

export type NamedFile = { readonly name: string; readonly text: string };
export type Finding = { readonly file: string; readonly ok: boolean; readonly says: string };
export type FilesVerdict = {
  readonly findings: readonly Finding[];
  readonly events: number;
  /** SHA-256 of the public key (SPKI, DER), in hex: to be compared with what the operator told by another way. */
  readonly keyFingerprint: string;
  readonly intact: boolean;
};

const content = z.union([auditExport, auditInclusion, auditConsistency]);
type Content = z.infer<typeof content>;
const derOf = (pem: string) => createPublicKey(pem).export({ type: 'spki', format: 'der' });
const unhex = (proof: readonly string[]) => proof.map((hash) => Buffer.from(hash, 'hex'));

const parse = (text: string): Content | { readonly note: string } | undefined => {
  if (text.startsWith('hashinsight.audit/')) return { note: text };
  try {
    return content.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
};

/** Grows a root leaf by leaf. */
const rootGrower = () => {
  const peaks: { readonly level: number; readonly hash: Uint8Array }[] = [];
  return {
    add: (leaf: Uint8Array) => {
      let peak = { level: 0, hash: leaf };
      for (let last = peaks.at(-1); last?.level === peak.level; last = peaks.at(-1)) {
        peaks.pop();
        peak = { level: peak.level + 1, hash: nodeHash(last.hash, peak.hash) };
      }
      peaks.push(peak);
    },
    root: () => (peaks.length === 0 ? emptyRoot() : foldNodes(peaks.map(({ hash }) => hash))),
  };
};

/**
 * Verifies what a customer or an auditor was given, with nothing but these files and the log's public key (PEM): the
 * answers of `audit/export`, `audit/proofs/…` and bare checkpoint notes, in any order. Events from the first on are
 * checked link by link, and against every checkpoint that they reach; without `publicKeyPem` the key in the export is taken,
 * which proves only that the files fit together. Throws Error when no key is known.
 */
export const verifyFiles = (files: readonly NamedFile[], publicKeyPem?: string): FilesVerdict => {
  const findings: Finding[] = [];
  const say = (file: string, ok: boolean, says: string) => findings.push({ file, ok, says });
  const parsed = files.flatMap(({ name, text }) => {
    const found = parse(text);
    if (!found) say(name, false, 'it is neither an export, a proof nor a checkpoint of the audit log');
    return found ? [{ name, found }] : [];
  });
  const exported = parsed.flatMap(({ name, found }) => ('events' in found ? [{ name, found }] : []));
  const pem = publicKeyPem ?? exported[0]?.found.public_key_pem;
  if (pem === undefined) throw new Error('Give the public key of the log with --key');
  const key = derOf(pem);
  const open = (name: string, note: string): Checkpoint | undefined => {
    const opened = openCheckpoint(note, key);
    if (!opened.ok) say(name, false, `checkpoint: ${opened.fault}`);
    return opened.ok ? opened.checkpoint : undefined;
  };
  const sites = new Set<number>();
  const checkpoints: { readonly name: string; readonly of: Checkpoint }[] = [];
  for (const { name, found } of parsed) {
    const notes = 'from_note' in found && found.from_note ? [found.note, found.from_note] : [found.note];
    for (const note of notes) {
      const of = open(name, note);
      if (of) checkpoints.push({ name, of });
      if (of) sites.add(of.siteId);
    }
  }
  if (sites.size > 1)
    say(files[0]?.name ?? '', false, 'the files are of several sites; verify each by itself');

  const links = new Map<number, { readonly name: string; readonly link: ChainLink }>();
  for (const { name, found } of exported)
    for (const { seq, prev_hash, event_hash, ...event } of found.events) {
      const known = links.get(seq);
      if (known && known.link.event_hash !== event_hash)
        say(name, false, `event ${seq} differs from the one in ${known.name}`);
      links.set(seq, { name, link: { seq, event, prev_hash, event_hash } });
    }
  for (const { name, found } of exported) {
    const of = checkpoints.find((one) => one.name === name)?.of;
    if (found.count !== found.events.length)
      say(name, false, `it says that it holds ${found.count} events, and holds ${found.events.length}`);
    if (found.events.some((event) => event.site_id !== found.site_id))
      say(name, false, `it holds events of other sites than ${found.site_id}`);
    if (of && (of.size !== found.size || of.siteId !== found.site_id))
      say(name, false, 'its checkpoint is of another site or size than it says');
    const nextSeq = (found.events.at(-1)?.seq ?? found.size) + 1;
    if ((found.next_seq ?? nextSeq) !== nextSeq) say(name, false, `it does not go on at ${found.next_seq}`);
  }
  const included = parsed.flatMap(({ found }) => ('seq' in found ? [found.seq] : []));
  walk(links, checkpoints, included, say);
  for (const { name, found } of parsed) {
    if ('seq' in found) {
      const of = checkpoints.find((one) => one.name === name)?.of;
      const link = links.get(found.seq)?.link;
      if (!link) say(name, false, `the export does not hold event ${found.seq}, so nothing is proven of it`);
      else if (of)
        say(
          name,
          of.size === found.size &&
            provesInclusion(leafOf(link), found.seq - 1, of.size, unhex(found.proof), of.root),
          `inclusion of event ${found.seq} in the checkpoint of ${found.size}`,
        );
    }
    if ('from_size' in found) {
      const [to, from] = checkpoints.filter((one) => one.name === name).map(({ of }) => of);
      if (!from) say(name, false, `no checkpoint of ${found.from_size} events is known`);
      else if (to)
        say(
          name,
          provesConsistency(from.size, to.size, unhex(found.proof), from.root, to.root),
          `the log of ${to.size} events continues that of ${from.size}`,
        );
    }
  }
  return {
    findings,
    events: links.size,
    keyFingerprint: createHash('sha256').update(key).digest('hex'),
    intact: findings.length > 0 && findings.every(({ ok }) => ok),
  };
};

const walk = (
  links: ReadonlyMap<number, { readonly name: string; readonly link: ChainLink }>,
  checkpoints: readonly { readonly name: string; readonly of: Checkpoint }[],
  included: readonly number[],
  say: (file: string, ok: boolean, says: string) => void,
) => {
  if (links.size === 0) return;
  const seqs = [...links.keys()].toSorted((a, b) => a - b);
  const [first = 1] = seqs;
  const start = links.get(first);
  if (!start) return;
  let last = first === 1 ? emptyHead : { seq: first - 1, event_hash: start.link.prev_hash };
  const tree = rootGrower();
  for (const seq of seqs) {
    const { name, link } = links.get(seq) ?? start;
    const checked = checkLink(last, link);
    if ('fault' in checked) {
      const { fault } = checked;
      say(name, false, fault.intact ? '' : `event ${fault.seq}: ${fault.fault}`);
      return;
    }
    last = checked.head;
    if (first !== 1) continue;
    tree.add(leafOf(link));
    for (const { name: noted, of } of checkpoints)
      if (of.size === seq)
        say(
          noted,
          Buffer.compare(of.root, tree.root()) === 0,
          `checkpoint of ${of.size} events: signature and root`,
        );
  }
  say(start.name, true, `events ${first} to ${last.seq} are an unbroken chain`);
  if (first > 1 && !included.includes(last.seq))
    say(
      start.name,
      false,
      `events ${first} to ${last.seq} are bound to no checkpoint; add the events before, or the inclusion proof of event ${last.seq}`,
    );
  if (first === 1)
    for (const { name, of } of checkpoints)
      if (of.size > last.seq)
        say(name, false, `the checkpoint holds ${of.size} events, the export only ${last.seq}`);
};
