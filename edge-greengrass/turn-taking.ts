/** Runs one piece of work after the other, in the order of asking, whatever becomes of the ones before. */
export const turnTaking = () => {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work, work);
    last = turn.catch(() => undefined);
    return turn;
  };
};
