import type { MinerModel } from '../physics/models.ts';
import type { Mode, Pool, Settings } from '../site/settings.ts';

/** Fields in the order in which the page's script sends them; the CGI script takes them by their place, not by their name. */
const fieldsOf = (hasWorkMode: boolean) => [
  ...[1, 2, 3].flatMap((pool) => [`_ant_pool${pool}url`, `_ant_pool${pool}user`, `_ant_pool${pool}pw`]),
  '_ant_nobeeper',
  '_ant_notempoverctrl',
  '_ant_fan_customize_switch',
  '_ant_fan_customize_value',
  '_ant_freq',
  '_ant_voltage',
  ...(hasWorkMode ? ['_ant_work_mode'] : []),
];

/** What the shell script decodes, in its order; a plus was a space before that. Whatever else is escaped stays so. */
const escapes = '23# 24$ 25% 26& 2C, 2B+ 3A: 3B; 3C< 3D= 3E> 3F? 40@ 5B[ 5D] 5E^ 7B{ 7C| 7D} 2F/'.split(' ');
const decoded = (text: string) =>
  escapes.reduce(
    (value, known) => value.replaceAll(`%${known.slice(0, 2)}`, known.slice(2)),
    text.replaceAll('+', ' '),
  );

const sleep = '254';

/** The configuration of an Antminer from before the JSON interface: a form's fields by place, written into one file of JSON. */
export class FormConfiguration {
  readonly #model: MinerModel;
  readonly fields: readonly string[];
  #pools: readonly Pool[];
  #fanPwm: string | undefined;
  #freq: string;
  readonly #voltage: string;
  #workMode = '1';

  constructor(model: MinerModel, pools: readonly Pool[]) {
    this.#model = model;
    const hasWorkMode = model.name === 'Antminer S17';
    this.fields = fieldsOf(hasWorkMode);
    this.#pools = pools;
    // The later generation tunes itself and says so with a letter.
    this.#freq = hasWorkMode ? 'O' : String(model.frequencyMhz);
    this.#voltage = hasWorkMode ? '1950' : '0706';
  }

  /** The file, as get_miner_conf.cgi prints it: a fan that nobody set is not in it. */
  read() {
    return {
      pools: this.#pools.map(({ url, user, password }) => ({ url, user, pass: password })),
      'api-listen': true,
      'api-network': true,
      'api-groups': 'A:stats:pools:devs:summary:version',
      'api-allow': 'A:0/0,W:*',
      ...(this.#fanPwm !== undefined && { 'bitmain-fan-ctrl': true, 'bitmain-fan-pwm': this.#fanPwm }),
      'bitmain-use-vil': true,
      ...(this.fields.includes('_ant_work_mode') && { 'bitmain-work-mode': this.#workMode }),
      'bitmain-freq': this.#freq,
      'bitmain-voltage': this.#voltage,
    };
  }

  /** Takes a form's body. Nothing in it is checked but what the mining process would not start with. */
  write(body: string): Partial<Settings> | undefined {
    const values = body.split('&').map((part, at) => decoded(part).replace(`${this.fields[at] ?? ''}=`, ''));
    const value = (name: string) => values[this.fields.indexOf(name)] ?? '';
    const pools = [1, 2, 3].map((pool) => ({
      url: value(`_ant_pool${pool}url`),
      user: value(`_ant_pool${pool}user`),
      password: value(`_ant_pool${pool}pw`),
    }));
    const isSet = value('_ant_fan_customize_switch') === 'true';
    const dutyPct = Number(value('_ant_fan_customize_value'));
    const freq = value('_ant_freq') || this.#freq;
    const frequencyMhz = Number(freq);
    const workMode = this.fields.includes('_ant_work_mode') ? value('_ant_work_mode') || this.#workMode : '1';
    if (isSet && !(dutyPct >= 0 && dutyPct <= 100)) return undefined;
    if (freq !== 'O' && !(frequencyMhz >= 100 && frequencyMhz <= 1_200)) return undefined;
    this.#pools = pools;
    this.#fanPwm = isSet ? String(dutyPct) : undefined;
    this.#freq = freq;
    this.#workMode = workMode;
    const mode: Mode = workMode === sleep ? 'sleep' : 'normal';
    return {
      pools,
      mode,
      fanDutyPct: isSet ? dutyPct : undefined,
      frequencyMhz: freq === 'O' || frequencyMhz === this.#model.frequencyMhz ? undefined : frequencyMhz,
    };
  }

  get isAsleep() {
    return this.#workMode === sleep;
  }
}
