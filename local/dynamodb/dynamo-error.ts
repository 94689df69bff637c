import * as z from 'zod';

const thrownByDynalite = z.object({
  statusCode: z.int(),
  body: z.looseObject({ __type: z.string(), message: z.string().optional() }),
});

/** An answer of DynamoDB that is not 200: `body` goes to the caller as it is. */
export class DynamoError extends Error {
  readonly type: string;
  readonly details: Readonly<Record<string, unknown>>;
  constructor(type: string, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = type;
    this.type = type;
    this.details = details;
  }
}

export const validationError = (message: string) => new DynamoError('ValidationException', message);

/** dynalite's errors as ours; anything else is passed through unchanged. */
export const toDynamoError = (error: unknown): unknown => {
  const known = thrownByDynalite.safeParse(error);
  if (!known.success) return error;
  const { __type, message } = known.data.body;
  const type = __type.split('#').at(-1) ?? __type;
  return new DynamoError(type, message ?? (error instanceof Error ? error.message : ''));
};
