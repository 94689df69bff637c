import type { CapabilityRow } from './capability.ts';

const levelsOnly = {
  en: 'an Avalon takes work modes, not a limit in watts',
  zh: 'Avalon 只支持工作模式，不支持以瓦设限',
};
const perPll = {
  en: 'an Avalon takes its clocks by PLL and voltage, which only its maker’s tables match',
  zh: 'Avalon 的频率按 PLL 与电压成组设置，只有厂商的对照表才能匹配',
};
const homeModes = {
  en: 'this Avalon has the modes low, normal and high; sleep is HASHING_DISABLE',
  zh: '此 Avalon 支持低功耗、普通和高性能模式；休眠请使用停机命令',
};
const rackModes = {
  en: 'this Avalon has the modes normal and high; sleep is HASHING_DISABLE',
  zh: '此 Avalon 支持普通和高性能模式；休眠请使用停机命令',
};
const heaterModes = {
  en: 'the modes of an Avalon Mini are heating, mining and night, none of which is a power mode',
  zh: 'Avalon Mini 的模式为取暖、挖矿和夜间，与功耗模式不对应',
};

const orders = {
  MINER_RESTART: true,
  HASHING_DISABLE: true,
  HASHING_ENABLE: true,
  POOL_SET: true,
  SET_FAN: true,
  POWER_MODE: { modes: ['normal', 'high'], otherwise: rackModes },
  POWER_LIMIT: levelsOnly,
  FREQUENCY_SET: perPll,
  LED: true,
} as const satisfies CapabilityRow['orders'];

/** Canaan's Avalon, from its API manual (Canaan-Creative/avalon10-docs) and its support pages for home machines. */
export const avalonCapabilities: readonly CapabilityRow[] = [
  {
    firmware: 'Avalon Mini',
    matches: ({ model }) => /\bmini/i.test(model),
    orders: { ...orders, POWER_MODE: heaterModes },
  },
  {
    firmware: 'Avalon Nano and Q',
    matches: ({ model }) => /\b(nano|q\b)/i.test(model),
    orders: { ...orders, POWER_MODE: { modes: ['low', 'normal', 'high'], otherwise: homeModes } },
  },
  { firmware: 'Avalon A series', matches: () => true, orders },
];
