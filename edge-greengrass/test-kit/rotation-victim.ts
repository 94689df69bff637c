/**
 * A gateway in a process of its own that registers and then does nothing but replace its credentials, over and over, to be killed at any
 * instant. Says on standard output what it has done. Arguments: state directory, API, CA file, claim.
 */
import { writeSync } from 'node:fs';
import { credentialsStatus } from '../../contracts/api-edge.ts';
import { mqttBusWithKeys } from '../bus/mqtt-bus.ts';
import { edgeApi } from '../cloud/edge-api.ts';
import { registerByClaim } from '../cloud/register.ts';
import { rotateKeys } from '../cloud/rotate.ts';
import { logNothing } from '../log.ts';
import { KeyRing } from '../state/key-ring.ts';
import { until } from './until.ts';

const [stateDir = '', url = '', caPath = '', claim = ''] = process.argv.slice(2);
const say = (did: string) => writeSync(1, `${did}\n`);

const keys = new KeyRing(stateDir);
say('open');
if (!keys.isRegistered) await registerByClaim(keys, url, claim);
say('registered');
const api = edgeApi(url, keys);
const bus = mqttBusWithKeys(keys, caPath, 5_000, logNothing);
await bus.open();
for (;;) {
  await rotateKeys(keys, api);
  say('kept');
  await api.ask({ method: 'GET', path: 'credentials' }, credentialsStatus);
  say('token used');
  bus.renew();
  const { certificateId } = keys.held.certificates[0] ?? {};
  await until('the line', () => bus.isUp() && keys.held.certificates[0]?.certificateId === certificateId);
  say('certificate used');
}
