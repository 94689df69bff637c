import type { SimulatedMiner } from '../site/simulated-miner.ts';

/** What get_system_info.cgi answers. */
export const systemInfo = (miner: SimulatedMiner) => {
  const late = miner.identity.model === 'Antminer S21';
  return {
    minertype: miner.identity.model,
    nettype: 'DHCP',
    netdevice: 'eth0',
    macaddr: miner.identity.macAddress,
    hostname: 'Antminer',
    ipaddress: '127.0.0.1',
    netmask: '255.255.255.0',
    gateway: '',
    dnsservers: '',
    system_mode: 'GNU/Linux',
    system_kernel_version: late
      ? 'Linux 4.9.113 #1 SMP PREEMPT Thu Oct 9 18:55:45 CST 2025'
      : 'Linux 4.6.0-xilinx-gff8137b-dirty #25 SMP PREEMPT Tue Dec 6 15:44:57 CST 2022',
    system_filesystem_version: late ? 'FR-1.12(251009-S21)' : 'Tue Dec  6 16:12:30 CST 2022',
    firmware_type: 'Release',
    serinum: miner.identity.serialNumber,
  };
};

/** What get_network_info.cgi answers. */
export const networkInfo = (miner: SimulatedMiner) => ({
  nettype: 'DHCP',
  netdevice: 'eth0',
  macaddr: miner.identity.macAddress,
  ipaddress: '127.0.0.1',
  netmask: '255.255.255.0',
  conf_nettype: 'DHCP',
  conf_hostname: 'Antminer',
  conf_ipaddress: '',
  conf_netmask: '',
  conf_gateway: '',
  conf_dnsservers: '',
});
