import { saysTooHot } from '../../contracts/error-codes/error-table.ts';
import { boardBelowChipC, chipLimits } from './chip-limits.ts';
import { bad, figure, good, type Judge, unclear } from './judgement.ts';
import { hottestChipC } from './miner-facts.ts';

/** Cooler than the warning limit by this much, before an overheating miner counts as recovered. */
const hysteresisC = 5;
/** Hotter than its peers by this much, and near the warning limit, is a trend worth a look. */
export const abovePeersC = 15;
export const nearLimitC = 8;

/** Overheating: chip limits per model, the firmware's own alarm, and the distance to the miner's peers. */
export const judgeTemperature: Judge = ({ reading, facts, peers }) => {
  if (reading.state === 'unreachable') return unclear;
  const code = reading.errorCodes?.find((one) => saysTooHot(facts.vendor, one));
  const chipC = hottestChipC(reading);
  const limits = chipLimits(facts.model);
  const boardC = limits.boardSensor ? reading.values.boardTempC : undefined;
  const onBoard = chipC === undefined;
  const tempC = chipC ?? (boardC !== undefined && boardC > 0 ? boardC : undefined);
  if (code !== undefined)
    return bad('P1', 1, {
      en: `The firmware reports over-temperature (code ${code})${tempC === undefined ? '' : ` at ${figure(tempC)} °C`}.`,
      zh: `固件报告过温（代码 ${code}）${tempC === undefined ? '' : `，温度 ${figure(tempC)} °C`}。`,
    });
  if (tempC === undefined) return unclear;
  const lower = onBoard ? boardBelowChipC : 0;
  const [warnC, criticalC] = [limits.warnC - lower, limits.criticalC - lower];
  const [where, whereZh] = onBoard ? ['Board', '算力板'] : ['Chip', '芯片'];
  if (tempC >= criticalC)
    return bad('P1', 1, {
      en: `${where} temperature ${figure(tempC)} °C has reached the critical limit of ${criticalC} °C for ${facts.model}.`,
      zh: `${whereZh}温度 ${figure(tempC)} °C，已达到 ${facts.model} 的临界阈值 ${criticalC} °C。`,
    });
  if (tempC >= warnC)
    return bad('P2', 2, {
      en: `${where} temperature ${figure(tempC)} °C is above the limit of ${warnC} °C for ${facts.model}.`,
      zh: `${whereZh}温度 ${figure(tempC)} °C，超过 ${facts.model} 的阈值 ${warnC} °C。`,
    });
  const peerC = onBoard ? undefined : peers?.chipTempC;
  if (peerC !== undefined && tempC >= peerC + abovePeersC && tempC >= warnC - nearLimitC)
    return bad('P3', 3, {
      en: `Chip temperature ${figure(tempC)} °C is ${figure(tempC - peerC)} K above the ${figure(peerC)} °C of ${peers?.miners} peers and near the limit of ${warnC} °C.`,
      zh: `芯片温度 ${figure(tempC)} °C，比 ${peers?.miners} 台同类矿机的 ${figure(peerC)} °C 高 ${figure(tempC - peerC)} K，接近阈值 ${warnC} °C。`,
    });
  return tempC < warnC - hysteresisC ? good : unclear;
};
