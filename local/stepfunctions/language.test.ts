import aslValidator from 'asl-validator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machineOf, startForTest } from './test-machines.ts';

const echoArn = 'arn:aws:lambda:us-east-1:000000000000:function:echo';
const failArn = 'arn:aws:lambda:us-east-1:000000000000:function:fail';
const invoke = 'arn:aws:states:::lambda:invoke';

let steps: Awaited<ReturnType<typeof startForTest>>;
beforeAll(async () => {
  steps = await startForTest({
    invoke: async (name, event) => {
      if (name.endsWith('fail')) return { ok: false, errorType: 'MinerGone', errorMessage: 'no answer' };
      if (name.endsWith('slow')) return new Promise(() => {});
      return { ok: true, payload: event };
    },
  });
  await steps.service.begin?.();
});
afterAll(() => steps.close());

const end = { End: true as const };
const item = (output: unknown, more: object = {}) => ({ Type: 'Pass', Output: output, ...end, ...more });

const succeeding: readonly (readonly [string, object, unknown, unknown])[] = [
  ['Pass hands its input on', machineOf({ A: { Type: 'Pass', ...end } }), { a: 1 }, { a: 1 }],
  [
    'expressions stand in nested values, literals stay',
    machineOf({
      A: item({ b: ['{% $states.input.x + 1 %}', 'x', true, null], c: { d: '{% $states.input %}' } }),
    }),
    { x: 1 },
    { b: [2, 'x', true, null], c: { d: { x: 1 } } },
  ],
  [
    'Assign is seen from the next state on, not by the Output beside it',
    machineOf({
      A: { Type: 'Pass', Assign: { x: 1 }, Next: 'B' },
      B: { Type: 'Pass', Assign: { x: '{% $x + 1 %}', y: '{% $x + 10 %}' }, Output: '{% $x %}', Next: 'C' },
      C: item({ x: '{% $x %}', y: '{% $y %}', input: '{% $states.input %}' }),
    }),
    {},
    { x: 2, y: 11, input: 1 },
  ],
  [
    'Choice takes the first that holds, with its Assign and Output',
    machineOf({
      A: {
        Type: 'Choice',
        Choices: [
          { Condition: '{% $states.input.t > 90 %}', Next: 'Hot' },
          {
            Condition: '{% $states.input.t > 70 %}',
            Next: 'Warm',
            Assign: { why: 'warm' },
            Output: { seen: '{% $states.input.t %}' },
          },
        ],
        Default: 'Hot',
      },
      Hot: { Type: 'Fail', Error: 'Wrong' },
      Warm: item({ why: '{% $why %}', input: '{% $states.input %}' }),
    }),
    { t: 75 },
    { why: 'warm', input: { seen: 75 } },
  ],
  [
    'Choice falls to its Default with the state’s own Assign',
    machineOf({
      A: {
        Type: 'Choice',
        Choices: [{ Condition: '{% false %}', Next: 'B' }],
        Default: 'C',
        Assign: { d: 5 },
      },
      B: { Type: 'Fail' },
      C: item('{% $d %}'),
    }),
    {},
    5,
  ],
  [
    'Wait by Seconds and by a Timestamp in the past',
    machineOf({
      A: { Type: 'Wait', Seconds: '{% $states.input.s %}', Next: 'B' },
      B: { Type: 'Wait', Timestamp: '{% $states.input.at %}', Output: "{% 'woken' %}", ...end },
    }),
    { s: 0.01, at: '2020-01-01T00:00:00Z' },
    'woken',
  ],
  [
    'Succeed with an Output',
    machineOf({ A: { Type: 'Succeed', Output: '{% $states.input.n * 2 %}' } }),
    { n: 4 },
    8,
  ],
  [
    'lambda:invoke gives Payload and StatusCode',
    machineOf({
      A: {
        Type: 'Task',
        Resource: invoke,
        Arguments: { FunctionName: echoArn, Payload: { v: '{% $states.input.v %}' } },
        Assign: { code: '{% $states.result.StatusCode %}' },
        Output: '{% $states.result.Payload %}',
        Next: 'B',
      },
      B: item({ code: '{% $code %}', got: '{% $states.input %}' }),
    }),
    { v: 7 },
    { code: 200, got: { v: 7 } },
  ],
  [
    'a function’s own ARN',
    machineOf({ A: { Type: 'Task', Resource: echoArn, Arguments: '{% [1, 2] %}', ...end } }),
    {},
    [1, 2],
  ],
  [
    'Catch with Assign and Output sees errorOutput and input',
    machineOf({
      A: {
        Type: 'Task',
        Resource: failArn,
        ...end,
        Catch: [
          { ErrorEquals: ['Other'], Next: 'C' },
          {
            ErrorEquals: ['States.TaskFailed'],
            Next: 'B',
            Assign: { error: '{% $states.errorOutput.Error %}' },
            Output: {
              message: '{% $parse($states.errorOutput.Cause).errorMessage %}',
              input: '{% $states.input %}',
            },
          },
        ],
      },
      B: item({ error: '{% $error %}', input: '{% $states.input %}' }),
      C: { Type: 'Fail' },
    }),
    { id: 1 },
    { error: 'MinerGone', input: { message: 'no answer', input: { id: 1 } } },
  ],
  [
    'Catch without Output hands the error on',
    machineOf({
      A: { Type: 'Task', Resource: failArn, ...end, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'B' }] },
      B: { Type: 'Pass', ...end },
    }),
    {},
    { Error: 'MinerGone', Cause: '{"errorType":"MinerGone","errorMessage":"no answer"}' },
  ],
  [
    'an undefined result is States.QueryEvaluationError, and can be caught',
    machineOf({
      A: {
        Type: 'Task',
        Resource: echoArn,
        Output: '{% $states.result.missing %}',
        ...end,
        Catch: [{ ErrorEquals: ['States.QueryEvaluationError'], Next: 'B' }],
      },
      B: item('{% $states.input.Error %}'),
    }),
    {},
    'States.QueryEvaluationError',
  ],
  [
    'a task that takes too long is States.Timeout, which States.TaskFailed does not catch',
    machineOf({
      A: {
        Type: 'Task',
        Resource: 'arn:aws:lambda:us-east-1:000000000000:function:slow',
        TimeoutSeconds: '{% $states.input.limit %}',
        ...end,
        Catch: [
          { ErrorEquals: ['States.TaskFailed'], Next: 'C' },
          { ErrorEquals: ['States.Timeout'], Next: 'B' },
        ],
      },
      B: item("{% 'timed out' %}"),
      C: { Type: 'Fail' },
    }),
    { limit: 0.02 },
    'timed out',
  ],
  [
    'Parallel gives its branches’ outputs in order; branches read outer variables',
    machineOf({
      A: { Type: 'Pass', Assign: { site: 9 }, Next: 'P' },
      P: {
        Type: 'Parallel',
        Arguments: { n: '{% $states.input.n %}' },
        Branches: [
          {
            StartAt: 'L',
            States: {
              L: { Type: 'Wait', Seconds: '{% 0.02 %}', Next: 'L2' },
              L2: item('{% $states.input.n + $site %}'),
            },
          },
          {
            StartAt: 'R',
            States: { R: { Type: 'Pass', Assign: { own: 3 }, Next: 'R2' }, R2: item('{% $own %}') },
          },
        ],
        Output: { sum: '{% $sum($states.result) %}' },
        ...end,
      },
    }),
    { n: 1 },
    { sum: 13 },
  ],
  [
    'Parallel’s failing branch is caught by the state',
    machineOf({
      P: {
        Type: 'Parallel',
        Branches: [
          { StartAt: 'L', States: { L: { Type: 'Fail', Error: 'Broken', Cause: 'c' } } },
          { StartAt: 'R', States: { R: { Type: 'Wait', Seconds: 60, ...end } } },
        ],
        ...end,
        Catch: [{ ErrorEquals: ['Broken'], Next: 'B' }],
      },
      B: { Type: 'Pass', ...end },
    }),
    {},
    { Error: 'Broken', Cause: 'c' },
  ],
  [
    'Map with ItemSelector, index and value, one at a time',
    machineOf({
      M: {
        Type: 'Map',
        Items: '{% $states.input.ids %}',
        MaxConcurrency: 1,
        ItemSelector: {
          id: '{% $states.context.Map.Item.Value %}',
          at: '{% $states.context.Map.Item.Index %}',
        },
        ItemProcessor: {
          ProcessorConfig: { Mode: 'INLINE' },
          StartAt: 'I',
          States: { I: item('{% $states.input.id & $string($states.input.at) %}') },
        },
        ...end,
      },
    }),
    { ids: ['a', 'b', 'c'] },
    ['a0', 'b1', 'c2'],
  ],
  [
    'Map over nothing',
    machineOf({
      M: { Type: 'Map', Items: [], ItemProcessor: { StartAt: 'I', States: { I: item('{% 1 %}') } }, ...end },
    }),
    {},
    [],
  ],
  [
    'Map tolerates as many failures as it says',
    machineOf({
      M: {
        Type: 'Map',
        ToleratedFailureCount: 1,
        ItemProcessor: {
          StartAt: 'I',
          States: {
            I: {
              Type: 'Choice',
              Choices: [{ Condition: '{% $states.input = 2 %}', Next: 'F' }],
              Default: 'G',
            },
            F: { Type: 'Fail', Error: 'Two', Cause: 'is bad' },
            G: item('{% $states.input %}'),
          },
        },
        ...end,
      },
    }),
    [1, 2, 3],
    [1, { Error: 'Two', Cause: 'is bad' }, 3],
  ],
  [
    'Step Functions’ own functions',
    machineOf({
      A: item({
        parts: '{% $partition([1,2,3,4,5], 2) %}',
        range: '{% $range(0, 10, 5) %}',
        down: '{% $range(3, 1, -1) %}',
        hash: "{% $hash('a', 'SHA-256') %}",
        same: '{% $random(7) = $random(7) %}',
        within: '{% $random() < 1 %}',
        uuid: '{% $length($uuid()) %}',
        parsed: '{% $parse(\'{"a":[1]}\').a[0] %}',
        now: '{% $millis() > 0 and $length($now()) > 0 %}',
      }),
    }),
    {},
    {
      parts: [[1, 2], [3, 4], [5]],
      range: [0, 5, 10],
      down: [3, 2, 1],
      hash: 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb',
      same: true,
      within: true,
      uuid: 36,
      parsed: 1,
      now: true,
    },
  ],
  [
    'the context names the execution, the state machine and the state',
    machineOf({
      A: item({
        state: '{% $states.context.State.Name %}',
        machine: '{% $states.context.StateMachine.Name %}',
        input: '{% $states.context.Execution.Input %}',
      }),
    }),
    { q: 1 },
    { state: 'A', machine: 'machine', input: { q: 1 } },
  ],
];

