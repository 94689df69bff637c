import { type FaultInput, faultKinds } from '../../simulator/faults.ts';
import { randomFrom, seedOf } from '../../simulator/physics/random.ts';
import type { System } from '../system.ts';

type Episode = { readonly fault: FaultInput; readonly line: (target: string) => string };

const episodes: readonly Episode[] = [
  {
    fault: { kind: 'dead_board', board: 2 },
    line: (id) => `A hashboard drops out of ${id}. 矿机 ${id} 一块算力板掉线。`,
  },
  {
    fault: { kind: 'dead_fan' },
    line: (id) => `A fan dies in ${id}; it will overheat. 矿机 ${id} 一个风扇停转，即将过热。`,
  },
  {
    fault: { kind: 'hang' },
    line: (id) => `${id} hangs: it answers but does not hash. 矿机 ${id} 卡死：有应答但不出算力。`,
  },
  {
    fault: { kind: 'pool_rejecting' },
    line: (id) => `The pool begins to reject shares of ${id}. 矿池开始拒绝 ${id} 的份额。`,
  },
];

/**
 * Lets something go wrong every so often, so that whoever watches sees the loop at work: the first two soon, then one
 * every four minutes. The targets follow the seed.
 */
export const tellStory = ({ site }: Pick<System, 'site'>, seed: number, say: (line: string) => void) => {
  const random = randomFrom(seedOf(seed, 'story', faultKinds.length));
  const antminers = site.miners.filter(({ vendor }) => vendor === 'antminer');
  const victims = antminers.length > 0 ? antminers : site.miners;
  let chapter = 0;
  let timer = setTimeout(next, 20_000);
  function next() {
    const episode = episodes[chapter % episodes.length];
    const victim = victims[Math.floor(random() * victims.length)];
    if (!episode || !victim) return;
    chapter += 1;
    site.control.inject(victim.minerId, episode.fault).then(
      () => say(episode.line(victim.minerId)),
      (error: unknown) => say(error instanceof Error ? error.message : String(error)),
    );
    timer = setTimeout(next, chapter < 2 ? 30_000 : 240_000);
  }
  return { stop: () => clearTimeout(timer) };
};
