/** Lines on a light and on a dark page, told apart by colour-blind eyes too. */
const light = [
  '#0072b2',
  '#c2570c',
  '#00845f',
  '#a8468c',
  '#7a6200',
  '#5b45b0',
  '#2393c4',
  '#5f6b7a',
] as const;
const dark = [
  '#56b4e9',
  '#f0883e',
  '#2ec4a0',
  '#e39ac9',
  '#e6c54a',
  '#b3a1f0',
  '#9adcff',
  '#aab4c2',
] as const;

/** How many lines can be told apart on one chart. */
export const mostLines = light.length;

/** The colour of the n-th line. */
export const lineColour = (index: number, isDark: boolean): string =>
  (isDark ? dark : light)[index % mostLines] ?? light[0];

/** The same colour, let through by `alpha` in hundredths. */
export const paler = (colour: string, alpha: number) =>
  `${colour}${Math.round(alpha * 2.55)
    .toString(16)
    .padStart(2, '0')}`;
