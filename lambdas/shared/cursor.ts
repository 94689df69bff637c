/** The name of a page's last entry as opaque text for `next_cursor`; contracts/page-cursor.ts reads it again. */
export const toCursor = (lastName: string) => Buffer.from(lastName, 'latin1').toString('base64url');

/** The cursor after a page that DynamoDB ended at this key: the name is what follows the list's prefix in the sort key. */
export const cursorAfter = (lastKey: Record<string, unknown> | undefined, prefix = '') =>
  lastKey && toCursor(String(lastKey.sk).slice(prefix.length));
