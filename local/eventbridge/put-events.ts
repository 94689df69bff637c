import * as z from 'zod';
import { chunks, type Meter } from '../metering/meter.ts';
import { ServiceError } from '../shared/json-service.ts';
import type { Archives } from './archives.ts';
import type { Deliveries, Delivery } from './deliveries.ts';
import { type BusEvent, busEvent, busNameOf, type EventRouter } from './event-router.ts';

const entry = z.object({
  Source: z.string().optional(),
  DetailType: z.string().optional(),
  Detail: z.string().optional(),
  EventBusName: z.string().optional(),
  /** Seconds since 1970. */
  Time: z.number().optional(),
  Resources: z.array(z.string()).optional(),
});
type Entry = z.infer<typeof entry>;
const input = z.object({ Entries: z.array(entry) });

export const maxRequestBytes = 256 * 1024;
type Refusal = { readonly ErrorCode: string; readonly ErrorMessage: string };

/** Bytes of an entry as EventBridge counts them: 14 for a given time, and the UTF-8 of its texts. */
const sizeOf = ({ Source = '', DetailType = '', Detail = '', Time, Resources = [] }: Entry) =>
  (Time === undefined ? 0 : 14) +
  [Source, DetailType, Detail, ...Resources].reduce((sum, text) => sum + Buffer.byteLength(text), 0);

const refuse = (one: Entry, hasBus: (name: string) => boolean): Refusal | undefined => {
  for (const field of ['Source', 'DetailType', 'Detail'] as const)
    if (!one[field])
      return {
        ErrorCode: 'InvalidArgument',
        ErrorMessage: `Parameter ${field} is not valid. Reason: ${field} is a required argument.`,
      };
  if (one.Source?.startsWith('aws.'))
    return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
  if (parseDetail(one.Detail) === undefined)
    return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  const bus = busNameOf(one.EventBusName ?? 'default');
  if (!hasBus(bus))
    return { ErrorCode: 'ResourceNotFoundException', ErrorMessage: `Event bus ${bus} does not exist.` };
  return undefined;
};

const detailSchema = z.record(z.string(), z.unknown());
const parseDetail = (text = '') => {
  try {
    return detailSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
};

/** PutEvents: each entry is accepted, once its deliveries are on disk, or refused by itself. */
export const putEvents =
  (
    place: { readonly region: string; readonly accountId: string; readonly meter?: Meter | undefined },
    router: EventRouter,
    deliveries: Deliveries,
    archives: Pick<Archives, 'keep'>,
  ) =>
  (raw: unknown) => {
    const { Entries } = input.parse(raw);
    if (Entries.length < 1 || Entries.length > 10)
      throw new ServiceError(
        'ValidationException',
        `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length ${Entries.length < 1 ? 'greater than or equal to 1' : 'less than or equal to 10'}`,
      );
    if (Entries.reduce((sum, one) => sum + sizeOf(one), 0) > maxRequestBytes)
      throw new ServiceError(
        'ValidationException',
        'Total size of the entries in the request is over the limit.',
      );
    const taken: Delivery[] = [];
    const kept: { readonly bus: string; readonly event: BusEvent }[] = [];
    const results = Entries.map((one) => {
      const refusal = refuse(one, router.hasBus);
      if (refusal) return refusal;
      place.meter?.count('eventbridge.customEvents', one.DetailType ?? '', chunks(sizeOf(one), 64 * 1024));
      const event = busEvent(place, {
        source: one.Source ?? '',
        detailType: one.DetailType ?? '',
        detail: parseDetail(one.Detail),
        atMs: one.Time === undefined ? Date.now() : one.Time * 1000,
        ...(one.Resources && { resources: one.Resources }),
      });
      const bus = busNameOf(one.EventBusName ?? 'default');
      taken.push(...router.route(bus, event));
      kept.push({ bus, event });
      return { EventId: event.id };
    });
    if (kept.length > 0) {
      deliveries.atomically((add) => {
        for (const { bus, event } of kept) archives.keep(bus, event);
        taken.forEach(add);
      });
      setImmediate(deliveries.pump);
    }
    return { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results };
  };
