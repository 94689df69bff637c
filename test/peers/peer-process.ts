import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod';

/** Clients of miners that others wrote, by the Python module that must be there for their script. */
export const peers = {
  'asic-rs': { module: 'pyasic_rs', script: 'asic_rs_peer.py' },
  pyasic: { module: 'pyasic', script: 'pyasic_peer.py' },
} as const;
export type PeerName = keyof typeof peers;
export const peerNames = ['asic-rs', 'pyasic'] as const satisfies readonly PeerName[];

const root = join(import.meta.dirname, '..', '..');
export const peerScript = (peer: PeerName) => join(import.meta.dirname, peers[peer].script);

/** The Python that has a peer: the one of HASHINSIGHT_PEERS_PYTHON, of `.peers`, or the system's. Undefined where none has. */
export const pythonWith = (peer: PeerName): string | undefined => {
  const own = join(root, '.peers', 'bin', 'python');
  const candidates = [
    process.env.HASHINSIGHT_PEERS_PYTHON,
    existsSync(own) ? own : undefined,
    'python3',
  ].filter((path) => path !== undefined);
  return candidates.find(
    (path) => spawnSync(path, ['-c', `import ${peers[peer].module}`], { stdio: 'ignore' }).status === 0,
  );
};

/** What a peer read of a miner. Null where it tells nothing. */
export const peerReading = z.object({
  model: z.string().nullable(),
  mac: z.string().nullable(),
  hashrate_ths: z.number().nullable(),
  power_w: z.number().nullable(),
  uptime_s: z.number().nullable(),
  fans_rpm: z.array(z.number().nullable()),
  boards: z.array(
    z.object({
      hashrate_ths: z.number().nullable(),
      board_c: z.number().nullable(),
      chip_c: z.number().nullable(),
      chips: z.number().nullable(),
    }),
  ),
  pools: z.number(),
  is_mining: z.boolean().nullable(),
});
export type PeerReading = z.infer<typeof peerReading>;

export type Target = {
  readonly host: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
};
export type Order =
  | { readonly order: 'read' | 'pause' | 'resume' | 'restart' }
  | { readonly order: 'light'; readonly value: boolean }
  | { readonly order: 'power_limit'; readonly value: number };

const line = z.object({ id: z.string(), answer: z.unknown().optional(), error: z.string().optional() });

/** A peer in a process of its own, which takes orders until it is closed. */
export class Peer {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<string, PromiseWithResolvers<unknown>>();
  #next = 0;

  constructor(python: string, peer: PeerName) {
    this.#child = spawn(python, [peerScript(peer)], { stdio: ['pipe', 'pipe', 'pipe'] });
    let errors = '';
    this.#child.stderr.on('data', (chunk) => (errors = `${errors}${chunk}`.slice(-2_000)));
    createInterface({ input: this.#child.stdout }).on('line', (text) => {
      const { id, answer, error } = line.parse(JSON.parse(text));
      const asked = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) asked?.resolve(answer);
      else asked?.reject(new Error(error));
    });
    this.#child.once('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the peer ended: ${errors}`));
    });
  }

  /** What the peer answers; rejects with what it threw. */
  ask({ host, username, password }: Target, order: Order): Promise<unknown> {
    const id = String(this.#next++);
    const asked = Promise.withResolvers<unknown>();
    this.#waiting.set(id, asked);
    this.#child.stdin.write(`${JSON.stringify({ id, host, username, password, ...order })}\n`);
    return asked.promise;
  }

  close() {
    this.#child.stdin.end();
    this.#child.kill();
  }
}
