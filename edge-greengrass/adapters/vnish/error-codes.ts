import { type Fields, fieldsOf, listOf, numberOf, textOf } from '../values.ts';
import { coolingMode } from './parse-answers.ts';

const most = 32;

/** A code of 0 stands for none. */
const failureOf = (status: Fields) => {
  const code = numberOf(status.failure_code);
  return code === undefined || code === 0 ? [] : [String(code)];
};

const chainsOf = (miner: Fields) =>
  listOf(miner.chains).flatMap((chain) => {
    const id = numberOf(chain.id);
    const state = textOf(fieldsOf(chain.status).state)?.toLowerCase();
    return id !== undefined && (state === 'failure' || state === 'disconnected')
      ? [`chain#${id}:${state}`]
      : [];
  });

/** Fans count from 0 here and from 1 in the firmware's logs. A machine that lies in oil or is cooled by water has all of them lost. */
const fansOf = (summary: Fields) => {
  if (/^immers/.test(textOf(coolingMode(summary).name) ?? '')) return [];
  return listOf(fieldsOf(fieldsOf(summary.miner).cooling).fans).flatMap(({ id, status }) => {
    const at = numberOf(id);
    return at !== undefined && textOf(status)?.toLowerCase() === 'lost' ? [`fan#${at + 1}:lost`] : [];
  });
};

/**
 * Of `/status` its failure, of `/summary` boards that failed (as pyasic takes them, `backends/vnish.py`) and fans that are lost. A fan that
 * stands while the mining does is none that failed.
 */
export const errorCodesOf = (status: Fields, summary: Fields): string[] => {
  const stands = /^(?:stopped|paused|shutting-down)$/i.test(textOf(status.miner_state) ?? '');
  return [
    ...failureOf(status),
    ...chainsOf(fieldsOf(summary.miner)),
    ...(stands ? [] : fansOf(summary)),
  ].slice(0, most);
};
