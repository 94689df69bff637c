import type { CommandStatus } from '../../contracts/command.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { commitWithAudit, type TransactItem } from '../audit/commit-with-audit.ts';
import { type CommandRecord, conditionOf, dueAt, type TransitionName, transitions } from './command.ts';
import type { ControlStore } from './command-repository.ts';
import { controlKeys, openCommands, unknownCommands } from './control-keys.ts';

/** What a transition may write beside the status. */
export type CommandPatch = Partial<
  Pick<
    CommandRecord,
    | 'envelope'
    | 'dispatchedAtMs'
    | 'acknowledgedAtMs'
    | 'settledAtMs'
    | 'failure'
    | 'before'
    | 'after'
    | 'approvals'
    | 'votes'
    | 'need'
    | 'expiresAtMs'
  >
>;

/** One command's step, from the status in which it was read; another that happens with it or not at all in `together`. */
export type Move = {
  readonly command: CommandRecord;
  readonly name: TransitionName;
  readonly nowMs: number;
  readonly patch?: CommandPatch;
  readonly events: readonly NewDomainEvent[];
  readonly together?: Move;
};

export const indexKeys = ({
  siteId,
  status,
  dueAtMs,
}: Pick<CommandRecord, 'siteId' | 'status' | 'dueAtMs'>) => ({
  status_pk: controlKeys.status(siteId, status),
  ...(dueAtMs !== undefined && {
    due_pk: status === 'UNKNOWN' ? unknownCommands : openCommands,
    due_sk: controlKeys.due(dueAtMs),
  }),
});

/**
 * The conditional write that makes a transition, for a transaction. It holds only from the very status and revision in which the
 * command was read.
 */
export const moveItem = (
  { controlTable }: Pick<ControlStore, 'controlTable'>,
  { command, name, nowMs, patch = {} }: Pick<Move, 'command' | 'name' | 'nowMs' | 'patch'>,
): TransactItem => {
  const { from, to } = transitions[name];
  const dueAtMs = dueAt(to, patch.expiresAtMs ?? command.expiresAtMs, nowMs);
  const set = {
    updatedAtMs: nowMs,
    ...patch,
    ...indexKeys({ siteId: command.siteId, status: to, dueAtMs }),
    ...(dueAtMs !== undefined && { dueAtMs }),
    ...(patch.votes && { revision: (command.revision ?? 0) + 1 }),
  };
  const fields = Object.entries(set).filter(([, value]) => value !== undefined);
  const assignments = ['#status = :to', ...fields.map(([field]) => `#${field} = :${field}`)].join(', ');
  const condition = [
    conditionOf(name),
    '#status = :was',
    ...(patch.votes ? ['(attribute_not_exists(#revision) OR #revision = :wasRevision)'] : []),
  ].join(' AND ');
  return {
    Update: {
      TableName: controlTable,
      Key: controlKeys.command(command.siteId, command.commandId),
      UpdateExpression: `SET ${assignments}${dueAtMs === undefined ? ' REMOVE dueAtMs, due_pk, due_sk' : ''}`,
      ConditionExpression: condition,
      ExpressionAttributeNames: {
        '#status': 'status',
        ...Object.fromEntries(fields.map(([field]) => [`#${field}`, field])),
      },
      ExpressionAttributeValues: {
        ':to': to,
        ':was': command.status,
        ...Object.fromEntries(from.map((status, index) => [`:from${index}`, status])),
        ...Object.fromEntries(fields.map(([field, value]) => [`:${field}`, value])),
        ...(condition.includes(':nowMs') && { ':nowMs': nowMs }),
        ...(patch.votes && { ':wasRevision': command.revision ?? 0 }),
      },
    },
  };
};

