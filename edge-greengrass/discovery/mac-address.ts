/**
 * A MAC address as `AA:BB:CC:DD:EE:FF`, of what firmware writes with colons, dashes, dots or nothing in between. Undefined for what is
 * none, and for those that name no machine: zero, broadcast, multicast.
 */
export const macAddressOf = (text: unknown): string | undefined => {
  if (typeof text !== 'string') return undefined;
  const digits = text.trim().replace(/[:.-]/g, '').toUpperCase();
  if (!/^[0-9A-F]{12}$/.test(digits) || /^0{12}$/.test(digits)) return undefined;
  if (Number.parseInt(digits.slice(0, 2), 16) % 2 === 1) return undefined;
  return digits.match(/../g)?.join(':');
};

/** A serial number as it can tell machines apart; undefined for placeholders that whole batches of machines share. */
export const serialNumberOf = (text: unknown): string | undefined => {
  if (typeof text !== 'string') return undefined;
  const trimmed = text.trim();
  if (trimmed.length < 6 || trimmed.length > 64) return undefined;
  if (/^(.)\1+$/.test(trimmed) || /^(unknown|default|null|none|n\/a|0123456789.*|123456.*)$/i.test(trimmed))
    return undefined;
  return trimmed;
};
