import { parseArgs } from 'node:util';
import { examine } from './doctor/examine.ts';
import type { Finding, Level } from './doctor/finding.ts';

const help = `HashInsight edge gateway: doctor

  node edge-greengrass/doctor-main.ts --config FILE [--state DIR]

  --config FILE   the gateway's configuration
  --state DIR     its state directory (default ./gateway-state)
  --no-sweep      do not ask the miners
  --lang en|zh    (default: by LANG)
  --json          findings as JSON, in both languages
  --help          this text

Says what is wrong and what to do. Changes nothing. Exit code 0: nothing that keeps the gateway from its work; 1: something does.

HashInsight 边缘网关诊断：指出问题与处理办法，不做任何更改。退出码 0：没有妨碍运行的问题；1：有。
`;

const { values } = parseArgs({
  allowNegative: true,
  options: {
    config: { type: 'string' },
    state: { type: 'string', default: './gateway-state' },
    sweep: { type: 'boolean', default: true },
    lang: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const marks: Readonly<Record<Level, string>> = { ok: '✓', skipped: '–', warning: '!', failure: '✗' };
const asText = (found: readonly Finding[], language: 'en' | 'zh') =>
  found
    .map(({ check, level, what, todo }) =>
      [
        `${marks[level]} ${check.padEnd(14)} ${what[language]}`,
        ...(todo ? [`${' '.repeat(17)}→ ${todo[language]}`] : []),
      ].join('\n'),
    )
    .join('\n');

const languageOf = (env: NodeJS.ProcessEnv) =>
  (values.lang ?? env.LC_ALL ?? env.LANG ?? '').startsWith('zh') ? 'zh' : 'en';

if (values.help || values.config === undefined) {
  process.stdout.write(help);
  process.exitCode = values.help ? 0 : 2;
} else {
  const found = await examine({ configPath: values.config, stateDir: values.state, sweep: values.sweep });
  process.stdout.write(
    values.json ? `${JSON.stringify(found, null, 2)}\n` : `${asText(found, languageOf(process.env))}\n`,
  );
  process.exitCode = found.some(({ level }) => level === 'failure') ? 1 : 0;
}
