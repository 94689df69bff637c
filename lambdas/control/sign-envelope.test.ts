import { expect, test } from 'vitest';
import { commandEnvelope, type UnsignedEnvelope } from '../../contracts/command.ts';
import { signEnvelope } from './sign-envelope.ts';

const secret = Buffer.from('a gateway secret of thirty-two b');
const first: UnsignedEnvelope = {
  version: 1,
  commandId: 'cmd-1',
  siteId: 1,
  gatewayId: 'gw-1',
  minerId: 'm-1',
  order: { type: 'FREQUENCY_SET', params: { frequencyMhz: 487.5 } },
  priority: 5,
  issuedAtMs: 1_800_000_000_000,
  expiresAtMs: 1_800_000_060_000,
  dedupeKey: 'rec-1:m-1',
  nonce: 'AAECAwQFBgcICQoLDA0ODw',
  sequence: 42,
  keyId: 'k-1',
  approvers: ['user:5', 'user:7'],
};
const pools = [{ url: 'stratum+tcp://pool.example:3333', user: '矿工"1\u0001', password: '' }];
const second: UnsignedEnvelope = {
  ...first,
  commandId: 'cmd-2',
  siteId: 9,
  minerId: 'm-2',
  order: { type: 'POOL_SET', params: { pools } },
  priority: 1,
  dedupeKey: 'rec-2:m-2',
  sequence: 1,
  approvers: ['rule:2'],
};

// printf '%s' '{"approvers":["user:5","user:7"],"commandId":"cmd-1",…}' | openssl dgst -sha256 -mac HMAC -macopt hexkey:… -binary | base64
test.each([
  ['numbers and lists', first, 'NSVOU+OOeCs19zkB47QdmAxNZvd/bk6aCRyuyJg2SQI='],
  [
    'text beyond ASCII, quotes and control characters',
    second,
    '4+XKYinWDHG1fuhGUNUWxYXMSnkjUupMaVpg/Dl4N34=',
  ],
])('the signature of %s is the one that openssl gives', (_, unsigned, signature) => {
  const signed = signEnvelope(unsigned, secret);
  expect(signed).toEqual({ ...unsigned, signature });
  expect(commandEnvelope.parse(signed)).toEqual(signed);
});

test('the order of keys does not matter, any value does', () => {
  const reversed = Object.fromEntries(Object.entries(first).toReversed());
  const { signature } = signEnvelope(first, secret);
  expect(signEnvelope({ ...first, ...reversed }, secret).signature).toBe(signature);
  expect(signEnvelope({ ...first, sequence: 43 }, secret).signature).not.toBe(signature);
  expect(signEnvelope(first, Buffer.from('another gateway secret of 32 byt')).signature).not.toBe(signature);
});