describe('machines that succeed', () => {
  test.each(succeeding)('%s', async (_, definition, input, expected) => {
    const { status, output, error, cause } = await steps.run(definition, input);
    expect({ status, error, cause, output: JSON.parse(output ?? 'null') }).toEqual({
      status: 'SUCCEEDED',
      output: expected,
    });
  });
});

const failing: readonly (readonly [string, object, unknown, string, RegExp])[] = [
  [
    'Fail with expressions',
    machineOf({ A: { Type: 'Fail', Error: '{% $states.input.e %}', Cause: '{% "be" & "cause" %}' } }),
    { e: 'E1' },
    'E1',
    /because/,
  ],
  [
    'no choice matched',
    machineOf({
      A: { Type: 'Choice', Choices: [{ Condition: '{% false %}', Next: 'B' }] },
      B: { Type: 'Succeed' },
    }),
    {},
    'States.NoChoiceMatched',
    /no Default/,
  ],
  [
    'a condition that is not a boolean',
    machineOf({
      A: { Type: 'Choice', Choices: [{ Condition: '{% 1 %}', Next: 'B' }], Default: 'B' },
      B: { Type: 'Succeed' },
    }),
    {},
    'States.QueryEvaluationError',
    /boolean/,
  ],
  [
    'an undefined value',
    machineOf({ A: item({ x: '{% $states.input.nothing %}' }) }),
    {},
    'States.QueryEvaluationError',
    /Output\.x.*undefined/,
  ],
  [
    'an unknown variable',
    machineOf({ A: item('{% $later %}') }),
    {},
    'States.QueryEvaluationError',
    /undefined/,
  ],
  [
    'a thrown $error',
    machineOf({ A: item("{% $error('stop') %}") }),
    {},
    'States.QueryEvaluationError',
    /stop/,
  ],
  ['$eval', machineOf({ A: item("{% $eval('1') %}") }), {}, 'States.QueryEvaluationError', /\$parse/],
  [
    'a function’s error',
    machineOf({ A: { Type: 'Task', Resource: failArn, ...end } }),
    {},
    'MinerGone',
    /no answer/,
  ],
  [
    'a variable of an inner scope outside of it',
    machineOf({
      P: {
        Type: 'Parallel',
        Branches: [{ StartAt: 'L', States: { L: { Type: 'Pass', Assign: { own: 1 }, ...end } } }],
        Next: 'B',
      },
      B: item('{% $own %}'),
    }),
    {},
    'States.QueryEvaluationError',
    /own/,
  ],
  [
    'more failures than tolerated',
    machineOf({
      M: {
        Type: 'Map',
        ToleratedFailurePercentage: 40,
        ItemProcessor: { StartAt: 'F', States: { F: { Type: 'Fail', Error: 'No' } } },
        ...end,
      },
    }),
    [1, 2, 3],
    'States.ExceedToleratedFailureThreshold',
    /iterations/,
  ],
  [
    'too much data',
    machineOf({ A: item("{% $pad('', 270000, 'x') %}") }),
    {},
    'States.DataLimitExceeded',
    /256 KiB/,
  ],
  [
    'States.Runtime is not caught by States.ALL',
    machineOf({
      A: {
        Type: 'Task',
        Resource: invoke,
        Arguments: { Payload: 1 },
        ...end,
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'B' }],
      },
      B: { Type: 'Succeed' },
    }),
    {},
    'States.Runtime',
    /FunctionName/,
  ],
];

