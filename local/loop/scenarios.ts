import type { LoopStatus } from '../../contracts/api-advisor.ts';
import type { Text } from '../../contracts/text.ts';
import type { FaultInput } from '../../simulator/faults.ts';

export const scenarioNames = [
  'happy',
  'reject',
  'expire',
  'miner-refuses',
  'gateway-offline',
  'no-effect',
] as const;
export type ScenarioName = (typeof scenarioNames)[number];

/** What people do with a recommendation that waits for them. */
export type People = 'approve' | 'reject' | 'stay-silent';

/** One machine's story: what breaks, what people do, and how it must end. */
export type Case = {
  readonly name: string;
  readonly faults: readonly FaultInput[];
  readonly people: People;
  /** The gateway loses its line before the command can be sent. */
  readonly gatewayOffline?: boolean;
  readonly end: {
    readonly loop: LoopStatus;
    readonly recommendation: 'completed' | 'failed' | 'rejected' | 'expired';
    readonly command?: 'COMPLETED' | 'FAILED' | 'EXPIRED';
    /** What must be physically true of the miner in the end. */
    readonly miner: 'restarted-with-all-boards' | 'stopped' | 'untouched' | 'restarted-in-vain';
  };
};

export type Scenario = {
  readonly about: Text;
  readonly cases: readonly Case[];
  /** Shorter patience than a site's, so that waiting in vain ends within the run. */
  readonly patience?: Readonly<Partial<Record<'ApprovalS' | 'CommandS' | 'VerifyWindowS', string>>>;
};

const lostBoard: FaultInput = { kind: 'dead_board', board: 2, recoverable: true };
const deadFan: FaultInput = { kind: 'dead_fan' };

const restart: Case = {
  name: 'lost hashboard',
  faults: [lostBoard],
  people: 'stay-silent',
  end: {
    loop: 'effective',
    recommendation: 'completed',
    command: 'COMPLETED',
    miner: 'restarted-with-all-boards',
  },
};
const stop: Case = {
  name: 'dead fan',
  faults: [deadFan],
  people: 'approve',
  end: { loop: 'effective', recommendation: 'completed', command: 'COMPLETED', miner: 'stopped' },
};

/** What `npm run loop -- --scenario NAME` plays, and the documented state in which each story must end. */
export const scenarios: Record<ScenarioName, Scenario> = {
  happy: {
    about: {
      en: 'A hashboard drops out and is cured by a restart under a rule; a fan dies and two people approve the stop.',
      zh: '一块算力板掉线，按规则自动重启恢复；一个风扇停转，两人审批后停机。',
    },
    cases: [restart, stop],
  },
  reject: {
    about: { en: 'A fan dies; a person rejects the stop.', zh: '风扇停转，人工拒绝停机建议。' },
    cases: [
      {
        ...stop,
        people: 'reject',
        end: { loop: 'rejected', recommendation: 'rejected', miner: 'untouched' },
      },
    ],
  },
  expire: {
    about: { en: 'A fan dies; nobody decides in time.', zh: '风扇停转，无人在期限内审批。' },
    patience: { ApprovalS: '10' },
    cases: [
      {
        ...stop,
        people: 'stay-silent',
        end: { loop: 'expired', recommendation: 'expired', miner: 'untouched' },
      },
    ],
  },
  'miner-refuses': {
    about: {
      en: 'A hashboard drops out; the miner refuses the restart.',
      zh: '算力板掉线，矿机拒绝重启命令。',
    },
    cases: [
      {
        ...restart,
        faults: [{ kind: 'refuses_writes' }, lostBoard],
        end: { loop: 'failed', recommendation: 'failed', command: 'FAILED', miner: 'untouched' },
      },
    ],
  },
  'gateway-offline': {
    about: {
      en: 'A fan dies; the gateway loses its line before the stop is sent.',
      zh: '风扇停转，停机命令下发前网关断线。',
    },
    patience: { CommandS: '10' },
    cases: [
      {
        ...stop,
        gatewayOffline: true,
        end: { loop: 'failed', recommendation: 'failed', command: 'EXPIRED', miner: 'untouched' },
      },
    ],
  },
  'no-effect': {
    about: {
      en: 'A hashboard drops out; the restart succeeds and cures nothing.',
      zh: '算力板掉线，重启成功但未恢复。',
    },
    patience: { VerifyWindowS: '20' },
    cases: [
      {
        ...restart,
        faults: [{ kind: 'no_effect' }, lostBoard],
        end: {
          loop: 'no_effect',
          recommendation: 'failed',
          command: 'COMPLETED',
          miner: 'restarted-in-vain',
        },
      },
    ],
  },
};
