import type { CapabilityRow, KnownFirmware } from './capability.ts';

const noPause = {
  en: 'this AxeOS cannot pause: Bitaxe can from 2.14 on',
  zh: '此 AxeOS 版本不能暂停挖矿：Bitaxe 自 2.14 起支持',
};
const clockOnly = {
  en: 'AxeOS has no power modes or limits: it takes a frequency',
  zh: 'AxeOS 没有功耗模式或限值，请设置频率',
};
const noLight = {
  en: 'AxeOS has no light to find it by, only a message on its screen',
  zh: 'AxeOS 没有定位灯，只能在屏幕上显示信息',
};

const orders = {
  MINER_RESTART: true,
  HASHING_DISABLE: true,
  HASHING_ENABLE: true,
  POOL_SET: true,
  SET_FAN: true,
  POWER_MODE: clockOnly,
  POWER_LIMIT: clockOnly,
  FREQUENCY_SET: true,
  LED: noLight,
} as const satisfies CapabilityRow['orders'];

/** From 2.14 on; NerdAxe counts its own versions, all of them lower. A version that nobody has asked for is taken to be new. */
const canPause = ({ firmware }: KnownFirmware) => {
  if (firmware === undefined) return true;
  const [, major, minor] = (/^v?(\d+)\.(\d+)/.exec(firmware) ?? []).map(Number);
  return major !== undefined && (major > 2 || (major === 2 && (minor ?? 0) >= 14));
};

/** AxeOS of Bitaxe and NerdAxe, from its source (bitaxeorg/ESP-Miner, shufps/ESP-Miner-NerdQAxePlus). */
export const bitaxeCapabilities: readonly CapabilityRow[] = [
  { firmware: 'AxeOS 2.14 and later', matches: canPause, orders },
  {
    firmware: 'AxeOS',
    matches: () => true,
    orders: { ...orders, HASHING_DISABLE: noPause, HASHING_ENABLE: noPause },
  },
];
