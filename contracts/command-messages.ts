import * as z from 'zod';
import { type CommandEnvelope, type CommandResponse, commandResponse } from './command.ts';

/**
 * What goes over MQTT between control plane and gateway: an envelope or an answer by itself, or several in one message, in their
 * order: `{"version": 1, "envelopes": [...]}` and `{"version": 1, "responses": [...]}`. Each envelope is signed and judged, and each
 * answer recorded, by itself; a message that comes again brings all of them again.
 */
const requestBundle = z.strictObject({ version: z.literal(1), envelopes: z.array(z.unknown()).min(1) });
const responseBundle = z.strictObject({
  version: z.literal(1),
  responses: z.array(commandResponse).min(1),
});

/** AWS IoT takes 128 KB. */
const mostBytes = 96 * 1024;
const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** Envelopes as messages, in their order: as few as hold them. */
export const packEnvelopes = (envelopes: readonly CommandEnvelope[]): Uint8Array[] =>
  inParts(envelopes.map((envelope) => ({ envelope, size: bytesOf(envelope).length })))
    .map((part) => part.map(({ envelope }) => envelope))
    .map((part) => bytesOf(part.length === 1 ? part[0] : { version: 1, envelopes: part }));

/** The envelopes of a message, each as its own bytes, not checked; what is no bundle is handed on as it is. */
export const envelopesIn = (payload: Uint8Array): readonly Uint8Array[] => {
  const bundle = requestBundle.safeParse(jsonOf(payload));
  return bundle.success ? bundle.data.envelopes.map(bytesOf) : [payload];
};

/** Answers, each as its own bytes, as messages in their order, as few as hold them, with how many are in each. */
export const packResponses = (
  payloads: readonly Uint8Array[],
): { readonly payload: Uint8Array; readonly count: number }[] =>
  inParts(payloads.map((payload) => ({ payload, size: payload.length }))).map((part) => {
    const [first] = part;
    const alone = first && part.length === 1;
    const payload = alone
      ? first.payload
      : bytesOf({ version: 1, responses: part.map(({ payload }) => jsonOf(payload)) });
    return { payload, count: part.length };
  });

/** The answers of a message. Throws ZodError on what is none. */
export const responsesIn = (message: unknown): readonly CommandResponse[] => {
  const bundle = responseBundle.safeParse(message);
  return bundle.success ? bundle.data.responses : [commandResponse.parse(message)];
};

const jsonOf = (payload: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    return undefined;
  }
};

const inParts = <T extends { readonly size: number }>(all: readonly T[]): T[][] => {
  const parts: T[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const one of all) {
    bytes += one.size;
    if (bytes > mostBytes) {
      parts.push([]);
      bytes = one.size;
    }
    parts.at(-1)?.push(one);
  }
  return parts;
};
