/** MicroBT's codes of boards, sensors, controls, pools and hashrate; sources as in whatsminer-power.ts. Slots count from 0. */
export const whatsminerBoards = `
30{n} | temperature | Temperature sensor of board {n} not found | {n} 号算力板温度传感器检测异常
329 | control | Temperature sensor of the control board does not answer | 控制板温度传感器通信异常
32{n} | temperature | Temperature of board {n} cannot be read | {n} 号算力板温度读取异常
35{n} | hot | Board {n} is too hot and protects itself | {n} 号算力板过温保护
36{n} | hot | Hashboard is too hot | 算力板温度过高
370 | temperature | Surroundings change their temperature too fast | 环境温度波动过大
380 | temperature | Humidity sensor not found | 未检测到湿度传感器
38{n} | temperature | Humidity sensor cannot be read | 湿度传感器异常
400 | board | Unknown fault of an EEPROM | EEPROM 未知错误
41{n} | board | EEPROM of board {n} not found | {n} 号算力板 EEPROM 检测异常
42{n} | board | EEPROM of board {n} cannot be understood | {n} 号算力板 EEPROM 解析错误
43{n} | board | Wrong chip bin of board {n} | {n} 号算力板芯片 BIN 异常
44{n} | board | Wrong chip count in the EEPROM of board {n} | {n} 号算力板 EEPROM 芯片数异常
45{n} | board | EEPROM of board {n}: transfer failed | {n} 号算力板 EEPROM 传输错误
500 | board | Unknown fault of a board | 算力板未知错误
51{n} | board | Board {n} is of another miner type | {n} 号算力板机型不符
52{n} | board | Board {n} is of another chip bin | {n} 号算力板芯片 BIN 类型不符
53{n} | board | Board {n} not found | 未检测到 {n} 号算力板
54{n} | board | Chip ids of board {n} cannot be read | {n} 号算力板读取芯片 ID 失败
55{n} | board | Board {n} has bad chips | {n} 号算力板存在坏芯片
56{n} | board | Voltages of board {n} are out of balance | {n} 号算力板电压失衡
57{n} | board | Transfer to a chip of board {n} fails | {n} 号算力板芯片通信异常
58{n} | board | Board {n} cannot be reset | {n} 号算力板复位失败
59{n} | board | Frequency of board {n} too low | {n} 号算力板频率过低
600 | temperature | Surroundings are too warm | 环境温度过高
610 | temperature | Surroundings are too warm for high performance mode | 环境温度过高，不适合高性能模式
700 | control | MAC address is not valid | MAC 地址无效
701 | control | Control board does not support the chips | 控制板不支持该芯片
71{n} | control | Control board restarted by itself | 控制板异常重启
713 | network | Network is unstable: the clock was set | 网络不稳定，时间被修改
72{n} | control | Control board: frame error of slot {n} | 控制板 {n} 号槽位帧错误
800 | control | Checksum of the mining software is wrong | 挖矿程序校验和错误
80{n} | control | Checksum of a system program is wrong | 系统程序校验和错误
810 | board | Serial number of the board does not match (air to liquid) | 算力板序列号不匹配（风冷改液冷）
901 | power | Power rate is wrong | 功率比异常
90{n} | control | Unknown fault | 未知错误
2000 | pool | No pool is configured | 未配置矿池
2010 | pool | All pools are off or out of reach | 所有矿池不可用
202{n} | pool | Pool {n} does not connect | 矿池 {n} 连接失败
2030 | pool | Pool rejects too many shares | 矿池拒绝率过高
2040 | pool | Pool does not support ASICBoost | 矿池不支持 ASICBoost
211{n} | board | Board {n} failed a step of its factory test | {n} 号算力板出厂测试未通过
2310 | hashrate | Hashrate too low | 算力过低
2320 | hashrate | Hashrate too low | 算力过低
2330 | hashrate | Loss of hashrate too high | 算力损失过高
2340 | hashrate | Loss of hashrate too high | 算力损失过高
2350 | hashrate | Loss of hashrate | 算力损失
501{n} | board | Chip voltage of board {n} too low | {n} 号算力板芯片电压过低
502{n} | board | Chip voltage of board {n} changed | {n} 号算力板芯片电压变化
503{n} | temperature | Chip temperatures of board {n} differ too much | {n} 号算力板芯片温差过大
504{n} | temperature | Hottest chip of board {n} is too far from the others | {n} 号算力板最高温芯片温差过大
505{n} | hot | Board {n} stopped: its chips are too hot | {n} 号算力板芯片过温，停止运行
507{n} | temperature | Coolant of board {n} does not flow as it should | {n} 号算力板水流速异常
5080 | temperature | Calibration of chip temperatures failed | 芯片温度校准失败
509{n} | temperature | Calibration of chip temperatures of board {n} is out of balance | {n} 号算力板芯片温度校准不平衡
511{n} | board | Board {n} does not reach its frequency in time | {n} 号算力板升频超时
512{n} | board | Too many CRC errors on board {n} | {n} 号算力板 CRC 错误过多
513{n} | board | Board {n} is unstable | {n} 号算力板不稳定
517{n} | board | Board {n} does not reach its frequency in time | {n} 号算力板升频超时
52{n}{c} | board | Chip {c} of board {n} finds wrong nonces | {n} 号算力板芯片 {c} nonce 错误
53{n}{c} | board | Chip {c} of board {n} finds too few nonces | {n} 号算力板芯片 {c} nonce 过少
54{n}{c} | hot | Chip {c} of board {n} is too hot and protects itself | {n} 号算力板芯片 {c} 过温保护
55{n}{c} | board | Chip {c} of board {n} was reset | {n} 号算力板芯片 {c} 已复位
56{n}{c} | board | Chip {c} of board {n} finds no nonces | {n} 号算力板芯片 {c} 无 nonce
8000 | control | Version of the tool is too old | 工具版本过低
8010 | board | Frequency too low | 频率过低
8020 | hashrate | Hashrate too low | 算力过低
8035 | temperature | Surroundings are warm | 环境温度偏高
8100 | board | Chip data are wrong | 芯片数据错误
8200 | control | Version of the power supply is wrong | 电源版本错误
8210 | control | Miner type is wrong | 矿机类型错误
8220 | control | Version information is wrong | 版本信息错误
8400 | control | Firmware is old | 固件版本过旧
8410 | control | Software version is wrong | 软件版本错误
9000 | control | A process ended by a signal | 进程异常退出
9010 | control | A process ended by a signal | 进程异常退出
9999 | control | Unknown fault of the miner | 矿机未知错误
10000{n} | control | Security check failed; install a clean firmware | 安全校验失败，请升级固件
100010 | control | Mining program was replaced; install a clean firmware | 挖矿程序被替换，请升级固件
11000{n} | control | Foreign files were found; install a clean firmware | 发现非法文件，请升级固件
`;
