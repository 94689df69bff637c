import * as z from 'zod';
import { safetyEvent } from '../../contracts/command.ts';
import { responsesIn } from '../../contracts/command-messages.ts';
import { gatewayId, siteIdText } from '../../contracts/identifiers.ts';
import type { ReceivedResponse } from './record-response.ts';
import type { ReceivedSafetyEvent } from './record-safety-event.ts';

/** The place that IoT rules add to a gateway's message, taken from the topic that its policy lets it use. */
const place = z.object({ topicSiteId: siteIdText, topicGatewayId: gatewayId }).loose();

const split = (body: string) => {
  const { topicSiteId, topicGatewayId, ...message } = place.parse(JSON.parse(body));
  return { siteId: topicSiteId, gatewayId: topicGatewayId, message };
};

/** The answers in a queue message of the rule `hashinsight_command_response`, all of one gateway. Throws on what is not one. */
export const parseResponses = (body: string): readonly ReceivedResponse[] => {
  const { message, ...from } = split(body);
  return responsesIn(message).map((response) => ({ ...from, response }));
};

/** A queue message of the rule `hashinsight_safety`. Throws on what is not one. */
export const parseSafetyEvent = (body: string): ReceivedSafetyEvent => {
  const { message, ...from } = split(body);
  return { ...from, event: safetyEvent.parse(message) };
};
