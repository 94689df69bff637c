/**
 * Bitdeer publishes no codes. 602 stands on machines that are well (wright_telemetry, sealminer collector), so it tells of no
 * fault.
 */
export const sealminer = `
602 | - | Status that healthy machines show, too | 健康矿机也会上报的状态码
`;

/** AxeOS has no numbers but two flags: github.com/bitaxeorg/ESP-Miner, GET /api/system/info. */
export const bitaxe = `
overheat_mode | hot | The miner stopped: it was too hot | 过热保护，矿机已停止
`;

/**
 * Bits of Canaan's \`ECHU\`, one number for each board. Canaan publishes the name only; the meanings are d-central.tech's
 * (Avalon Series ECHU Chip Status Code Reference), one source.
 */
export const avalon = `
ECHU{n}:1 | board | Board {n}: a chip does not answer | {n} 号算力板芯片通信异常
ECHU{n}:128 | temperature | Board {n}: a chip's temperature stands out | {n} 号算力板芯片温度异常
ECHU{n}:512 | board | Board {n}: a chip was switched off | {n} 号算力板芯片被禁用
`;

/** Braiins sends each code's reason with it, and publishes no list: these two, by the words of a recorded S19 XP (25.11). */
export const braiins = `
H2 | board | A board stopped sending hashes | 算力板停止出算力
V2 | power | Overcurrent protection, or a short circuit | 过流保护触发或短路
`;
