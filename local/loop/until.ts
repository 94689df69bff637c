/** Asks until there is an answer. Rejects with what was waited for when the deadline passes. */
export const until = async <T>(
  what: string,
  withinMs: number,
  ask: () => Promise<T | undefined | '' | false>,
): Promise<T> => {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== '' && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${Math.round(withinMs / 1_000)} s`);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
};
