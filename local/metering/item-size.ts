type Attributes = Readonly<Record<string, unknown>>;

const bytesOf = (text: string) => Buffer.byteLength(text);
const entries = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : [];
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const sum = (sizes: readonly number[]) => sizes.reduce((total, one) => total + one, 0);

/** One byte, one for two significant digits, and one for a minus. Leading and trailing zeroes are not kept. */
const numberSize = (text: string) => {
  const [mantissa = ''] = text.toLowerCase().split('e');
  const digits = mantissa.replace(/^[+-]/, '').replace('.', '').replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '').length;
  return 1 + Math.ceil(significant / 2) + (mantissa.startsWith('-') && significant > 0 ? 1 : 0);
};

const valueSize = (value: unknown): number => {
  const [type, content] = entries(value)[0] ?? ['NULL', true];
  switch (type) {
    case 'S':
      return bytesOf(String(content));
    case 'N':
      return numberSize(String(content));
    case 'B':
      return Buffer.from(String(content), 'base64').length;
    case 'SS':
      return sum(list(content).map((one) => bytesOf(String(one))));
    case 'NS':
      return sum(list(content).map((one) => numberSize(String(one))));
    case 'BS':
      return sum(list(content).map((one) => Buffer.from(String(one), 'base64').length));
    case 'L':
      return 3 + sum(list(content).map((one) => 1 + valueSize(one)));
    case 'M':
      return 3 + sum(entries(content).map(([name, one]) => 1 + bytesOf(name) + valueSize(one)));
    default:
      return 1;
  }
};

/**
 * Bytes of an item in attribute-value JSON, as DynamoDB counts them for request units
 * (docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html): names and values in UTF-8, the
 * raw bytes of binaries, 3 bytes for a list or map and 1 for each of its elements. Of numbers the page says "approximately".
 */
export const itemSize = (item: Attributes): number =>
  sum(Object.entries(item).map(([name, value]) => bytesOf(name) + valueSize(value)));

/** What each stored item takes beside its size. */
export const storageOverheadBytes = 100;
