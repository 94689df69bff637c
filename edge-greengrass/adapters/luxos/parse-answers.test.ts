import { describe, expect, it } from 'vitest';
import { parseValues } from './parse-answers.ts';

const values = (temps: object, labels: Readonly<Record<string, string>> = {}) =>
  parseValues({
    stats: { STATS: [{ Elapsed: 60, temp_pcb1: '61-0-0-0' }] },
    power: {},
    fans: {},
    voltage: {},
    temps: {
      METADATA: [Object.fromEntries(Object.entries(labels).map(([name, Label]) => [name, { Label }]))],
      TEMPS: temps,
    },
  });

describe('chip temperatures under LuxOS', () => {
  it('are those of the diodes of an S9, board by board as their ID counts', () => {
    // The example of docs.luxor.tech/firmware/api/cgminer/temps (2024.2.19), in another order.
    const read = values([
      { Board: 62, Chip: 82, ID: 2, TEMP: 2 },
      { Board: 61, Chip: 76, ID: 0, TEMP: 0 },
      { Board: 58, Chip: 77, ID: 1, TEMP: 1 },
    ]);
    expect(read).toMatchObject({
      board1ChipTempC: 76,
      board2ChipTempC: 77,
      board3ChipTempC: 82,
      chipTempC: 82,
    });
    expect(read.boardTempC).toBe(61);
  });

  it('are the hottest of a board’s chips where it has several sensors, 0 being none', () => {
    const corners = { TopLeftChip: 71.5, TopRightChip: 0, BottomLeftChip: 74, BottomRightChip: 69 };
    const read = values([{ ID: 0, TopLeft: 62, TopRight: 50, ...corners }], {
      TopRight: 'Board Intake (top)',
      TopRightChip: 'Chip Intake (top)',
      BottomRightChip: 'Chip Intake (bottom)',
    });
    expect(read).toMatchObject({ board1ChipTempC: 74, chipTempC: 74 });
    // Of the sensors at the intake the board's alone is of the air's temperature: 50, not 69.
    expect(read.inletTempC).toBe(50);
    expect(values([{ ID: 1, Die0: 81.25 }], { Die0: 'Chip (Max)' }).board2ChipTempC).toBe(81.25);
  });

  it('are absent of machines with sensors of boards and water alone', () => {
    // The example of a Hydro (2024.10.3), and a board as an S21 has it.
    const labels = { BottomLeft: 'Board Outlet', BottomRight: 'Water Inlet', TopLeft: 'Board Inlet' };
    const read = values(
      [{ BottomLeft: 58, BottomRight: 42, TopLeft: 56, BoardCh0: 61, ID: 1, TEMP: 1 }],
      labels,
    );
    for (const field of ['chipTempC', 'board1ChipTempC', 'board2ChipTempC'])
      expect(read).not.toHaveProperty(field);
  });
});
