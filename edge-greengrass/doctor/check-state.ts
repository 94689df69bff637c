import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Finding, findings } from './finding.ts';

/** Reads the whole state file for damage, without writing to it: a running gateway does not mind. */
export const checkStateFile = (stateDir: string): Finding => {
  const { ok, skipped, failure } = findings('state_file');
  const file = join(stateDir, 'gateway.db');
  if (!existsSync(file))
    return skipped([
      'there is no state file yet: the gateway has not run here',
      '尚无状态文件：网关未在此运行过',
    ]);
  const damaged = failure(
    ['the state file is damaged', '状态文件已损坏'],
    [
      'Stop the gateway, keep a copy of gateway.db for support, and take it away: the gateway starts a new one. What it held and the cloud has no receipt for is lost.',
      '请停止网关，保留 gateway.db 副本以供支持人员分析，然后将其移走：网关会新建状态文件。其中云端尚未确认的数据将会丢失。',
    ],
  );
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { readOnly: true });
    const said = Object.values(db.prepare('PRAGMA quick_check(1)').get() ?? {})[0];
    if (said !== 'ok') return damaged;
    const row = db.prepare('SELECT count(*) AS batches FROM batch').get();
    const size = Math.round(statSync(file).size / 1_048_576);
    const batches = Number(row?.batches ?? 0);
    return ok([`whole: ${size} MB, ${batches} batches kept`, `完好：${size} MB，保留 ${batches} 个批次`]);
  } catch {
    return damaged;
  } finally {
    db?.close();
  }
};
