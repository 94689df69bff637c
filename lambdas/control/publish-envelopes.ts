import { type IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import type { CommandEnvelope } from '../../contracts/command.ts';
import { packEnvelopes } from '../../contracts/command-messages.ts';
import { topics } from '../../contracts/topics.ts';

/** Hands envelopes of one gateway to the broker, in their order and in as few messages as hold them. */
export const publishEnvelopes =
  (broker: IoTDataPlaneClient) =>
  async (envelopes: readonly CommandEnvelope[]): Promise<void> => {
    const [first] = envelopes;
    if (!first) return;
    const topic = topics.commandRequest(first);
    for (const payload of packEnvelopes(envelopes))
      await broker.send(new PublishCommand({ topic, qos: 1, payload }));
  };
