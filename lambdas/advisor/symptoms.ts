import { codeInWords, familyOfError } from '../../contracts/error-codes/error-table.ts';
import type { MinerReading, ReadingField } from '../../contracts/reading.ts';
import type { Board, DiagnosisInput, Symptoms } from './diagnosis-input.ts';

/** Fewer peers than this are no yardstick. */
const leastPeers = 3;

export const median = (values: readonly number[]): number | undefined => {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
};

const present = (values: readonly (number | undefined)[]) => values.filter((value) => value !== undefined);
const ofPeers = (values: readonly (number | undefined)[]) => {
  const known = present(values);
  return known.length >= leastPeers ? median(known) : undefined;
};

/** The highest chip temperature that a reading states, of the miner or of any board. */
export const hottest = ({ values }: MinerReading): number | undefined => {
  const temps = present([
    values.chipTempC,
    values.board1ChipTempC,
    values.board2ChipTempC,
    values.board3ChipTempC,
  ]);
  return temps.length > 0 ? Math.max(...temps) : values.boardTempC;
};

const fansOf = ({ values }: MinerReading) =>
  present([values.fan1Rpm, values.fan2Rpm, values.fan3Rpm, values.fan4Rpm]);

const boardFields = [
  { index: 1, hashrate: 'board1HashrateThs', chips: 'board1Chips', temp: 'board1ChipTempC' },
  { index: 2, hashrate: 'board2HashrateThs', chips: 'board2Chips', temp: 'board2ChipTempC' },
  { index: 3, hashrate: 'board3HashrateThs', chips: 'board3Chips', temp: 'board3ChipTempC' },
] as const satisfies readonly {
  index: 1 | 2 | 3;
  hashrate: ReadingField;
  chips: ReadingField;
  temp: ReadingField;
}[];

/** A board counts when this miner ever reported it, or when its peers have it. */
export const boardsOf = (reading: MinerReading, others: readonly MinerReading[] = []): Board[] =>
  boardFields
    .filter(({ hashrate, chips }) =>
      [reading, ...others].some(
        ({ values }) => values[hashrate] !== undefined || values[chips] !== undefined,
      ),
    )
    .map(({ index, hashrate, chips, temp }) => ({
      index,
      hashrateThs: reading.values[hashrate],
      chips: reading.values[chips],
      chipTempC: reading.values[temp],
    }));

export const works = ({ hashrateThs }: Board) => (hashrateThs ?? 0) > 0.5;

const counterDelta = (recent: readonly MinerReading[], field: ReadingField) => {
  const known = present(recent.map(({ values }) => values[field]));
  const [first, last] = [known[0], known.at(-1)];
  if (known.length < 2 || first === undefined || last === undefined) return undefined;
  // A counter that fell means a reboot in between: what it counts now is all that is known.
  return last >= first ? last - first : last;
};

const rejectedShare = (recent: readonly MinerReading[]) => {
  const accepted = counterDelta(recent, 'acceptedShares');
  const rejected = counterDelta(recent, 'rejectedShares');
  if (accepted === undefined || rejected === undefined || accepted + rejected === 0) return undefined;
  return rejected / (accepted + rejected);
};

const frozenAfterMs = 120_000;
const frozen = (recent: readonly MinerReading[]) => {
  const up = recent.filter(({ state }) => state !== 'unreachable');
  const tail = up.filter(({ sampledAtMs }) => sampledAtMs >= (up.at(-1)?.sampledAtMs ?? 0) - frozenAfterMs);
  const shares = present(tail.map(({ values }) => values.acceptedShares));
  if (shares.length < 3) return undefined;
  return shares.every((value) => value === shares[0]);
};

const hardwareErrorsPerHour = ({ values }: MinerReading) =>
  values.hardwareErrors !== undefined && values.uptimeS !== undefined && values.uptimeS > 0
    ? (values.hardwareErrors / values.uptimeS) * 3_600
    : undefined;

/** Works the figures out of the readings. Pure. */
export const symptomsOf = (input: DiagnosisInput): Symptoms => {
  const { recent, peers, zone, miner } = input;
  const now = recent.at(-1);
  const up = peers.filter(({ state }) => state !== 'unreachable');
  const hashing = up.filter(({ state }) => state === 'hashing');
  const boards = now ? boardsOf(now, [...recent, ...up]) : [];
  const codes = now?.errorCodes ?? [];
  const families = codes
    .map((code) => familyOfError(miner.vendor, code))
    .filter((family) => family !== undefined);
  const inWords = codes.map((code) => codeInWords(miner.vendor, code));
  return {
    input,
    now,
    reachable: now !== undefined && now.state !== 'unreachable',
    hashrateThs: now?.values.hashrateThs,
    ratedThs: miner.ratedHashrateThs,
    powerW: now?.values.powerW,
    chipTempC: now && hottest(now),
    inletTempC: now?.values.inletTempC,
    fansRpm: now ? fansOf(now) : [],
    boards,
    lostBoards: boards.some(works) ? boards.filter((board) => !works(board)) : [],
    rejectedShare: rejectedShare(recent),
    countersFrozen: frozen(recent),
    errorFamilies: new Set(families),
    errorsInWords: { en: inWords.map(({ en }) => en).join(', '), zh: inWords.map(({ zh }) => zh).join('、') },
    peers: {
      count: peers.length,
      hashrateThs: ofPeers(hashing.map(({ values }) => values.hashrateThs)),
      powerW: ofPeers(hashing.map(({ values }) => values.powerW)),
      chipTempC: ofPeers(hashing.map(hottest)),
      inletTempC: ofPeers(up.map(({ values }) => values.inletTempC)),
      fanRpm: ofPeers(hashing.map((peer) => median(fansOf(peer)))),
      frequencyMhz: ofPeers(hashing.map(({ values }) => values.frequencyMhz)),
      hardwareErrorsPerHour: ofPeers(hashing.map(hardwareErrorsPerHour)),
      boardChips: ofPeers(
        hashing.flatMap(({ values }) => [values.board1Chips, values.board2Chips, values.board3Chips]),
      ),
      poolsDeadShare: shareOf(
        up.filter(({ values }) => values.poolsAlive !== undefined),
        ({ values }) => values.poolsAlive === 0,
      ),
    },
    zoneUnreachableShare: shareOf(zone, ({ state }) => state === 'unreachable'),
  };
};

const shareOf = (readings: readonly MinerReading[], test: (reading: MinerReading) => boolean) =>
  readings.length >= leastPeers ? readings.filter(test).length / readings.length : undefined;
