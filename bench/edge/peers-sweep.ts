import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import type { InventoryEntry } from '../../simulator/site/inventory.ts';
import { type PeerName, type PeerReading, peerReading, peerScript } from '../../test/peers/peer-process.ts';

/** As many sweeps before the measured ones as the gateway has. */
export const warmUps = 2;

const words = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('found'), known: z.int() }),
  z.object({ kind: z.literal('sweep'), took_s: z.number(), cpu_s: z.number() }),
  z.object({ kind: z.literal('reading'), host: z.string(), reading: peerReading.nullable() }),
  z.object({
    kind: z.literal('scan'),
    found: z.int(),
    took_s: z.number(),
    cpu_s: z.number(),
    peak_kb: z.number(),
  }),
  z.object({ kind: z.literal('end'), peak_kb: z.number() }),
]);
type Word = z.infer<typeof words>;

/** Runs a peer's script to its end. Rejects with its last words when it fails. */
export const hearPeer = (python: string, peer: PeerName, args: readonly string[], lines: readonly string[]) =>
  new Promise<readonly Word[]>((resolve, reject) => {
    const child = spawn(python, [peerScript(peer), ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    const heard: Word[] = [];
    let errors = '';
    child.stderr.on('data', (chunk) => (errors = `${errors}${chunk}`.slice(-2_000)));
    createInterface({ input: child.stdout }).on('line', (line) => heard.push(words.parse(JSON.parse(line))));
    child.once('error', reject);
    child.once('close', (code, signal) =>
      code === 0 ? resolve(heard) : reject(new Error(`${peer} ended with ${code ?? signal}: ${errors}`)),
    );
    child.stdin.end(lines.map((line) => `${line}\n`).join(''));
  });

export type PeerSweeps = {
  readonly sweeps: readonly { readonly tookS: number; readonly cpuS: number }[];
  readonly readings: ReadonlyMap<string, PeerReading>;
  readonly peakKb: number;
};

/** Sweeps of miners that the peer has found before, warm-ups included. */
export const runPeer = async (
  python: string,
  peer: PeerName,
  miners: readonly InventoryEntry[],
  { sweeps, 'at-once': atOnce }: { readonly sweeps: number; readonly 'at-once': number },
): Promise<PeerSweeps> => {
  const targets = miners.map(({ host, username, password }) => JSON.stringify({ host, username, password }));
  const args = ['--sweeps', String(warmUps + sweeps), '--at-once', String(atOnce)];
  const heard = await hearPeer(python, peer, args, targets);
  return {
    sweeps: heard.flatMap((word) =>
      word.kind === 'sweep' ? [{ tookS: word.took_s, cpuS: word.cpu_s }] : [],
    ),
    readings: new Map(
      heard.flatMap((word) =>
        word.kind === 'reading' && word.reading ? [[word.host, word.reading] as const] : [],
      ),
    ),
    peakKb: heard.flatMap((word) => (word.kind === 'end' ? [word.peak_kb] : []))[0] ?? 0,
  };
};
