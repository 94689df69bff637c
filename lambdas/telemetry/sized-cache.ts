/** Remembers what was used last, by name, up to so much in total. What is larger than an eighth of that is not worth its place. */
export const sizedCache = <T>(mostSize: number) => {
  const held = new Map<string, { readonly value: T; readonly size: number }>();
  let total = 0;
  const forget = (name: string) => {
    total -= held.get(name)?.size ?? 0;
    held.delete(name);
  };
  return {
    get: (name: string): T | undefined => {
      const found = held.get(name);
      if (!found) return undefined;
      held.delete(name);
      held.set(name, found);
      return found.value;
    },
    set: (name: string, value: T, size: number) => {
      forget(name);
      if (size > mostSize / 8) return;
      held.set(name, { value, size });
      total += size;
      for (const oldest of held.keys()) {
        if (total <= mostSize) break;
        forget(oldest);
      }
    },
  };
};
