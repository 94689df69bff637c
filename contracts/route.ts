import type * as z from 'zod';
import type { AccessLevel, Module, Rank } from './access.ts';
import type { Text } from './text.ts';

/**
 * One row of a context's route table (`lambdas/<context>/api.ts`). It is the single source for the API Gateway route,
 * the OpenAPI operation, the permission check, the request parser and the console's types.
 */
export type Route = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** API Gateway's spelling: `/api/v1/ai/recommendations/{recommendation_id}/approve`. */
  readonly path: `/${string}`;
  readonly summary: Text;
  /**
   * Who may call it. `public` routes see no principal. `device` routes take a gateway's bearer token and no session; such a token
   * opens nothing else. `rank` is checked after the module's access level.
   */
  readonly access:
    | 'public'
    | 'device'
    | {
        readonly module: Module;
        readonly level: Exclude<AccessLevel, 'none'>;
        readonly rank?: Rank;
        /** Only people in their sessions, no API keys: approvals, and all that concerns accounts. */
        readonly person?: true;
        /** Only within five minutes of a step-up (`step_up_required`). */
        readonly stepUp?: true;
        /** Open to a session that has not shown its second factor yet. */
        readonly beforeSecondFactor?: true;
      };
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** Instead of JSON in `body`: bytes of one of these media types, up to 1 MB. */
  readonly upload?: readonly string[];
  /** The success status and its body; the failures are the same for all routes (contracts/api-error.ts). */
  readonly success: {
    readonly status: 200 | 201 | 202 | 204 | 302;
    readonly body?: z.ZodType;
    /** Media types, where the answer is a file and not JSON. */
    readonly files?: readonly string[];
  };
};

/** A context's routes by operation id. */
export type RouteTable = Readonly<Record<string, Route>>;