describe('machines that fail', () => {
  test.each(failing)('%s', async (_, definition, input, error, cause) => {
    const execution = await steps.run(definition, input);
    expect(execution).toMatchObject({ status: 'FAILED', error, cause: expect.stringMatching(cause) });
  });
  test('the machine’s own TimeoutSeconds ends it as TIMED_OUT', async () => {
    const slow = machineOf({ A: { Type: 'Wait', Seconds: 60, ...end } }, { TimeoutSeconds: 1 });
    expect(await steps.run(slow)).toMatchObject({ status: 'TIMED_OUT', error: 'States.Timeout' });
  });
});

describe('definitions that are refused', () => {
  const refused: readonly (readonly [string, object, RegExp])[] = [
    [
      'JSONPath by default',
      { StartAt: 'A', States: { A: { Type: 'Pass', ...end } } },
      /Test\/Machine .*state A.*JSONPath/,
    ],
    [
      'a JSONPath state',
      machineOf({ A: { Type: 'Pass', QueryLanguage: 'JSONPath', ...end } }),
      /state A.*only JSONata/,
    ],
    [
      'a JSONPath field',
      machineOf({ A: { Type: 'Pass', ResultPath: '$.x', ...end } }),
      /state A: ResultPath belongs to JSONPath/,
    ],
    [
      'a JSONPath field of a branch',
      machineOf({
        P: {
          Type: 'Parallel',
          Branches: [{ StartAt: 'B', States: { B: { Type: 'Wait', SecondsPath: '$.s', ...end } } }],
          ...end,
        },
      }),
      /state P, branch 0, state B: SecondsPath/,
    ],
    ['an unknown type', machineOf({ A: { Type: 'Dance', ...end } }), /state A.*Dance/],
    ['an unknown field', machineOf({ A: { Type: 'Pass', Colour: 1, ...end } }), /state A.*Colour/],
    [
      'an unknown resource',
      machineOf({ A: { Type: 'Task', Resource: 'arn:aws:states:::glue:startJobRun', ...end } }),
      /state A.*glue/,
    ],
    [
      'a pattern that is not run',
      machineOf({ A: { Type: 'Task', Resource: 'arn:aws:states:::states:startExecution.sync:2', ...end } }),
      /state A.*\.sync:2/,
    ],
    ['a transition to nowhere', machineOf({ A: { Type: 'Pass', Next: 'Z' } }), /state A.*Z/],
    ['a broken expression', machineOf({ A: item('{% 1 + %}') }), /state A: an expression does not parse/],
    [
      'an outer variable assigned in a branch',
      machineOf({
        A: { Type: 'Pass', Assign: { x: 1 }, Next: 'P' },
        P: {
          Type: 'Parallel',
          Branches: [{ StartAt: 'B', States: { B: { Type: 'Pass', Assign: { x: 2 }, ...end } } }],
          ...end,
        },
      }),
      /state P, branch 0: assigns \$x/,
    ],
  ];
  test.each(refused)('%s', async (_, definition, sentence) => {
    await expect(steps.define(definition, 'refused')).rejects.toThrow(sentence);
  });
});

test('asl-validator accepts every machine of these tables', () => {
  const invalid = [...succeeding, ...failing]
    // The tolerances of a Map are Distributed Map's alone in AWS; the interpreter takes them for inline Maps too.
    .filter(([, definition]) => !JSON.stringify(definition).includes('Tolerated'))
    .map(([name, definition]) => ({ name, errors: aslValidator(definition).errors }))
    .filter(({ errors }) => errors.length > 0);
  expect(invalid).toEqual([]);
});
