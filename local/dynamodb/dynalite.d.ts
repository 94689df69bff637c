/** The parts of dynalite that are used here; it ships no types. */
type DynaliteResult = Record<string, unknown>;
type DynaliteAction = (
  store: unknown,
  data: DynaliteResult,
  done: (error: unknown, result?: DynaliteResult) => void,
) => void;
type DynaliteCheck = {
  readonly types: Readonly<Record<string, unknown>>;
  readonly custom?: (data: DynaliteResult, store: unknown) => string | undefined;
};

declare module 'dynalite/actions/*' {
  const action: DynaliteAction;
  export default action;
}
declare module 'dynalite/validations/index.js' {
  const validations: {
    readonly checkTypes: (data: DynaliteResult, types: DynaliteCheck['types']) => DynaliteResult;
    readonly checkValidations: (
      data: DynaliteResult,
      types: DynaliteCheck['types'],
      custom: DynaliteCheck['custom'],
      store: unknown,
    ) => void;
  };
  export default validations;
}
declare module 'dynalite/validations/*' {
  const check: DynaliteCheck;
  export default check;
}
declare module 'dynalite/db/index.js' {
  const db: {
    readonly createKey: (item: object, table: object) => string;
    readonly validateKey: (key: object, table: object) => Error | null | undefined;
    readonly validateItem: (item: object, table: object) => Error | null | undefined;
    readonly checkConditional: (data: object, existing: object | undefined) => Error | null | undefined;
    readonly itemSize: (item: object) => number;
    readonly getIndexActions: (
      indexes: readonly object[],
      existing: object | undefined,
      item: object,
      table: object,
    ) => {
      readonly puts: readonly { readonly index: string; readonly key: string; readonly item: object }[];
    };
  };
  export default db;
}
