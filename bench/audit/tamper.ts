import type { AuditExport } from '../../contracts/api-audit.ts';
import { auditEntry } from '../../contracts/api-audit.ts';
import { type ChainHead, checkLink, emptyHead, eventHash } from '../../lambdas/audit/audit-chain.ts';
import { exportEvents } from '../../lambdas/audit/prove-log.ts';
import { aLog, who } from '../../lambdas/audit/test-log.ts';
import { verifyFiles } from '../../lambdas/audit/verify-files.ts';
import type { Watcher } from '../bench.ts';
import type { Row } from '../table.ts';

type Tried = { readonly what: string; readonly tried: number; readonly unseen: number };
export type TamperFigures = readonly Tried[];

const counted = (what: string) => {
  let tried = 0;
  let unseen = 0;
  return {
    saw: (isSeen: boolean) => {
      tried++;
      if (!isSeen) unseen++;
    },
    result: (): Tried => ({ what, tried, unseen }),
  };
};

/** True when what these bytes say as one entry of the export is refused after `last`. */
const isEntryRefused = (last: ChainHead, text: string): boolean => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return true;
  }
  const entry = auditEntry.safeParse(parsed);
  if (!entry.success) return true;
  const { seq, prev_hash, event_hash, ...event } = entry.data;
  return 'fault' in checkLink(last, { seq, event, prev_hash, event_hash });
};

/**
 * Changes an exported log in every way there is: each bit of each entry, of the note and of what stands around the entries; each deletion, each
 * two entries exchanged, each truncation, and each entry altered with all hashes after it made anew.
 */
export const tamper = async (
  entries: number,
  { progress }: Watcher,
): Promise<{ readonly rows: Row[]; readonly figures: TamperFigures }> => {
  const log = aLog();
  log.grow(entries);
  await log.extend();
  const exported = await exportEvents(log.prove)(who, 1, 1, entries);
  if (!exported.ok) throw new Error('The log was not exported');
  const page = exported.value;
  const isRefused = (changed: AuditExport | string) =>
    !verifyFiles(
      [{ name: 'export', text: typeof changed === 'string' ? changed : JSON.stringify(changed) }],
      log.pem,
    ).intact;
  if (isRefused(page)) throw new Error('The untouched log is refused');
  const results = [
    flipEntries(page, progress),
    flipAround(page, isRefused),
    exchange(page, progress),
    removeEach(page, isRefused, progress),
    cutEach(page, isRefused, progress),
    forgeEach(page, isRefused, progress),
  ];
  const rows = results.map(({ what, tried, unseen }) => ({
    'what was done': what,
    ways: tried.toLocaleString('en-US'),
    'not detected': unseen,
  }));
  return { rows, figures: results };
};

type Progress = Watcher['progress'];

const flipEntries = ({ events }: AuditExport, progress: Progress): Tried => {
  const { saw, result } = counted('each bit of each entry flipped');
  let last: ChainHead = emptyHead;
  events.forEach((entry, at) => {
    const bytes = Buffer.from(JSON.stringify(entry));
    if (isEntryRefused(last, bytes.toString('utf8'))) throw new Error('The untouched entry is refused');
    for (let index = 0; index < bytes.length; index++)
      for (let bit = 0; bit < 8; bit++) {
        bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
        saw(isEntryRefused(last, bytes.toString('utf8')));
        bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
      }
    last = { seq: entry.seq, event_hash: entry.event_hash };
    progress(at + 1, events.length, 'entries, every bit');
  });
  return result();
};

/** Everything in the file that is no entry, but for the key in it, which a verifier with a key of its own does not read. */
const flipAround = (page: AuditExport, isRefused: (text: string) => boolean): Tried => {
  const { saw, result } = counted('each bit of the signed checkpoint, the sizes and the frame flipped');
  const bytes = Buffer.from(JSON.stringify({ ...page, events: [] }));
  const entries = Buffer.from(JSON.stringify(page.events).slice(1, -1));
  const gap = bytes.indexOf('"events":[') + '"events":['.length;
  const [keyFrom, keyTo] = [bytes.indexOf('"public_key_pem":'), bytes.indexOf('"events":[')];
  for (let index = 0; index < bytes.length; index++) {
    if (index >= keyFrom && index < keyTo) continue;
    for (let bit = 0; bit < 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[index] = (bytes[index] ?? 0) ^ (1 << bit);
      const whole = Buffer.concat([changed.subarray(0, gap), entries, changed.subarray(gap)]);
      saw(isRefused(whole.toString('utf8')));
    }
  }
  return result();
};

/** Of each two entries, each set to the other's place. */
const exchange = ({ events }: AuditExport, progress: Progress): Tried => {
  const { saw, result } = counted('each two entries exchanged');
  let last: ChainHead = emptyHead;
  events.forEach((first, at) => {
    for (const { prev_hash, event_hash, seq: _, ...event } of events.slice(at + 1))
      saw('fault' in checkLink(last, { seq: first.seq, event, prev_hash, event_hash }));
    last = { seq: first.seq, event_hash: first.event_hash };
    progress(at + 1, events.length, 'entries, exchanged with each other');
  });
  return result();
};

const removeEach = (
  page: AuditExport,
  isRefused: (page: AuditExport) => boolean,
  progress: Progress,
): Tried => {
  const { saw, result } = counted('each entry removed, and those after it numbered anew');
  page.events.forEach((_, at) => {
    const events = page.events.toSpliced(at, 1).map((one, index) => ({ ...one, seq: index + 1 }));
    saw(isRefused({ ...page, events, count: events.length }));
    saw(isRefused({ ...page, events: page.events.toSpliced(at, 1), count: events.length }));
    progress(at + 1, page.events.length, 'entries removed');
  });
  return result();
};

const cutEach = (page: AuditExport, isRefused: (page: AuditExport) => boolean, progress: Progress): Tried => {
  const { saw, result } = counted('the log cut off after each entry');
  for (let length = 0; length < page.events.length; length++) {
    saw(isRefused({ ...page, events: page.events.slice(0, length), count: length }));
    progress(length + 1, page.events.length, 'truncations');
  }
  return result();
};

const forgeEach = (
  page: AuditExport,
  isRefused: (page: AuditExport) => boolean,
  progress: Progress,
): Tried => {
  const { saw, result } = counted('each entry altered, with every hash after it made anew');
  page.events.forEach((_, at) => {
    let prev = page.events[at]?.prev_hash ?? '';
    const forged = page.events
      .slice(at)
      .map(({ seq, prev_hash: _old, event_hash: _was, ...event }, index) => {
        const told = index === 0 ? { ...event, actor_id: 'somebody-else' } : event;
        const link = { ...told, seq, prev_hash: prev, event_hash: eventHash(told, prev) };
        prev = link.event_hash;
        return link;
      });
    saw(isRefused({ ...page, events: [...page.events.slice(0, at), ...forged] }));
    progress(at + 1, page.events.length, 'forgeries');
  });
  return result();
};
