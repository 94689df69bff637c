import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { AnomaliesDetected } from '../../contracts/alert.ts';

/** Keeps an event well under the 256 KB that EventBridge takes: a finding with its reading is about 1 KB. */
const perEvent = 80;

/** Puts what was found on the bus, in as many events as it takes. Throws when the bus does not take one of them. */
export const publishAnomalies =
  (events: EventBridgeClient, bus: string) => async (detected: AnomaliesDetected) => {
    const parts = Math.max(
      1,
      Math.ceil(Math.max(detected.anomalies.length, detected.recoveries.length) / perEvent),
    );
    const slice = <T>(all: readonly T[], part: number) => all.slice(part * perEvent, (part + 1) * perEvent);
    for (let part = 0; part < parts; part++) {
      const detail: AnomaliesDetected = {
        ...detected,
        anomalies: slice(detected.anomalies, part),
        recoveries: slice(detected.recoveries, part),
      };
      const { FailedEntryCount } = await events.send(
        new PutEventsCommand({
          Entries: [
            {
              EventBusName: bus,
              Source: 'hashinsight.telemetry',
              DetailType: 'telemetry.anomalies.detected',
              Detail: JSON.stringify(detail),
            },
          ],
        }),
      );
      if (FailedEntryCount) throw new Error('The bus did not take telemetry.anomalies.detected');
    }
  };
