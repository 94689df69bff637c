/**
 * Words of Bitmain's kernel log and of its web interface's four judgements (`rate`, `network`, `fans`, `temp` of summary.cgi, as
 * `fans:1`). Bitmain publishes no list; sources: zeusbtc.com "Analysis and Troubleshooting for Antminer 7 Common Error Codes",
 * apextomining.com "Antminer miner common error code complete analysis", pyasic `backends/antminer.py` for the judgements.
 */
export const antminer = `
ERROR_FAN_LOST | fan | A fan does not report its speed | 风扇丢失
ERROR_POWER_LOST | power | Power supply does not answer | 电源通信丢失
ERROR_TEMP_TOO_HIGH | hot | Chips or boards are too hot | 温度过高保护
ERROR_TEMP_TOO_LOW | temperature | Too cold to start | 温度过低，无法启动
ERROR_SOC_INIT | board | The boards could not be started | 算力板初始化失败
ERROR_EEPROM_INFO | board | An EEPROM of a board cannot be read | 算力板 EEPROM 信息错误
ERROR_ASIC_LOSS | board | Chips of a board are missing | 算力板芯片丢失
WARN_NET_LOST | network | The network is lost | 网络连接丢失
`;

/** The four judgements of summary.cgi; the number is the firmware's own. */
export const summaryJudgements = `
rate:{n} | hashrate | Hashrate is not what it should be | 算力异常
network:{n} | network | Network or pool is out of reach | 网络或矿池不可达
fans:{n} | fan | A fan is not as it should be | 风扇异常
temp:{n} | temperature | Temperature is not as it should be | 温度异常
`;
