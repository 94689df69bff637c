import * as z from 'zod';
import type { RefusalCode } from '../../contracts/command.ts';
import { haltMessage } from '../../contracts/halt.ts';
import type { Log } from '../log.ts';
import type { Reports } from '../reports.ts';
import type { StateFile } from '../state/state-file.ts';
import { type CheckContext, isSignedBy, parseJson } from './check-envelope.ts';

const storedRow = z.object({ halted: z.enum(['yes', 'no']), epoch: z.int().nonnegative() });
const maxBytes = 4 * 1024;

type Deps = {
  readonly state: StateFile;
  readonly reports: Reports;
  readonly context: CheckContext;
  readonly log: Log;
  readonly nowMs: () => number;
  readonly clockSkewMs: number;
};

/**
 * The gateway's kill switch. It is what the message of the highest epoch says, kept on the disk, so that neither a restart nor
 * an old message lifts it. What cannot be read is halted, and is lifted only by a message made since the gateway started. The
 * gateway's own protection of its site goes on.
 */
export const haltSwitch = ({ state, reports, context, log, nowMs, clockSkewMs }: Deps) => {
  const openedAtMs = nowMs();
  /** Undefined where nothing was ever heard, `unreadable` where what was kept is not understood. */
  const kept = () => {
    try {
      const row = state.sql('SELECT halted, epoch FROM halt WHERE one = 1').get();
      if (row === undefined) return undefined;
      const parsed = storedRow.safeParse(row);
      return parsed.success ? parsed.data : 'unreadable';
    } catch {
      return 'unreadable';
    }
  };
  const isHalted = () => {
    const now = kept();
    return now === 'unreadable' || now?.halted === 'yes';
  };

  /** What was kept is as new: whatever the message says, it changes nothing. Copies come again after their key was replaced. */
  const isOld = (epoch: number) => {
    const now = kept();
    return now !== undefined && now !== 'unreadable' && epoch <= now.epoch;
  };

  const refuse = (code: RefusalCode, detail: string) =>
    reports.safety({ kind: 'kill_switch', code, detail: detail.slice(0, 300) });

  /** Takes a message from the cloud. Returns when the state is on the disk. */
  const take = (payload: Uint8Array) => {
    const raw = payload.length <= maxBytes ? parseJson(payload) : undefined;
    const parsed = haltMessage.safeParse(raw);
    if (!parsed.success) return refuse('MALFORMED', 'a message about the kill switch is not one');
    const { siteId, gatewayId, keyId, signature, halted, epoch, issuedAtMs } = parsed.data;
    if (siteId !== context.siteId) return refuse('WRONG_SITE', `addressed to site ${siteId}`);
    if (gatewayId !== context.gatewayId) return refuse('WRONG_GATEWAY', 'addressed to another gateway');
    const secret = context.keys.get(keyId);
    if (secret === undefined && isOld(epoch)) return;
    if (secret === undefined)
      return refuse('UNKNOWN_KEY', 'signed under a key that this gateway does not have');
    if (!isSignedBy(raw, signature, secret))
      return refuse('BAD_SIGNATURE', 'the signature does not match the message');
    state.transact(() => {
      const before = kept();
      if (before === 'unreadable') {
        if (!halted && issuedAtMs < openedAtMs - clockSkewMs) return;
      } else if (before !== undefined && epoch <= before.epoch) return;
      state
        .sql(
          'INSERT INTO halt (one, halted, epoch) VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE SET halted = excluded.halted, epoch = excluded.epoch',
        )
        .run(halted ? 'yes' : 'no', epoch);
      const was = before === 'unreadable' || before?.halted === 'yes';
      if (was === halted) return;
      log('warn', 'kill_switch', { halted, epoch });
      reports.safety({
        kind: 'kill_switch',
        code: halted ? 'HALTED' : 'LIFTED',
        detail: `remote writes are ${halted ? 'stopped' : 'allowed again'}, epoch ${epoch}`,
      });
    });
  };

  /** Of what was heard last; -1 where nothing was, or it cannot be read. */
  const epoch = () => {
    const now = kept();
    return now === undefined || now === 'unreadable' ? -1 : now.epoch;
  };

  return { isHalted, epoch, take };
};
