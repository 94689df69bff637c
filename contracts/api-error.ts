import * as z from 'zod';

/** The codes of every refused request, each with the HTTP status that carries it. */
export const errorStatus = {
  validation_failed: 400,
  invalid_state: 400,
  not_authenticated: 401,
  forbidden: 403,
  /** The session has not shown its second factor yet. */
  second_factor_required: 403,
  /** Only within five minutes of a sign-in or, where there is one, of the second factor. */
  step_up_required: 403,
  not_found: 404,
  conflict: 409,
  gone: 410,
  payload_too_large: 413,
  too_many_requests: 429,
  internal_error: 500,
} as const;
export type ErrorCode = keyof typeof errorStatus;

/** What every refused request answers with. `error` is the sentence of `001` §6 where one is documented. */
export const apiError = z.strictObject({
  error: z.string(),
  code: z.enum(Object.keys(errorStatus) as [ErrorCode, ...ErrorCode[]]),
  request_id: z.string(),
  issues: z.array(z.strictObject({ field: z.string(), message: z.string() })).optional(),
});
export type ApiError = z.infer<typeof apiError>;
