import type { NewSafetyEvent } from '../reports.ts';
import type { RotationOutcome } from './rotate-password.ts';

const mostEvents = 50;
const details: Readonly<Record<RotationOutcome, string>> = {
  changed: 'the miner has a new password, which lets in',
  kept: 'the miner did not take the new password; the one before holds',
  unresolved: 'neither password could be tried; both are kept sealed',
  not_let_in: 'the inventory’s own login is refused; nothing was written',
  no_way: 'the firmware has no way to change it',
};

/** What the cloud is told of a rotation. No name, no password. */
export const passwordEvents = (outcomes: ReadonlyMap<string, RotationOutcome>): NewSafetyEvent[] => {
  const told = [...outcomes].filter(([, outcome]) => outcome !== 'no_way');
  if (told.length <= mostEvents)
    return told.map(([minerId, outcome]) => ({
      kind: 'password_changed',
      minerId,
      code: outcome.toUpperCase(),
      detail: details[outcome],
    }));
  const counts = [...Map.groupBy(told, ([, outcome]) => outcome)];
  return [
    {
      kind: 'password_changed',
      code: 'MANY',
      detail: counts.map(([outcome, all]) => `${all.length} ${outcome}`).join(', '),
    },
  ];
};
