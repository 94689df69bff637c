import { Semaphore } from '../io/semaphore.ts';

/**
 * Seats for the miners that are asked at once. Some sockets are left for commands and for the site's protection; of the rest a quarter
 * is for miners that failed or are slow, and only for them.
 */
export const lanes = (sockets: number) => {
  const reserve = sockets < 8 ? 0 : Math.ceil(sockets / 16);
  const slow = Math.max(1, Math.floor((sockets - reserve) / 4));
  return { fast: new Semaphore(Math.max(1, sockets - reserve - slow)), slow: new Semaphore(slow) };
};
