import { ApiRefusal } from '../api/client.ts';
import { useMessages } from '../i18n/language.ts';

/** Says what went wrong: the API's own sentence where it gave one, else what a person can make of it. */
export const useProblem = () => {
  const { common } = useMessages();
  return (error: unknown) => {
    if (error instanceof ApiRefusal) return error.status < 500 ? error.message : common.serverError;
    return error instanceof TypeError ? common.noConnection : common.unreadable;
  };
};
