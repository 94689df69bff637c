const units = ['B', 'KB', 'MB', 'GB'] as const;

/** A size as people say it, in steps of 1,000. */
export const bytesText = (bytes: number, number: (value: number, digits: number, unit: string) => string) => {
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return number(bytes / 1_000 ** step, step === 0 ? 0 : 1, units[step] ?? 'B');
};
