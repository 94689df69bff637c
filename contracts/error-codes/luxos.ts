/** Events of LuxOS: docs.luxor.tech/firmware/api/luxminer/events and /firmware/kb/eventstroubleshooting. */
export const luxos = `
BAD_DOMAIN | board | Board has bad voltage domains | 算力板存在异常电压域
BOARD_ASIC_ENUMERATION_FAILURE | board | Chips of a board were not all found | 算力板芯片枚举失败
BOARD_ASIC_INIT_FAILURE | board | Chips of a board could not be started | 算力板芯片初始化失败
BOARD_CRITICAL_PIC_FAILURE | board | Controller of a board (PIC) failed | 算力板 PIC 严重故障
BOARD_CRITICAL_SENSOR_FAILURE | temperature | A temperature sensor that counts failed | 算力板关键温度传感器故障
BOARD_HIGH_TEMPERATURE | temperature | Board is above its hot temperature | 算力板温度高于设定高温
BOARD_NOT_DETECTED | board | Board is gone, or its cable is loose | 未检测到算力板
BOARD_NOT_ENOUGH_SENSORS_FAILURE | temperature | Too few temperature sensors of a board work | 算力板可用温度传感器不足
BOARD_OVERTEMP_SHUTDOWN | hot | Board stopped: too hot | 算力板过温停机
CANT_READ_PSU_PROTOCOL | power | Protocol of the power supply is not known | 无法读取电源协议
CANT_READ_PSU_TYPE | power | Type of the power supply is not known | 无法读取电源型号
DETECTION_ERROR | control | The miner could not be recognised | 机型检测内部错误
EXTERNAL_ERROR | control | A program of the system failed | 外部命令执行失败
FAN_FAILURE | fan | A fan failed | 风扇故障
FAN_PANIC | fan | Too few fans turn: the miner stopped | 风扇严重故障，已停机
I2C_ERROR | control | Talk within the miner (I2C) fails | I2C 通信错误
IDLE | - | The miner idles | 矿机处于空闲状态
INCOMPATIBLE_PIC | board | Boards have controllers that do not fit together | 算力板 PIC 配置不兼容
INVALID_MINER_MODEL | control | Miner model is not valid | 矿机型号无效
NOPIC_PROTECTION | board | Miner stopped to protect its boards (no PIC) | NOPIC 保护，矿机已停机
NOPIC_SHUTDOWN | board | Board stopped to protect itself (no PIC) | NOPIC 保护，算力板已停机
NO_ACTIVE_POOLS | pool | No pool is alive | 没有可用矿池
NO_BOARDS | board | No board was found | 未检测到任何算力板
OVERTEMP_PROTECTION | hot | Boards protect themselves: too hot | 算力板过温保护
PSU_PANIC | power | Power supply failed: the miner stopped | 电源严重故障，已停机
REBOOT_NOT_HASHING | board | Board is restarted: it did not hash | 算力板未出算力，正在重启
REBOOT_SYSINIT | - | Board starts with the system | 系统初始化，算力板启动中
REBOOT_USER | - | Board is restarted by order | 用户重启算力板
SHUTDOWN_USER | - | Board is off by order | 用户关闭算力板
SLEEP | - | The miner sleeps by order | 矿机休眠
`;
