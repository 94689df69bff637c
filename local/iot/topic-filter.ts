import { isProvisioningCall } from './provisioning-topics.ts';

/** Whether a topic matches an MQTT filter (3.1.1 §4.7): `+` is one level, `#` the rest; neither starts at a `$` topic. */
export const matchesFilter = (filter: string, topic: string): boolean => {
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false;
  const wanted = filter.split('/');
  const levels = topic.split('/');
  for (const [index, part] of wanted.entries()) {
    if (part === '#') return true;
    if (index >= levels.length || (part !== '+' && part !== levels[index])) return false;
  }
  return wanted.length === levels.length;
};

export type Destination = { readonly topic: string; readonly basicIngestRule?: string };

/** `$aws/rules/<rule>/<topic>` is Basic Ingest: for that rule alone, which sees the part after the prefix. */
export const destinationOf = (topic: string): Destination => {
  const [, basicIngestRule, rest] = /^\$aws\/rules\/([^/]+)\/(.+)$/.exec(topic) ?? [];
  return rest === undefined || basicIngestRule === undefined ? { topic } : { topic: rest, basicIngestRule };
};

/** Why AWS IoT would not take a message on this topic, or undefined. The Basic Ingest prefix does not count. */
export const topicFault = (topic: string): string | undefined => {
  const { topic: counted, basicIngestRule } = destinationOf(topic);
  if (counted.split('/').length > 8) return 'the topic has more than 7 slashes';
  if (Buffer.byteLength(counted) > 256) return 'the topic is longer than 256 bytes';
  if (basicIngestRule === undefined && topic.startsWith('$') && !isProvisioningCall(topic))
    return 'the topic is reserved';
  return undefined;
};
