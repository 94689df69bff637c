/** Writes one line of JSON. Ids, counts and codes only: no address, credential or whole message. */
export type Log = (
  level: 'info' | 'warn' | 'error',
  event: string,
  facts?: Readonly<Record<string, string | number | boolean>>,
) => void;

export const logToStderr: Log = (level, event, facts) => {
  process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), level, event, ...facts })}\n`);
};

export const logNothing: Log = () => {};
