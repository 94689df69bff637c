import pc from 'picocolors';
import type { ReplayReport } from './replay.ts';

/** A replay's report as people read it. */
export const showReplay = (report: ReplayReport): string => {
  const rows = report.tiers.map(({ minerId, tier, samplesInFile, samplesInTier, means, equal }) => {
    const figures = means
      .map(({ field, inFile, inTier }) => `${field} ${inFile.toFixed(4)} = ${inTier.toFixed(4)}`)
      .join(', ');
    return `    ${equal ? pc.green('✓') : pc.red('✗')} ${minerId.padEnd(10)} ${tier.padEnd(6)} ${String(samplesInFile).padStart(6)} = ${String(samplesInTier).padEnd(6)} ${figures}`;
  });
  const alerts = report.alerts.map(
    (alert) =>
      `    ${alert.first_sampled_at}  ${alert.severity} ${alert.miner_id.padEnd(10)} ${alert.kind.padEnd(14)} ${String(alert.count).padStart(4)}×  ${alert.reason.en}`,
  );
  return [
    `  ${pc.bold('Ingested')}: ${report.readings} readings in ${report.batches} batches, ${report.first} to ${report.last}, in ${(report.tookMs / 1_000).toFixed(1)} s (${report.timesFasterThanLife} times faster than life); ${report.setAside} batches set aside`,
    '',
    `  ${pc.bold('Detected')} (${report.alerts.length})`,
    ...(alerts.length > 0 ? alerts : ['    nothing']),
    '',
    `  ${pc.bold('Tiers against the file')} (file = tier: samples, means)`,
    ...rows,
  ].join('\n');
};
