/** Codes of Proto OS: block/proto-fleet `plugin/proto/internal/device/errors.go`, the maker's own mapping. */
export const proto = `
LowHashRate | hashrate | Hashrate too low | 算力过低
OverHeat | hot | The rig overheats | 整机过热
InsufficientCooling | fan | A bay is not cooled enough | 机舱散热不足
PoolConnectionFailure | pool | No pool connects | 无法连接矿池
PoolConfigMissing | pool | No pool is configured | 未配置矿池
MiningStoppedDueToPhaseImbalance | power | Stopped: a bay failed and the phases would be unequal | 相位不平衡，已停止挖矿
PSURecoveryInProgress | power | A power supply is being recovered | 电源恢复中
NetworkError | network | The control board has no network | 控制板无法联网
FirmwareUpdateFailure | control | Firmware update failed | 固件升级失败
FanHardware | fan | Fan hardware fault | 风扇硬件故障
FanSlow | fan | A fan turns too slowly or stands | 风扇转速过低或停转
SetFanSpeedFailed | fan | Fan speed cannot be set | 风扇转速设置失败
FanConnectedInImmersion | - | A fan is connected in immersion mode | 浸没模式下仍连接风扇
HbOverHeat | hot | A hashboard overheats | 算力板过热
AsicEnumeration | board | Chips of a hashboard were not all found | 算力板芯片枚举失败
HbCommunication | board | A hashboard does not answer | 算力板通信故障
CommTasksNotInitialized | board | Talk with a hashboard did not start | 算力板通信任务未初始化
InvalidAddWorkResponse | board | A hashboard answers work wrongly | 算力板任务应答无效
InvalidMetadataResponse | board | A hashboard answers wrongly | 算力板元数据应答无效
MissingCommChannel | board | Talk with a hashboard is missing | 算力板通信通道缺失
CommandTimeout | board | A hashboard does not answer in time | 算力板命令超时
TaskCommunicationError | board | Talk with a hashboard fails | 算力板任务通信错误
CommsAlive | board | Talk with a hashboard fails | 算力板通信存活检测失败
AsicEcc | board | Too many ECC errors of a hashboard | 算力板 ECC 错误过多
HbUnderVoltage | board | Voltage of a hashboard too low | 算力板欠压
HbOverVoltage | board | Voltage of a hashboard too high | 算力板过压
HbOverCurrent | board | Current of a hashboard too high | 算力板过流
AsicOverHeat | hot | A chip overheats | 芯片过热
AsicUnderHeat | temperature | Chips are too cold | 芯片温度过低
AsicNotHashing | board | A chip does not hash | 芯片未出算力
PowerLost | board | A hashboard lost its power | 算力板掉电
PsuCommLost | power | A power supply does not answer | 电源通信丢失
PsuOutputUnderVoltage | power | Output voltage too low | 电源输出欠压
PsuOutputOverVoltage | power | Output voltage too high | 电源输出过压
PsuOutputFailure | power | Output of a power supply failed | 电源输出故障
PsuOutputOverCurrent | power | Output current too high | 电源输出过流
PsuFans | power | Fan of a power supply failed | 电源风扇故障
PsuOverTemperature | power | A power supply is too hot | 电源过温
PsuUnderTemperature | power | A power supply is too cold | 电源温度过低
PsuInput | power | Wrong input voltage | 电源输入异常
PsuInputUnderVoltage | power | Input voltage too low | 电源输入欠压
PsuInputOverVoltage | power | Input voltage too high | 电源输入过压
PsuInputOverCurrent | power | Input current too high | 电源输入过流
PsuNoInputVoltage | power | No input voltage: check the cables | 电源无输入电压，请检查接线
PsuPowerNoGood | power | A power supply reports a power fault | 电源供电异常
`;
