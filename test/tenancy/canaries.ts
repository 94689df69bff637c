/**
 * Whose something is: the site that clients of the demo tenant see (S), what only its staff sees there (O), its customers'
 * own (A, B), the tenant's other site (T), and the rival tenant's (R).
 */
export const owners = ['S', 'O', 'A', 'B', 'T', 'R'] as const;
export type Owner = (typeof owners)[number];

const pattern = /zq([SOABTR])\d+z/gi;
let made = 0;

/** A word that stands nowhere else: whoever reads it reads something of its owner. */
export const canary = (owner: Owner) => `zq${owner}${++made}z`;

/** Canaries within a text, and within the base64 texts in it, as cursors and bodies carry them. */
export const canariesIn = (text: string): Set<string> => {
  const found = new Set([...text.matchAll(pattern)].map(([word]) => word.toLowerCase()));
  for (const [packed] of text.matchAll(/[A-Za-z0-9+/_-]{12,}={0,2}/g)) {
    const plain = Buffer.from(packed, 'base64').toString('latin1');
    for (const [word] of plain.matchAll(pattern)) found.add(word.toLowerCase());
  }
  return found;
};

export const ownerOf = (word: string) => owners.find((owner) => owner === word[2]?.toUpperCase());
