import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { canariesIn, type Owner, ownerOf } from './canaries.ts';
import type { World } from './world.ts';

/** Every stored item by table and key, as it stands in the local cloud's file. */
export type Snapshot = ReadonlyMap<string, string>;
const cell = z.object({ name: z.string(), k: z.string(), v: z.string() });

export const takeSnapshot = ({ stateDir }: World): Snapshot => {
  const database = new DatabaseSync(join(stateDir, 'cloud', 'dynamodb', 'tables.sqlite'), { readOnly: true });
  try {
    const rows = database
      .prepare('SELECT spaces.name, cells.k, cells.v FROM cells JOIN spaces ON spaces.id = cells.space')
      .all();
    return new Map(rows.map((row) => cell.parse(row)).map(({ name, k, v }) => [`${name} ${k}`, v]));
  } finally {
    database.close();
  }
};

/** What the cloud does by itself, whoever asks what: it is no trace of a request. */
const byItself = [/"CHECKPOINT/, /"TILE/, /"RECEIPT/];

/** Whose an item is, as far as its key and words say. */
const ownersOf = (name: string, text: string, { sites }: World): Owner[] => {
  const found = new Set<Owner>();
  for (const word of canariesIn(text)) {
    const owner = ownerOf(word);
    if (owner) found.add(owner);
  }
  const about = `${name} ${text}`;
  if (new RegExp(`SITE#0*${sites.rival}([^0-9]|$)|TENANT#rival`).test(about)) found.add('R');
  if (new RegExp(`SITE#0*${sites.second}([^0-9]|$)`).test(about)) found.add('T');
  if (new RegExp(`SITE#0*${sites.demo}([^0-9]|$)|TENANT#demo`).test(about)) found.add('O');
  return [...found];
};

/** Items of these owners that came, went or changed between two snapshots. */
export const changesOf = (
  world: World,
  owners: readonly Owner[],
  before: Snapshot,
  after: Snapshot,
): string[] => {
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
    (name) => before.get(name) !== after.get(name),
  );
  return changed
    .filter((name) => !byItself.some((pattern) => pattern.test(`${before.get(name)}${after.get(name)}`)))
    .filter((name) =>
      [before.get(name), after.get(name)].some(
        (text) => text !== undefined && ownersOf(name, text, world).some((owner) => owners.includes(owner)),
      ),
    )
    .map(
      (name) =>
        `${name}: ${(before.get(name) ?? '-').slice(0, 600)} => ${(after.get(name) ?? '-').slice(0, 600)}`,
    );
};
