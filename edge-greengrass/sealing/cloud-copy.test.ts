import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type GatewaySealedMessage, gatewaySealedMessage } from '../../contracts/gateway-sealing.ts';
import { type ConfiguredMiner, parseGatewayConfig } from '../config.ts';
import { logNothing } from '../log.ts';
import { Outbox } from '../state/outbox.ts';
import { StateFile } from '../state/state-file.ts';
import { keyId, secret } from '../test-kit/envelopes.ts';
import { place } from '../test-kit/memory-bus.ts';
import { cloudCopy } from './cloud-copy.ts';
import { vaultOf } from './disk-vault.ts';
import { newGatewayKeys } from './gateway-keys.ts';
import type { KeyWrapper } from './key-wrapper.ts';
import { localKeyWrapper } from './providers/local-key.ts';
import { SealingError } from './sealing-error.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'cloud-copy-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
});

const miners = Array.from({ length: 700 }, (_, index) => ({
  minerId: `m-${index}`,
  vendor: 'antminer' as const,
  host: `10.0.${index >> 8}.${index & 255}`,
}));
/** Stands for the cloud's key service, which the replaced gateway reaches as the first one did. */
const service = () => localKeyWrapper(join(directory, 'service.key'));

const open = async (given: {
  readonly miners: readonly object[];
  readonly backup?: () => Promise<KeyWrapper>;
}) => {
  const stateDir = mkdtempSync(join(directory, 'state-'));
  const state = new StateFile(stateDir);
  onTestFinished(() => state.close());
  const outbox = new Outbox(state);
  const restored: (readonly ConfiguredMiner[])[] = [];
  const keys = await newGatewayKeys();
  const make = () =>
    cloudCopy({
      config: parseGatewayConfig({
        ...place,
        hmacKeys: [{ keyId, secret }],
        miners: given.miners,
        sealing: { tenant: 'demo', backup: { provider: 'local' } },
      }),
      stateDir,
      sealing: { keys, vault: vaultOf(Buffer.alloc(32)), backup: given.backup ?? (async () => service()) },
      state,
      outbox,
      wake: () => {},
      nowMs: () => 1_800_000_000_000,
      log: logNothing,
      stopping: new AbortController().signal,
      onInventory: async (found) => void restored.push(found),
    });
  const sent = (): GatewaySealedMessage[] =>
    outbox
      .next(100)
      .map(({ payload }) => gatewaySealedMessage.parse(JSON.parse(Buffer.from(payload).toString('utf8'))));
  return { make, sent, restored, keys };
};
const backwards = (messages: readonly GatewaySealedMessage[]) =>
  messages.flatMap((message) => {
    if (message.kind !== 'inventory') return [];
    const { kind: _, atMs: __, ...part } = message;
    return [new TextEncoder().encode(JSON.stringify(part))];
  });

describe('what the cloud keeps for a gateway', () => {
  it('is its public key, told once, and its inventory, sealed again only when it changed', async () => {
    const gateway = await open({ miners });
    for (let start = 0; start < 2; start++) {
      const copy = gateway.make();
      copy.announce();
      await copy.backUp();
    }
    const sent = gateway.sent();
    expect(sent.map(({ kind }) => kind)).toEqual(['key', 'inventory', 'inventory', 'inventory']);
    expect(sent[0]).toMatchObject({ publicKey: Buffer.from(gateway.keys.publicKey).toString('base64') });
    expect(JSON.stringify(sent)).not.toContain('10.0.');
    for (const message of sent) expect(JSON.stringify(message).length).toBeLessThan(100_000);
  });

  it('comes back to a gateway without miners, in any order and more than once, and to no other', async () => {
    const first = await open({ miners });
    await first.make().backUp();
    const parts = backwards(first.sent());
    const replaced = await open({ miners: [] });
    const taking = replaced.make();
    for (const part of [...parts.toReversed(), ...parts]) await taking.take(part);
    expect(replaced.restored[0]?.map(({ host }) => host)).toEqual(miners.map(({ host }) => host));
    const owning = await open({ miners: miners.slice(0, 1) });
    const ignoring = owning.make();
    for (const part of parts) await ignoring.take(part);
    expect(owning.restored).toEqual([]);
  });

  it('is refused when a part was altered or is of another backup', async () => {
    const first = await open({ miners });
    await first.make().backUp();
    const [one, two, three] = backwards(first.sent());
    const altered = JSON.parse(Buffer.from(two ?? []).toString('utf8'));
    const bytes = Buffer.from(altered.sealed.ciphertext, 'base64');
    bytes[9] = (bytes[9] ?? 0) ^ 1;
    altered.sealed.ciphertext = bytes.toString('base64');
    const replaced = await open({ miners: [] });
    const taking = replaced.make();
    for (const part of [one, new TextEncoder().encode(JSON.stringify(altered)), three])
      if (part) await taking.take(part);
    expect(replaced.restored).toEqual([]);
  });

  it('is asked for again by the line while the key service does not answer', async () => {
    const first = await open({ miners });
    await first.make().backUp();
    let calls = 0;
    const replaced = await open({
      miners: [],
      backup: async () => {
        if (++calls === 1) throw new SealingError('unavailable');
        return service();
      },
    });
    const taking = replaced.make();
    const parts = backwards(first.sent());
    for (const part of parts.slice(0, -1)) await taking.take(part);
    const last = parts.at(-1) ?? new Uint8Array();
    await expect(taking.take(last)).rejects.toMatchObject({ fault: 'unavailable' });
    await taking.take(last);
    expect(replaced.restored[0]).toHaveLength(700);
  });
});
