import { parseLooseJson } from '../../io/loose-json.ts';
import type { MinerIo } from '../miner-io.ts';
import { given } from '../token-session.ts';
import { listOf, textOf } from '../values.ts';

type Login = { readonly username: string; readonly password: string };

/**
 * The MAC address, which GraphQL does not tell, from the page of the network that older Braiins OS has of OpenWrt's LuCI. It has a login
 * of its own, with the same password (pyasic, `web/braiins_os`; asic-rs `braiins`).
 */
export const luciMac = async (io: MinerIo, login: Login, signal?: AbortSignal) => {
  const form = new URLSearchParams({ luci_username: login.username, luci_password: login.password });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const path = '/cgi-bin/luci';
  const entry = await io.web({ method: 'POST', path, headers, body: form.toString() }, signal);
  const cookie = given(entry.header('set-cookie')?.split(';')[0]?.trim());
  const page = `${path}/admin/network/iface_status/lan`;
  const { status, body } = await io.web({ method: 'GET', path: page, headers: { cookie } }, signal);
  return status === 200 ? textOf(listOf(parseLooseJson(body))[0]?.macaddr) : undefined;
};
