import type { Text } from '../../contracts/text.ts';
import type { Change } from './adopt.ts';
import type { Discovery } from './discover-site.ts';
import type { FoundMachine } from './found-machine.ts';

type Language = keyof Text;

const kinds: Readonly<Record<Change['kind'], Text>> = {
  moved: { en: 'moved', zh: '已移动' },
  back: { en: 'back', zh: '已返回' },
  new: { en: 'new', zh: '新增' },
  replaced: { en: 'replaced', zh: '已被替换' },
  missing: { en: 'missing', zh: '缺失' },
  firmware: { en: 'other firmware', zh: '固件已变更' },
  unproved: { en: 'not proved: refuses its login', zh: '未证实：拒绝其登录信息' },
  duplicate: { en: 'duplicate MAC', zh: 'MAC 重复' },
  left_out: { en: 'left out', zh: '未纳入' },
};
const reasons: Readonly<Record<NonNullable<Change['why']>, Text>> = {
  no_adapter: { en: 'this gateway does not speak its firmware', zh: '网关不支持该固件' },
  unconfirmed: { en: 'it did not say its model', zh: '未能获取其型号' },
  no_identity: {
    en: 'it told neither MAC nor serial number; give its login (--logins)',
    zh: '未获取到 MAC 或序列号；请提供登录信息（--logins）',
  },
  no_id: { en: 'the pattern gives it no id', zh: '命名规则无法为其生成编号' },
};
const words = {
  found: { en: 'Found', zh: '已发现' },
  changes: { en: 'Changes', zh: '变更' },
  none: { en: 'none', zh: '无' },
  stopped: { en: 'Stopped before the end: nothing counts as missing.', zh: '扫描提前终止：不判定缺失。' },
  starved: {
    en: 'addresses not asked, for want of sockets',
    zh: '个地址因套接字不足未能询问',
  },
  kept: { en: 'The inventory is sealed.', zh: '清单已加密保存。' },
  dry: { en: 'Dry run: nothing was changed.', zh: '演练模式：未作任何更改。' },
} as const satisfies Record<string, Text>;

const header: readonly Text[] = [
  { en: 'address', zh: '地址' },
  { en: 'miner', zh: '矿机编号' },
  { en: 'firmware', zh: '固件' },
  { en: 'model', zh: '型号' },
  { en: 'version', zh: '版本' },
  { en: 'MAC', zh: 'MAC' },
  { en: 'serial', zh: '序列号' },
];

/** Chinese characters are two columns wide. */
const widthOf = (text: string) =>
  [...text].reduce((sum, letter) => sum + (/[\u2e80-\u9fff\uff00-\uffef]/.test(letter) ? 2 : 1), 0);
const table = (rows: readonly (readonly string[])[]) => {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => widthOf(row[at] ?? ''))));
  return rows.map((row) =>
    row
      .map((cell, at) => cell + ' '.repeat(Math.max(0, (widths[at] ?? 0) - widthOf(cell))))
      .join('  ')
      .trimEnd(),
  );
};

/** Firmware says what it wants of itself; nothing of it may steer a terminal. */
const printable = (text: string | undefined) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
  (text ?? '-').replace(/[\u0000-\u001f\u007f-\u009f]/g, '?').slice(0, 60);

export type Outcome = { readonly discovery: Discovery; readonly isDryRun: boolean };

/** For people: what was found, what changed, what was kept. No login. */
export const discoveryText = ({ discovery, isDryRun }: Outcome, language: Language): string => {
  const { scanned, adoption } = discovery;
  const { counts } = scanned;
  const ids = new Map(adoption.seen.map(({ minerId, found }) => [found, minerId]));
  const line = (machine: FoundMachine) => [
    machine.host,
    ids.get(machine) ?? '-',
    machine.family,
    ...[machine.model, machine.firmware, machine.macAddress, machine.serialNumber].map(printable),
  ];
  const change = ({ kind, minerId, found, newId, why }: Change) => [
    kinds[kind][language],
    [minerId ?? '-', ...(newId === undefined ? [] : [newId])].join(' → '),
    found?.host ?? '-',
    printable(found?.model),
    why ? reasons[why][language] : '',
  ];
  const rows = [header.map((text) => text[language]), ...scanned.machines.map(line)];
  return [
    `${words.found[language]}: ${counts.machines} / ${counts.addresses} (${(scanned.tookMs / 1_000).toFixed(1)} s)`,
    ...(scanned.complete ? [] : [words.stopped[language]]),
    ...(counts.starved > 0 ? [`${counts.starved} ${words.starved[language]}`] : []),
    ...(scanned.machines.length > 0 ? table(rows) : []),
    '',
    `${words.changes[language]}: ${adoption.changes.length || words.none[language]}`,
    ...table(adoption.changes.map(change)),
    '',
    words[isDryRun ? 'dry' : 'kept'][language],
    '',
  ].join('\n');
};

/** For machines, on the gateway itself: addresses and MACs stand in it, logins do not. */
export const discoveryJson = ({ discovery, isDryRun }: Outcome) => {
  const { scanned, adoption } = discovery;
  const ids = new Map(adoption.seen.map(({ minerId, found }) => [found, minerId]));
  const withoutLogin = ({ login: _, isLoginProved: __, ...machine }: FoundMachine) => machine;
  return {
    dry_run: isDryRun,
    complete: scanned.complete,
    took_ms: Math.round(scanned.tookMs),
    counts: scanned.counts,
    machines: scanned.machines.map((machine) => ({
      ...withoutLogin(machine),
      ...(ids.has(machine) && { minerId: ids.get(machine) }),
    })),
    changes: adoption.changes.map(({ found, ...change }) => ({
      ...change,
      ...(found && { host: found.host, family: found.family, ...(found.model && { model: found.model }) }),
    })),
  };
};
