/**
 * Makes time pass at will: `Date` of this process, and of every function that is started with `shared`, is ahead of the
 * machine's clock by what has been added. Timers and `performance.now` stay as they are.
 */
export const shiftClock = () => {
  const shared = new SharedArrayBuffer(8);
  const offsetMs = new Float64Array(shared);
  const RealDate = Date;
  const now = () => RealDate.now() + (offsetMs[0] ?? 0);
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    apply: () => new RealDate(now()).toString(),
    get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
  });
  return {
    shared,
    advance: (ms: number) => {
      offsetMs[0] = (offsetMs[0] ?? 0) + ms;
    },
    restore: () => {
      globalThis.Date = RealDate;
    },
  };
};