/** How a batch counts its commands. */
const countersOf = (status: CommandStatus): readonly string[] => {
  switch (status) {
    case 'APPROVED':
      return ['open', 'waiting'];
    case 'DISPATCHED':
    case 'ACKNOWLEDGED':
      return ['open'];
    case 'COMPLETED':
      return ['completed'];
    case 'FAILED':
    case 'EXPIRED':
      return ['failed'];
    case 'UNKNOWN':
      return ['unknown'];
    case 'CANCELLED':
    case 'DENIED':
      return ['cancelled'];
    case 'ROLLED_BACK':
      return ['rolledBack'];
    default:
      return [];
  }
};

/** What the moves change in their batches' counts: one write for each batch. */
export const countItems = (
  { controlTable }: Pick<ControlStore, 'controlTable'>,
  moves: readonly Pick<Move, 'command' | 'name'>[],
): TransactItem[] => {
  const batches = new Map<string, { readonly siteId: number; readonly deltas: Map<string, number> }>();
  for (const { command, name } of moves) {
    const { batchId, siteId, status } = command;
    if (batchId === undefined) continue;
    const { deltas } = batches.get(batchId) ?? { deltas: new Map<string, number>() };
    const add = (counter: string, by: number) => deltas.set(counter, (deltas.get(counter) ?? 0) + by);
    for (const counter of countersOf(status)) add(counter, -1);
    for (const counter of countersOf(transitions[name].to)) add(counter, 1);
    batches.set(batchId, { siteId, deltas });
  }
  return [...batches].flatMap(([batchId, { siteId, deltas }]) => {
    const changed = [...deltas].filter(([, by]) => by !== 0);
    if (changed.length === 0) return [];
    return [
      {
        Update: {
          TableName: controlTable,
          Key: controlKeys.batch(siteId, batchId),
          UpdateExpression: `ADD ${changed.map(([counter]) => `#${counter} :${counter}`).join(', ')}`,
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeNames: Object.fromEntries(changed.map(([counter]) => [`#${counter}`, counter])),
          ExpressionAttributeValues: Object.fromEntries(changed.map(([counter, by]) => [`:${counter}`, by])),
        },
      },
    ];
  });
};

const allOf = (move: Move): Move[] => [move, ...(move.together ? allOf(move.together) : [])];
const sizeOf = (move: Move) => allOf(move).reduce((size, { events }) => size + 1 + events.length, 0);
/** A transaction has 100 items; the chain's head and the batches' counts need some. */
const mostItems = 90;

/** What fits into one transaction each; a command stands in one of them only once. */
const partsOf = (moves: readonly Move[]): Move[][] => {
  const parts: Move[][] = [];
  let size = Number.POSITIVE_INFINITY;
  let named = new Set<string>();
  for (const move of moves) {
    const ids = allOf(move).map(({ command }) => command.commandId);
    size += sizeOf(move);
    if (size > mostItems || ids.some((id) => named.has(id))) {
      parts.push([]);
      named = new Set();
      size = sizeOf(move);
    }
    for (const id of ids) named.add(id);
    parts.at(-1)?.push(move);
  }
  return parts;
};

/**
 * Moves commands of one site and records the events, as many in one transaction as it holds, with their batches' counts. Says for each
 * whether its condition held; those that it did not hold for change nothing and keep none of the others back. A command may stand
 * in `moves` several times, and is then moved by the first alone.
 */
export const moveAll =
  (store: ControlStore) =>
  async (moves: readonly Move[]): Promise<boolean[]> => {
    const moved = new Set<Move>();
    for (const part of partsOf(moves)) {
      let left: readonly Move[] = part;
      while (left.length > 0) {
        const owned = left.flatMap((move) =>
          allOf(move).map((one) => ({ item: moveItem(store, one), move })),
        );
        const steps = left.flatMap(allOf);
        const committed = await commitWithAudit(store)(
          [...owned.map(({ item }) => item), ...countItems(store, steps)],
          steps.flatMap(({ events }) => events),
        );
        if (committed.ok) {
          for (const move of left) moved.add(move);
          break;
        }
        const refused = owned[committed.conflict]?.move;
        if (!refused) throw new Error('A command names a batch that is not there');
        left = left.filter((move) => move !== refused);
      }
    }
    return moves.map((move) => moved.has(move));
  };
