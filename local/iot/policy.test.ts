import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Asker, allows, policyDocument, unknownVariables } from './policy.ts';
import { destinationOf, matchesFilter, topicFault } from './topic-filter.ts';

const arn = (resource: string) => `arn:aws:iot:us-east-1:000000000000:${resource}`;
const gateway: Asker = {
  clientId: 'gw-1',
  certificateId: 'c',
  thing: { name: 'gw-1', attributes: { siteId: '7' } },
};
const unattached: Asker = { clientId: 'gw-1', certificateId: 'c' };
const policy = (...Statement: object[]) => policyDocument.parse({ Version: '2012-10-17', Statement });
const thing = '${iot:Connection.Thing.ThingName}';

describe('allows', () => {
  const publish = {
    Effect: 'Allow',
    Action: 'iot:Publish',
    Resource: arn(`topic/dt/\${iot:Connection.Thing.Attributes[siteId]}/${thing}/telemetry`),
  };
  test.each<readonly [string, object[], string, Asker, boolean]>([
    ['its own topic', [publish], 'topic/dt/7/gw-1/telemetry', gateway, true],
    ['another thing’s', [publish], 'topic/dt/7/gw-2/telemetry', gateway, false],
    ['another site’s', [publish], 'topic/dt/8/gw-1/telemetry', gateway, false],
    ['a variable without value', [publish], 'topic/dt/7/gw-1/telemetry', unattached, false],
    ['nothing allowed', [], 'topic/a', gateway, false],
    ['a wildcard', [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }], 'topic/a', gateway, true],
    [
      '? is one character',
      [{ Effect: 'Allow', Action: 'iot:Publish', Resource: arn('topic/a?c') }],
      'topic/abc',
      gateway,
      true,
    ],
    [
      '? is not two',
      [{ Effect: 'Allow', Action: 'iot:Publish', Resource: arn('topic/a?c') }],
      'topic/abbc',
      gateway,
      false,
    ],
    [
      'a dot is a dot',
      [{ Effect: 'Allow', Action: 'iot:Publish', Resource: arn('topic/a.c') }],
      'topic/abc',
      gateway,
      false,
    ],
    [
      'Deny wins',
      [
        { Effect: 'Allow', Action: 'iot:*', Resource: '*' },
        { Effect: 'Deny', Action: ['iot:Publish'], Resource: arn('topic/a*') },
      ],
      'topic/ab',
      gateway,
      false,
    ],
    [
      'another action',
      [{ Effect: 'Allow', Action: ['iot:Connect', 'iot:Receive'], Resource: '*' }],
      'topic/a',
      gateway,
      false,
    ],
    [
      'attached only',
      [
        {
          Effect: 'Allow',
          Action: 'iot:Publish',
          Resource: '*',
          Condition: { Bool: { 'iot:Connection.Thing.IsAttached': ['true'] } },
        },
      ],
      'topic/a',
      gateway,
      true,
    ],
    [
      'attached only, and it is not',
      [
        {
          Effect: 'Allow',
          Action: 'iot:Publish',
          Resource: '*',
          Condition: { Bool: { 'iot:Connection.Thing.IsAttached': true } },
        },
      ],
      'topic/a',
      unattached,
      false,
    ],
  ])('%s', (_, statements, resource, asker, expected) => {
    expect(allows([policy(...statements)], 'iot:Publish', arn(resource), asker)).toBe(expected);
  });
  test('a value’s own wildcards are letters', () => {
    const star: Asker = {
      clientId: '*',
      certificateId: 'c',
      thing: { name: '*', attributes: { siteId: '?' } },
    };
    expect(allows([policy(publish)], 'iot:Publish', arn('topic/dt/7/gw-1/telemetry'), star)).toBe(false);
    expect(allows([policy(publish)], 'iot:Publish', arn('topic/dt/?/*/telemetry'), star)).toBe(true);
  });
  test('a thing may publish under no name but its own, whatever the names', () => {
    const name = fc.string({ minLength: 1, maxLength: 8 });
    const own = policy({ Effect: 'Allow', Action: 'iot:Publish', Resource: arn(`topic/${thing}`) });
    fc.assert(
      fc.property(name, name, (mine, other) => {
        const asker: Asker = { clientId: mine, certificateId: 'c', thing: { name: mine, attributes: {} } };
        expect(allows([own], 'iot:Publish', arn(`topic/${other}`), asker)).toBe(mine === other);
      }),
    );
  });
});

test('unknown variables and condition keys are named', () => {
  const document = policy({
    Effect: 'Allow',
    Action: 'iot:Publish',
    Resource: '${aws:SourceIp}',
    Condition: { Bool: { 'iot:Other': true } },
  });
  expect(unknownVariables(document)).toEqual(['aws:SourceIp', 'iot:Other']);
});

test.each([
  ['a/+/c', 'a/b/c', true],
  ['a/+', 'a/b/c', false],
  ['a/#', 'a/b/c', true],
  ['a/#', 'a', true],
  ['#', 'a/b', true],
  ['#', '$aws/b', false],
  ['+/b', '$aws/b', false],
  ['$aws/#', '$aws/b', true],
  ['a', 'a/b', false],
  ['a/b', 'a', false],
  ['a/+', 'a/', true],
])('filter %s on %s: %s', (filter, topic, expected) => {
  expect(matchesFilter(filter, topic)).toBe(expected);
});

test('Basic Ingest’s prefix does not count among the slashes', () => {
  expect(destinationOf('$aws/rules/r/a/b')).toEqual({ topic: 'a/b', basicIngestRule: 'r' });
  expect(topicFault('$aws/rules/r/1/2/3/4/5/6/7/8')).toBeUndefined();
  expect(topicFault('1/2/3/4/5/6/7/8/9')).toMatch(/7 slashes/);
  expect(topicFault('$SYS/x')).toMatch(/reserved/);
  expect(topicFault('x'.repeat(257))).toMatch(/256/);
});
