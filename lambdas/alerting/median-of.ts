/** The median of `values[from..to)`, whose order it changes; NaN of nothing. The same number as `median` of a list gives. */
export const medianOf = (values: Float64Array, from: number, to: number): number => {
  const count = to - from;
  if (count === 0) return Number.NaN;
  const middle = from + (count >> 1);
  const upper = select(values, from, to - 1, middle);
  if (count % 2 === 1) return upper;
  let lower = Number.NEGATIVE_INFINITY;
  for (let at = from; at < middle; at++) {
    const value = values[at] as number;
    if (value > lower) lower = value;
  }
  return (lower + upper) / 2;
};

/** Hoare's selection: afterwards nothing before `wanted` is greater than what stands there, and nothing after it less. */
const select = (values: Float64Array, from: number, to: number, wanted: number): number => {
  let low = from;
  let high = to;
  while (low < high) {
    const pivot = values[(low + high) >>> 1] as number;
    let left = low;
    let right = high;
    while (left <= right) {
      while ((values[left] as number) < pivot) left++;
      while ((values[right] as number) > pivot) right--;
      if (left > right) break;
      const swapped = values[left] as number;
      values[left] = values[right] as number;
      values[right] = swapped;
      left++;
      right--;
    }
    if (wanted <= right) high = right;
    else if (wanted >= left) low = left;
    else break;
  }
  return values[wanted] as number;
};
