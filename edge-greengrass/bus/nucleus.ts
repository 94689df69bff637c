import * as z from 'zod';

const environment = z.object({
  AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT: z.string().min(1),
  SVCUID: z.string().min(1),
});

/** Where the nucleus listens and as whom to come. Throws an Error when the process was not started by a Greengrass nucleus. */
export const nucleus = (env: NodeJS.ProcessEnv = process.env) => {
  const parsed = environment.safeParse(env);
  if (!parsed.success) throw new Error('this process was not started by a Greengrass nucleus');
  return {
    socketPath: parsed.data.AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT,
    authToken: parsed.data.SVCUID,
  };
};
