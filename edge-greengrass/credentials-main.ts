import { parseArgs } from 'node:util';
import type { Text } from '../contracts/text.ts';
import { passwordCensus } from './credentials/census.ts';
import { loginWayOf } from './credentials/login-ways.ts';
import { PasswordChanges } from './credentials/password-changes.ts';
import { passwordEvents } from './credentials/password-events.ts';
import type { RotationOutcome } from './credentials/rotate-password.ts';
import { rotatePasswords } from './credentials/rotate-passwords.ts';
import { openGateway } from './discovery/open-gateway.ts';
import { Semaphore } from './io/semaphore.ts';
import { realClock } from './real-clock.ts';

const help = `Miners' logins: who still has the factory's, and new passwords

  node edge-greengrass/credentials-main.ts census --config FILE [--state DIR] [--json]
  node edge-greengrass/credentials-main.ts rotate --config FILE [--state DIR] (--miner ID … | --factory | --all) [--json]

  census       tries the factory's login once at every miner, and never again within a day where it was refused; prints counts
  rotate       gives miners new random passwords by the vendor's own way. Old and new are sealed on the disk before the miner hears of
               the new one, and until one of them has let in. Where the new one does not, the old one stays. Stops after three miners
               that let nobody in. A run that was stopped is ended by the next.
  --miner ID   this one (repeatable)      --factory  all that the factory's login opens      --all  all

Prints no password, ever. A gateway that runs on the same configuration takes the new passwords over by itself.
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    config: { type: 'string' },
    state: { type: 'string', default: './gateway-state' },
    miner: { type: 'string', multiple: true, default: [] },
    factory: { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    lang: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const language = (values.lang ?? process.env.LANG ?? '').startsWith('zh') ? 'zh' : 'en';

const words = {
  census: { en: 'Miners that take the factory login', zh: '仍使用出厂登录信息的矿机' },
  of: { en: 'of', zh: '/' },
  own: { en: 'refuse it', zh: '台拒绝' },
  unknown: { en: 'did not answer', zh: '台未应答' },
  noWay: { en: 'cannot be tried', zh: '台无法尝试' },
  changed: { en: 'have a new password', zh: '台已更换密码' },
  kept: { en: 'keep the old one', zh: '台保留旧密码' },
  unresolved: { en: 'are open: both passwords are kept sealed', zh: '台未决：新旧密码均已加密保存' },
  not_let_in: { en: 'refuse the login of the inventory', zh: '台拒绝清单中的登录信息' },
  no_way: { en: 'have firmware without a way', zh: '台固件不支持更改' },
  stopped: { en: 'Stopped before the end.', zh: '已提前停止。' },
} as const satisfies Record<string, Text>;
const word = (name: keyof typeof words) => words[name][language];

const run = async (command: 'census' | 'rotate', configPath: string) => {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  const gateway = await openGateway(configPath, values.state);
  const { config, state, vault } = gateway;
  const { sockets, connectMs, exchangeMs, answerBytes: maxBytes } = config.limits;
  const seats = new Semaphore(sockets);
  const common = {
    miners: config.miners,
    wayOf: (miner: (typeof config.miners)[number]) =>
      loginWayOf(miner, { connectMs, exchangeMs, maxBytes }, seats, Date.now),
    signal: stop.signal,
  };
  try {
    const needsCensus = command === 'census' || values.factory;
    const census = needsCensus
      ? await passwordCensus({ ...common, state, nowMs: Date.now })
      : { rows: [], open: [] };
    if (command === 'census') {
      process.stdout.write(
        values.json
          ? `${JSON.stringify({ census: census.rows, open: census.open })}\n`
          : [
              word('census'),
              ...census.rows.map(
                ({ vendor, miners, factory, own, unknown, noWay }) =>
                  `  ${vendor}: ${factory} ${word('of')} ${miners} (${own} ${word('own')}, ${unknown} ${word('unknown')}, ${noWay} ${word('noWay')})`,
              ),
              '',
            ].join('\n'),
      );
      return;
    }
    const wanted = values.all
      ? config.miners.map(({ minerId }) => minerId)
      : [...values.miner, ...census.open];
    const known = new Set(config.miners.map(({ minerId }) => minerId));
    const stranger = wanted.find((minerId) => !known.has(minerId));
    if (stranger !== undefined) throw new Error('--miner: the inventory has no such miner');
    const outcomes = new Map<string, RotationOutcome>();
    const { stopped } = await rotatePasswords(new Set(wanted), {
      ...common,
      changes: new PasswordChanges(state, vault),
      keep: (miners) => gateway.keep(config.miners, miners),
      clock: realClock(Date.now),
      onOutcome: (minerId, outcome) => outcomes.set(minerId, outcome),
    });
    gateway.remember([], passwordEvents(outcomes));
    gateway.tellRunning();
    const counts = [...Map.groupBy(outcomes.values(), (outcome) => outcome)];
    process.stdout.write(
      values.json
        ? `${JSON.stringify({ outcomes: Object.fromEntries(outcomes), stopped })}\n`
        : [
            ...counts.map(([outcome, all]) => `${all.length} ${word(outcome)}`),
            ...(stopped ? [word('stopped')] : []),
            '',
          ].join('\n'),
    );
    const isWhole = !stopped && [...outcomes.values()].every((outcome) => outcome === 'changed');
    process.exitCode = isWhole ? 0 : 3;
  } finally {
    gateway.close();
  }
};

const [command] = positionals;
const selects = values.all || values.factory || values.miner.length > 0;
const isWhole = values.config !== undefined && (command === 'census' || (command === 'rotate' && selects));
if (values.help || !isWhole || values.config === undefined) {
  process.stdout.write(help);
  process.exitCode = values.help ? 0 : 2;
} else {
  run(command === 'census' ? 'census' : 'rotate', values.config).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : 'the logins could not be tried');
    process.exit(1);
  });
}
