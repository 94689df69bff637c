import * as z from 'zod';

/**
 * Reads the function's configuration from its environment, once, at module scope. Throws an Error that names every
 * missing or malformed variable, so a miswired function fails at its first start and not at its first use.
 */
export const config = <T extends z.ZodRawShape>(shape: T, env: NodeJS.ProcessEnv = process.env) => {
  const parsed = z.object(shape).safeParse(env);
  if (parsed.success) return parsed.data;
  throw new Error(
    `Configuration: ${parsed.error.issues.map((i) => `${i.path.join('.')} ${i.message}`).join('; ')}`,
  );
};
