import { failForNow, type Result, succeed } from '../shared/result.ts';

/** Where a request comes from: who connected to the API, and the viewer that this one says it speaks for. */
export type Source = { readonly peer: string; readonly viewer: string };
type Take = (what: string, source: string, most: number, nowMs: number) => Promise<boolean>;

/** Sign-ins per minute that one viewer may begin, and all viewers behind one edge of the distribution together. */
export const signInLimits = { viewer: 60, peer: 3_000 } as const;

/**
 * Slows down who begins sign-ins without end. What counts is the source alone, never the account, so that nobody can use up
 * somebody else's. The viewer's address is the distribution's word; who goes past the distribution may claim any, but stays
 * within the limit of the peer that it is.
 */
export const limitSignIn =
  (take: Take) =>
  async ({ peer, viewer }: Source, nowMs: number): Promise<Result<undefined>> => {
    const isWithin =
      (await take('sign-in-viewer', `${peer} ${viewer}`, signInLimits.viewer, nowMs)) &&
      (await take('sign-in-peer', peer, signInLimits.peer, nowMs));
    return isWithin
      ? succeed(undefined)
      : failForNow('Too many sign-ins from here; wait a minute and try again', 60);
  };
