/** Where a board sits, from what it is called: 1 to 3, or 6 to 8 of older machines; else its place in the list. */
export const boardPlaces = <T>(boards: readonly T[], nameOf: (board: T) => number | undefined) => {
  const names = boards.map(nameOf);
  const first = [1, 6].find((base) =>
    names.every((name) => name !== undefined && name >= base && name < base + 3),
  );
  const places: (T | undefined)[] = [];
  boards.forEach((board, at) => {
    places[first === undefined ? at : (names[at] ?? first) - first] = board;
  });
  return Array.from(places);
};

export const mean = (values: readonly (number | undefined)[]) => {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
};
export const minOf = (values: readonly (number | undefined)[]) => {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
};
