type Case = readonly [
  title: string,
  pattern: unknown,
  event: Readonly<Record<string, unknown>>,
  matches: boolean,
];

const detail = (value: unknown) => ({ detail: value });

/** Pattern, event, and whether AWS's documentation says that they match. Run against our matcher and against a peer. */
export const patternCases: readonly Case[] = [
  ['exact', { source: ['a', 'b'] }, { source: 'b' }, true],
  ['exact, other value', { source: ['a'] }, { source: 'ab' }, false],
  ['numbers are not texts', detail({ n: [1] }), detail({ n: '1' }), false],
  ['null', detail({ x: [null] }), detail({ x: null }), true],
  ['a field that the event lacks', detail({ x: ['a'] }), detail({ y: 'a' }), false],
  ['all fields must match', detail({ x: ['a'], y: ['b'] }), detail({ x: 'a', y: 'c' }), false],
  ['an array in the event: any element', detail({ x: ['b'] }), detail({ x: ['a', 'b'] }), true],
  ['prefix', detail({ x: [{ prefix: 'control.' }] }), detail({ x: 'control.command' }), true],
  ['prefix, other', detail({ x: [{ prefix: 'control.' }] }), detail({ x: 'a.control.' }), false],
  [
    'prefix ignoring case',
    detail({ x: [{ prefix: { 'equals-ignore-case': 'AB' } }] }),
    detail({ x: 'abc' }),
    true,
  ],
  ['suffix', detail({ x: [{ suffix: '.png' }] }), detail({ x: 'a.png' }), true],
  [
    'suffix ignoring case',
    detail({ x: [{ suffix: { 'equals-ignore-case': '.PNG' } }] }),
    detail({ x: 'a.png' }),
    true,
  ],
  ['equals-ignore-case', detail({ x: [{ 'equals-ignore-case': 'Alice' }] }), detail({ x: 'aLICE' }), true],
  ['wildcard', detail({ x: [{ wildcard: 'a*c' }] }), detail({ x: 'abbc' }), true],
  ['wildcard is anchored', detail({ x: [{ wildcard: 'a*c' }] }), detail({ x: 'abcd' }), false],
  ['wildcard, dots are dots', detail({ x: [{ wildcard: 'a.*' }] }), detail({ x: 'abc' }), false],
  ['wildcard, escaped star', detail({ x: [{ wildcard: 'a\\*' }] }), detail({ x: 'a*' }), true],
  ['anything-but a list', detail({ x: [{ 'anything-but': ['a', 'b'] }] }), detail({ x: 'c' }), true],
  ['anything-but, refused', detail({ x: [{ 'anything-but': ['a', 'b'] }] }), detail({ x: 'b' }), false],
  ['anything-but needs the field', detail({ x: [{ 'anything-but': 'a' }] }), detail({ y: 'b' }), false],
  ['anything-but a number', detail({ x: [{ 'anything-but': [1] }] }), detail({ x: 2 }), true],
  [
    'anything-but prefix',
    detail({ x: [{ 'anything-but': { prefix: 'in' } }] }),
    detail({ x: 'init' }),
    false,
  ],
  [
    'anything-but prefix, passed',
    detail({ x: [{ 'anything-but': { prefix: 'in' } }] }),
    detail({ x: 'out' }),
    true,
  ],
  [
    'anything-but suffix',
    detail({ x: [{ 'anything-but': { suffix: 'it' } }] }),
    detail({ x: 'init' }),
    false,
  ],
  ['numeric equals', detail({ x: [{ numeric: ['=', 3.5] }] }), detail({ x: 3.5 }), true],
  ['numeric range', detail({ x: [{ numeric: ['>', 0, '<=', 5] }] }), detail({ x: 5 }), true],
  ['numeric range, outside', detail({ x: [{ numeric: ['>', 0, '<', 5] }] }), detail({ x: 5 }), false],
  ['exists', detail({ x: [{ exists: true }] }), detail({ x: 0 }), true],
  ['exists, absent', detail({ x: [{ exists: true }] }), detail({ y: 0 }), false],
  ['exists false', detail({ x: [{ exists: false }] }), detail({ y: 0 }), true],
  ['exists false, present', detail({ x: [{ exists: false }] }), detail({ x: 'a' }), false],
  ['exists false below a missing object', detail({ a: { x: [{ exists: false }] } }), detail({ y: 0 }), true],
  ['cidr', detail({ x: [{ cidr: '10.0.0.0/24' }] }), detail({ x: '10.0.0.255' }), true],
  ['cidr, outside', detail({ x: [{ cidr: '10.0.0.0/24' }] }), detail({ x: '10.0.1.0' }), false],
  [
    '$or, second',
    detail({ $or: [{ x: ['a'] }, { y: [{ numeric: ['>', 1] }] }] }),
    detail({ x: 'b', y: 2 }),
    true,
  ],
  ['$or, none', detail({ $or: [{ x: ['a'] }, { y: ['b'] }] }), detail({ x: 'b', y: 'a' }), false],
  [
    '$or beside a field',
    detail({ z: ['c'], $or: [{ x: ['a'] }, { y: ['b'] }] }),
    detail({ y: 'b', z: 'd' }),
    false,
  ],
];

/** Patterns that are refused. */
export const malformedPatterns: readonly unknown[] = [
  {},
  { source: 'a' },
  { source: [] },
  detail({ x: [{ nonsense: 1 }] }),
  detail({ x: [{ numeric: ['>', 'a'] }] }),
  detail({ x: [{ exists: 'yes' }] }),
  detail({ x: [{ cidr: '10.0.0/8' }] }),
];
