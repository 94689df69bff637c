import { describe, expect, it } from 'vitest';
import {
  codeInWords,
  errorTables,
  familyOfError,
  mayAlarm,
  meaningOf,
  saysFanFault,
  saysTooHot,
} from './error-table.ts';

describe('codes of firmware', () => {
  it.each([
    ['whatsminer', '110', 'fan', /Intake fan/, /进风口风扇/],
    ['whatsminer', '541', 'board', /board 1/, /1 号算力板/],
    ['whatsminer', '272', 'power', /excessive/, /过大/],
    ['whatsminer', '277', 'power', /unknown/, /未知/],
    ['whatsminer', '2021', 'pool', /Pool 1/, /矿池 1/],
    ['whatsminer', '520042', 'board', /Chip 42 of board 0/, /芯片 42/],
    ['whatsminer', '5032', 'temperature', /board 2/, /2 号/],
    ['antminer', 'ERROR_FAN_LOST', 'fan', /fan/, /风扇/],
    ['antminer', 'fans:1', 'fan', /fan/, /风扇/],
    ['elphapex', 'rate:3', 'hashrate', /Hashrate/, /算力/],
    ['luxos', 'PSU_PANIC', 'power', /Power supply/, /电源/],
    ['proto', 'HbCommunication', 'board', /hashboard/, /算力板/],
    ['avalon', 'ECHU2:128', 'temperature', /Board 2/, /2 号/],
    ['braiins', 'V2', 'power', /short circuit/, /短路/],
    ['vnish', '1002', 'control', /configuration/, /配置/],
    ['vnish', 'chain#3:failure', 'board', /^Board 3 failed$/, /^3 号算力板故障$/],
    ['vnish', 'chain#1:disconnected', 'board', /Board 1/, /1 号算力板/],
    ['vnish', 'fan#2:lost', 'fan', /Fan 2/, /2 号风扇/],
    ['auradine', 'LED8', 'hashrate', /90%/, /90%/],
    ['auradine', 'LED10', 'board', /hashboard/, /算力板/],
    ['auradine', 'LED19', 'temperature', /Coolant/, /冷却液/],
  ])('%s %s is of %s, in both languages', (vendor, code, family, en, zh) => {
    const meaning = meaningOf(vendor, code);
    expect(meaning?.family).toBe(family);
    expect(meaning?.text.en).toMatch(en);
    expect(meaning?.text.zh).toMatch(zh);
    expect(familyOfError(vendor, code)).toBe(family);
  });

  it('are nobody’s where no table has them, and still of a family where their words say so', () => {
    expect(meaningOf('whatsminer', '123456789')).toBeUndefined();
    expect(meaningOf('nobody', '110')).toBeUndefined();
    expect(meaningOf('constructor', 'x')).toBeUndefined();
    expect(familyOfError('vnish', 'PSU overload')).toBe('power');
    expect(familyOfError('vnish', 'mystery')).toBeUndefined();
    expect([meaningOf('vnish', '6'), meaningOf('auradine', 'LED17')]).toEqual([undefined, undefined]);
    expect([familyOfError('vnish', '6'), familyOfError('auradine', 'LED17')]).toEqual([undefined, undefined]);
    // MicroBT's ranges are no other maker's.
    expect([familyOfError('whatsminer', '119'), saysFanFault('whatsminer', '119')]).toEqual(['fan', true]);
    expect([familyOfError('vnish', '119'), saysFanFault('vnish', '119')]).toEqual([undefined, false]);
    expect([saysTooHot('whatsminer', '352'), saysTooHot('vnish', '352')]).toEqual([true, false]);
    expect(codeInWords('auradine', 'LED17')).toEqual({ en: 'LED17', zh: 'LED17' });
    expect(codeInWords('vnish', 'mystery')).toEqual({ en: 'mystery', zh: 'mystery' });
    expect(codeInWords('whatsminer', '110').zh).toBe('110（进风口风扇转速检测异常）');
  });

  it('that tell of no fault are of no family, whatever their words', () => {
    expect(familyOfError('luxos', 'SHUTDOWN_USER')).toBeUndefined();
    expect(familyOfError('proto', 'FanConnectedInImmersion')).toBeUndefined();
    expect(familyOfError('sealminer', '602')).toBeUndefined();
  });

  it('tell apart what is too hot from a sensor that is wrong', () => {
    for (const [vendor, code] of [
      ['whatsminer', '350'],
      ['whatsminer', '361'],
      ['antminer', 'ERROR_TEMP_TOO_HIGH'],
      ['luxos', 'OVERTEMP_PROTECTION'],
      ['proto', 'AsicOverHeat'],
      ['bitaxe', 'overheat_mode'],
    ] as const)
      expect(saysTooHot(vendor, code), code).toBe(true);
    for (const [vendor, code] of [
      ['whatsminer', '321'],
      ['whatsminer', '600'],
      ['luxos', 'BOARD_CRITICAL_SENSOR_FAILURE'],
      ['antminer', 'ERROR_TEMP_TOO_LOW'],
    ] as const)
      expect(saysTooHot(vendor, code), code).toBe(false);
  });

  it('that are an alarm for one firmware are looked at for all, and others are not', () => {
    for (const [vendor, { exact }] of errorTables)
      for (const [code] of exact)
        if (saysTooHot(vendor, code) || saysFanFault(vendor, code)) expect(mayAlarm(code), code).toBe(true);
    expect(['110', '350', 'ERROR_FAN_LOST', 'fans:1', 'FanSlow', 'fan#2:lost', 'LED9'].every(mayAlarm)).toBe(
      true,
    );
    expect(['2010', '541', 'SLEEP', 'PSU_PANIC', '602', 'chain#1:failure', 'LED4'].some(mayAlarm)).toBe(
      false,
    );
  });

  it('stand once in each table, and fill in every number that they promise', () => {
    for (const [vendor, { exact, patterns }] of errorTables) {
      expect(exact.size + patterns.length, vendor).toBeGreaterThan(0);
      for (const [code, { text }] of exact)
        expect(`${text.en}${text.zh}`, `${vendor} ${code}`).not.toMatch(/[{}]/);
      const sources = patterns.map(({ test }) => test.source);
      expect(new Set(sources).size, vendor).toBe(sources.length);
    }
  });
});
