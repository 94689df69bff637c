import type { MinerReading, MinerState } from '../../../contracts/reading.ts';
import { boardValues, type ToldPool } from '../plain-adapter.ts';
import { type Fields, fieldsOf, listOf, maxOf, numberOf, present, scaled, textOf } from '../values.ts';

/** A sensor that is not there, or a chip that is not powered, says -1 or 0. */
const temp = (value: unknown) => {
  const celsius = numberOf(value);
  return celsius !== undefined && celsius > 0 ? celsius : undefined;
};
/** AxeOS writes what is on as 1, newer versions partly as `true`. */
const isOn = (value: unknown) => value === true || (numberOf(value) ?? 0) > 0;

/** Boards of AxeOS with two fans (ESP-Miner's `boardVersion`: SupraHex and UltraHex). */
const twoFans = new Set(['302', '702']);
/** A board with one fan says 0 for the other, and so would one that stands: NerdAxe counts its fans, AxeOS names its board. */
const secondFanRpm = (info: Fields): number | undefined => {
  const fans = numberOf(info.fanCount);
  if (fans !== undefined) return fans > 1 ? numberOf(info.fanrpm2) : undefined;
  const rpm = numberOf(info.fan2rpm);
  return rpm === 0 && !twoFans.has(textOf(info.boardVersion) ?? '') ? undefined : rpm;
};

/**
 * The chips that hash by `hashrateMonitor`, which tells each chip's GH/s (AxeOS 2.12.2 and later, ESP-Miner's `system_api_json.c`); else
 * as many as the board is built with, by `asicCount` (earlier AxeOS, NerdAxe) or by how many the monitor lists.
 */
const chipsOf = (info: Fields): number | undefined => {
  const asics = listOf(fieldsOf(info.hashrateMonitor).asics);
  const hashing = asics.filter(({ total }) => (numberOf(total) ?? 0) > 0).length;
  return hashing || (numberOf(info.asicCount) ?? (asics.length || undefined));
};

/**
 * `GET /api/system/info`: hashrates in GH/s, the core's voltage in mV, temperatures in °C (`temp` chip, `vrTemp` regulator). However many
 * chips it has, it is one board.
 */
export const parseValues = (info: Fields): MinerReading['values'] => {
  const hashrateThs = scaled(numberOf(info.hashRate), 1e-3);
  const chipTempC = maxOf([temp(info.temp), temp(info.temp2)]);
  return {
    ...boardValues([{ hashrateThs, chipTempC, chips: chipsOf(info) }]),
    ...present({
      hashrateThs,
      expectedHashrateThs: scaled(numberOf(info.expectedHashrate), 1e-3),
      powerW: numberOf(info.power),
      chipTempC,
      boardTempC: temp(info.vrTemp),
      fan1Rpm: numberOf(info.fanrpm),
      fan2Rpm: secondFanRpm(info),
      fanDutyPct: numberOf(info.fanspeed),
      frequencyMhz: numberOf(info.frequency),
      voltageV: scaled(numberOf(info.coreVoltageActual), 1e-3),
      acceptedShares: numberOf(info.sharesAccepted),
      rejectedShares: numberOf(info.sharesRejected),
      uptimeS: numberOf(info.uptimeSeconds),
      activePool: poolsOf(info).length === 0 ? undefined : isOn(info.isUsingFallbackStratum) ? 1 : 0,
    }),
  };
};

const poolOf = (host: unknown, port: unknown, user: unknown, tls: unknown): ToldPool[] => {
  const name = textOf(host);
  const number = numberOf(port);
  if (name === undefined || number === undefined) return [];
  return [{ url: `stratum+${isOn(tls) ? 'ssl' : 'tcp'}://${name}:${number}`, user: textOf(user) ?? '' }];
};

/** The pool and the one to fall back to, in this order; it tells no passwords. */
export const poolsOf = (info: Fields): ToldPool[] => [
  ...poolOf(info.stratumURL, info.stratumPort, info.stratumUser, info.stratumTLS),
  ...poolOf(
    info.fallbackStratumURL,
    info.fallbackStratumPort,
    info.fallbackStratumUser,
    info.fallbackStratumTLS,
  ),
];

export const fanOf = (info: Fields): number | 'auto' | undefined => {
  if (info.autofanspeed === undefined) return undefined;
  return isOn(info.autofanspeed) ? 'auto' : numberOf(info.manualFanSpeed ?? info.fanspeed);
};

/** What it names as wrong: too hot, or a fault of its power or its hardware in its own words. */
export const errorsOf = (info: Fields): string[] => [
  ...(isOn(info.overheat_mode) ? ['overheat_mode'] : []),
  ...[info.power_fault, info.hardware_fault].flatMap((said) => textOf(said)?.slice(0, 40) ?? []),
];

const bootS = 60;

export const stateOf = (info: Fields): MinerState => {
  if (isOn(info.miningPaused)) return 'stopped';
  if (errorsOf(info).length > 0) return 'fault';
  if ((numberOf(info.hashRate) ?? 0) > 0) return 'hashing';
  const uptimeS = numberOf(info.uptimeSeconds);
  return uptimeS !== undefined && uptimeS < bootS ? 'booting' : 'idle';
};

const families: Readonly<Record<string, string>> = {
  1: 'Max',
  2: 'Ultra',
  3: 'Hex',
  4: 'Supra',
  6: 'Gamma',
  7: 'Supra Hex',
  8: 'Gamma Turbo',
};
const byChip: Readonly<Record<string, string>> = {
  BM1397: 'Max',
  BM1366: 'Ultra',
  BM1368: 'Supra',
  BM1370: 'Gamma',
};
const own = <Value>(table: Readonly<Record<string, Value>>, key: string) =>
  Object.hasOwn(table, key) ? table[key] : undefined;

/** NerdAxe and newer AxeOS name the model; else the board's version does, as the maker numbers them ("401"), or the chip. */
export const modelOf = (info: Fields): string | undefined => {
  const said = textOf(info.deviceModel);
  if (said) return /axe/i.test(said) ? said : `Bitaxe ${said}`;
  const board = textOf(info.boardVersion) ?? String(numberOf(info.boardVersion) ?? '');
  const family =
    (/^\d{3}$/.test(board) ? own(families, board.charAt(0)) : undefined) ??
    own(byChip, textOf(info.ASICModel) ?? '');
  if (family) return `Bitaxe ${family}`;
  return textOf(info.ASICModel) === undefined ? undefined : 'Bitaxe';
};
