import { saysFanFault } from '../../contracts/error-codes/error-table.ts';
import { bad, figure, good, type Judge, ths, unclear } from './judgement.ts';
import { fansOf, hottestChipC } from './miner-facts.ts';
import { median } from './peer-medians.ts';

/** Below this share of its siblings' speed a fan is failing; above the second it counts as well again. */
const failingShare = 0.5;
const wellShare = 0.65;
/** Slower than this nothing can be said about shares. */
const leastRpm = 1_500;

/** Fan failure: a fan that stands or lags far behind its siblings while the miner hashes. */
export const judgeFans: Judge = ({ reading, facts, peers }) => {
  const { state, values } = reading;
  if (state !== 'hashing' && state !== 'fault' && state !== 'idle') return unclear;
  const fans = fansOf(reading);
  const code = reading.errorCodes?.find((one) => saysFanFault(facts.vendor, one));
  const standing = fans.filter(({ rpm }) => rpm === 0);
  const names = standing.map(({ fan }) => `Fan${fan}`).join(', ');
  const turning = fans.filter(({ rpm }) => rpm > 0);
  if (code !== undefined)
    return bad('P2', 1, {
      en: `The firmware reports a fan fault (code ${code})${names && `; ${names} at 0 rpm`}.`,
      zh: `固件报告风扇故障（代码 ${code}）${names && `；${names} 转速 0 RPM`}。`,
    });
  if (fans.length === 0 || values.fanDutyPct === 0) return unclear;
  if (turning.length === 0) {
    const hot = (values.hashrateThs ?? 0) > 0 && hottestChipC(reading) !== undefined;
    // Immersion and hydro miners have no fans, and their peers have none either.
    if (!hot || peers?.fanRpm === 0) return unclear;
    return bad('P1', 2, {
      en: `No fan turns (${names} at 0 rpm) while the miner hashes at ${ths(values.hashrateThs ?? 0)} TH/s.`,
      zh: `矿机以 ${ths(values.hashrateThs ?? 0)} TH/s 运行，但风扇全部停转（${names} 转速 0 RPM）。`,
    });
  }
  const siblingsRpm = median(turning.map(({ rpm }) => rpm)) ?? 0;
  if (standing.length > 0)
    return bad('P2', 2, {
      en: `${names} at 0 rpm while the other fans turn at ${figure(siblingsRpm, 0)} rpm.`,
      zh: `${names} 转速 0 RPM，其余风扇 ${figure(siblingsRpm, 0)} RPM。`,
    });
  const slowest = turning.reduce((a, b) => (a.rpm <= b.rpm ? a : b));
  const others = median(turning.filter(({ fan }) => fan !== slowest.fan).map(({ rpm }) => rpm));
  if (others === undefined || others < leastRpm) return good;
  if (slowest.rpm < failingShare * others)
    return bad('P2', 2, {
      en: `Fan${slowest.fan} turns at ${slowest.rpm} rpm, ${figure((100 * slowest.rpm) / others, 0)}% of the ${figure(others, 0)} rpm of its siblings.`,
      zh: `Fan${slowest.fan} 转速 ${slowest.rpm} RPM，仅为其余风扇 ${figure(others, 0)} RPM 的 ${figure((100 * slowest.rpm) / others, 0)}%。`,
    });
  return slowest.rpm >= wellShare * others ? good : unclear;
};
