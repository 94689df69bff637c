import { describe, expect, test } from 'vitest';
import { type Message, runQuery } from './sql-evaluate.ts';
import { parseQuery } from './sql-syntax.ts';

const message = (payload: unknown, more: Partial<Message> = {}): Message => ({
  topic: 'dt/hashinsight/7/gw-1/telemetry',
  payload: Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload)),
  receivedAtMs: 1_700_000_000_123,
  clientId: 'gw-1',
  principal: 'cafe',
  ...more,
});
const run = (sql: string, given: Message) => {
  const output = runQuery(parseQuery(sql), given);
  return output === undefined ? undefined : JSON.parse(output.toString());
};

describe('SELECT', () => {
  const binary = Buffer.from([0, 255, 1, 254]);
  test.each<readonly [string, unknown, unknown]>([
    ["SELECT * FROM 'a'", { a: { b: [1] } }, { a: { b: [1] } }],
    [
      "SELECT encode(*, 'base64') AS payload, topic(3) AS siteId, topic(4) AS gatewayId, timestamp() AS receivedAtMs FROM 'dt/+/+/+/telemetry'",
      binary,
      { payload: binary.toString('base64'), siteId: '7', gatewayId: 'gw-1', receivedAtMs: 1_700_000_000_123 },
    ],
    ["SELECT encode(*, 'base64') AS p FROM 'a'", { a: 1 }, { p: Buffer.from('{"a":1}').toString('base64') }],
    [
      "select *, clientid() as who, principal(), topic() FROM 'a'",
      { x: 1 },
      { x: 1, who: 'gw-1', principal: 'cafe', topic: 'dt/hashinsight/7/gw-1/telemetry' },
    ],
    [
      "SELECT a.b.c, a.d AS e, missing, 'text' AS t, 1.5 AS n, true AS y, null AS z FROM 'a'",
      { a: { b: { c: 2 }, d: [3] } },
      { c: 2, e: [3], t: 'text', n: 1.5, y: true, z: null },
    ],
    [
      "SELECT a + b * 2 AS sum, 'm-' + a AS name, -a AS minus, (a + b) / 2 AS mean, b % 2 AS odd FROM 'a'",
      { a: 1, b: 3 },
      { sum: 7, name: 'm-1', minus: -1, mean: 2, odd: 1 },
    ],
    [
      "SELECT CASE t WHEN 1 THEN 'one' WHEN 2 THEN 'two' ELSE 'many' END AS word FROM 'a'",
      { t: 2 },
      { word: 'two' },
    ],
    ["SELECT CASE t WHEN 1 THEN 'one' END AS word FROM 'a'", { t: 2 }, {}],
    [
      "SELECT get(list, 1) AS second, [a, 2] AS l, {'k': a} AS o FROM 'a'",
      { a: 1, list: [5, 6] },
      { second: 6, l: [1, 2], o: { k: 1 } },
    ],
    ["SELECT encode(a, 'base64') AS a FROM 'a'", { a: 'hi' }, { a: 'aGk=' }],
  ])('%s', (sql, payload, expected) => {
    expect(run(sql, message(payload))).toEqual(expected);
  });
  test('newuuid() is one', () => {
    expect(run("SELECT newuuid() AS id FROM 'a'", message({})).id).toMatch(/^[0-9a-f-]{36}$/);
  });
  test('SELECT * hands binary on as it came', () => {
    expect(runQuery(parseQuery("SELECT * FROM 'a'"), message(binary))).toEqual(binary);
  });
  test('SELECT * beside columns needs an object', () => {
    expect(() => run("SELECT *, topic() AS t FROM 'a'", message(binary))).toThrow(/JSON object/);
  });
});

describe('WHERE', () => {
  test.each<readonly [string, unknown, boolean]>([
    ["t > 80 AND kind = 'hot'", { t: 81, kind: 'hot' }, true],
    ["t > 80 AND kind = 'hot'", { t: 80, kind: 'hot' }, false],
    ["t > 80 OR kind = 'hot'", { t: 1, kind: 'hot' }, true],
    ['t >= 80 AND t <= 80', { t: '80' }, true],
    ["NOT (kind = 'hot')", { kind: 'cold' }, true],
    ["kind <> 'hot'", { kind: 'cold' }, true],
    ["kind != 'hot'", { kind: 'hot' }, false],
    ["kind IN ['hot', 'dusty']", { kind: 'dusty' }, true],
    ["kind IN ('hot', 'dusty')", { kind: 'wet' }, false],
    ['t IN (1)', { t: 1 }, false],
    ['missing > 1', {}, false],
    ['NOT (missing > 1)', {}, false],
    ['on', { on: true }, true],
    ['on', { on: 'true' }, false],
    ["topic(4) = 'gw-1'", {}, true],
    ['a.b < c', { a: { b: 1 }, c: 2 }, true],
  ])('%s of %j', (where, payload, expected) => {
    expect(run(`SELECT * FROM 'a' WHERE ${where}`, message(payload)) !== undefined).toBe(expected);
  });
});

describe('what is not supported is refused', () => {
  test.each([
    ["SELECT aws_lambda('x', *) FROM 'a'", /function aws_lambda\(\)/],
    ["SELECT encode(*, 'hex') FROM 'a'", /base64/],
    ["SELECT topic(1, 2) FROM 'a'", /does not take 2/],
    ["SELECT VALUE x FROM 'a'", /VALUE/],
    ["SELECT (SELECT x FROM y) FROM 'a'", /SELECT/i],
    ['SELECT * FROM topic', /"topic" at character 15/],
    ["SELECT * FROM 'a' WHERE", /the end/],
    ["SELECT * FROM 'a' GROUP BY x", /GROUP/],
    ["SELECT a; FROM 'a'", /";"/],
    ["DELETE FROM 'a'", /DELETE/],
  ])('%s', (sql, sentence) => {
    expect(() => parseQuery(sql)).toThrow(sentence);
  });
});
