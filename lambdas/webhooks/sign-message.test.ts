import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { expect, it } from 'vitest';
import { signMessage, writeSecret } from './sign-message.ts';

const secretBytes = fc.uint8Array({ minLength: 24, maxLength: 64 });
const id = fc.stringMatching(/^evt_[0-9a-f]{24}$/);
/** What the peer takes for an object; it refuses times that are five minutes off. */
const body = fc.dictionary(fc.string(), fc.json()).map((value) => JSON.stringify(value));

it('gives the signature of the specification’s own example', () => {
  const secret = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64');
  expect(
    signMessage([secret], 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330_999, '{"test": 2432232314}'),
  ).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

it('is verified by the library of Standard Webhooks, and not when anything differs', () => {
  fc.assert(
    fc.property(secretBytes, secretBytes, id, body, (secret, other, eventId, text) => {
      fc.pre(!Buffer.from(secret).equals(Buffer.from(other)));
      const headers = signMessage([secret], eventId, Date.now(), text);
      const peer = new Webhook(writeSecret(secret));
      expect(peer.verify(text, headers)).toEqual(JSON.parse(text));
      expect(() => peer.verify(`${text} `, headers)).toThrow();
      expect(() => peer.verify(text, { ...headers, 'webhook-id': `${eventId}0` })).toThrow();
      const later = String(Number(headers['webhook-timestamp']) + 1);
      expect(() => peer.verify(text, { ...headers, 'webhook-timestamp': later })).toThrow();
      expect(() => new Webhook(writeSecret(other)).verify(text, headers)).toThrow();
    }),
  );
});

it('bears a signature for each valid secret, so that either verifies while they overlap', () => {
  fc.assert(
    fc.property(secretBytes, secretBytes, id, body, (newer, older, eventId, text) => {
      const headers = signMessage([newer, older], eventId, Date.now(), text);
      for (const secret of [newer, older])
        expect(new Webhook(writeSecret(secret)).verify(text, headers)).toEqual(JSON.parse(text));
    }),
  );
});

it('refuses an id that could shift the boundary between id, time and body', () => {
  for (const bad of ['', 'a.b', 'a b', 'ü']) expect(() => signMessage([], bad, 0, '')).toThrow(RangeError);
});
