/** A process that can die at any await: then nothing of it goes on. */
export const machine = (mayCrash: () => boolean) => {
  let isDead = false;
  let report = () => {};
  const died = new Promise<'died'>((resolve) => {
    report = () => resolve('died');
  });
  const forever = () => new Promise<never>(() => {});
  const die = () => {
    isDead = true;
    report();
    return forever();
  };
  return {
    died,
    isDead: () => isDead,
    /** Does something that others see; the process may die before it, or after it without having seen the answer. */
    step: async <T>(work: () => Promise<T>): Promise<T> => {
      if (isDead) return forever();
      if (mayCrash()) return die();
      const settled = await work().then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      );
      if (isDead) return forever();
      if (mayCrash()) return die();
      if ('error' in settled) throw settled.error;
      return settled.value;
    },
  };
};
export type Machine = ReturnType<typeof machine>;
