/**
 * MicroBT's codes of fans and power supplies. Sources: MicroBT's list of device error codes (whatsminer.net, Error Code Description
 * 2021-09-30; docs.rs/crate/matroskin `docs/api-doc/error_list.md`), and UpstreamData/pyasic `data/error_codes/whatsminer.py`.
 */
export const whatsminerPower = `
100 | fan | Unknown fan | 风扇型号未知
110 | fan | Intake fan: speed not detected | 进风口风扇转速检测异常
111 | fan | Exhaust fan: speed not detected | 出风口风扇转速检测异常
120 | fan | Intake fan is off its speed by more than 2000 rpm | 进风口风扇转速偏差超过 2000 转
121 | fan | Exhaust fan is off its speed by more than 2000 rpm | 出风口风扇转速偏差超过 2000 转
130 | fan | Intake fan is off its speed by more than 3000 rpm | 进风口风扇转速偏差超过 3000 转
131 | fan | Exhaust fan is off its speed by more than 3000 rpm | 出风口风扇转速偏差超过 3000 转
140 | fan | Fans turn too fast: the air is too warm | 风扇转速过高，请检查环境温度
200 | power | No power supply found | 未检测到电源
201 | power | Power supply does not match the configuration | 电源与配置文件不匹配
202 | power | Wrong output voltage of the power supply | 电源输出电压异常
203 | power | Power supply protects itself: surroundings too warm | 电源保护：环境温度过高
204 | power | Power supply protects itself by its current: surroundings too warm | 电源电流保护：环境温度过高
205 | power | Wrong current of the power supply | 电源电流异常
206 | power | Input voltage too low | 电源输入电压过低
207 | power | Input current protection: poor mains | 电源输入电流保护：供电质量差
208 | power | Wrong power of the power supply | 电源功率异常
209 | power | Voltage of the power supply drifts | 电源电压偏移异常
210 | power | Power supply reports an error | 电源报错
211 | power | Wrong output current; restart the miner | 电源输出电流异常，请重启
212 | power | Output voltage at its limit | 电源输出电压到达边界
213 | power | Input voltage and current do not match the power | 电源输入电压、电流与功率不符
214 | power | Control pin of the power supply does not change | 电源引脚状态未变化
215 | power | Output voltage cannot be set | 电源输出电压设置失败
216 | power | Figures of the power supply stand still | 电源数据长时间不变
217 | power | Power supply cannot be switched on | 电源使能设置失败
218 | power | Input voltage below 230 V in high power mode | 高功率模式下输入电压低于 230V
219 | power | Wrong input current | 电源输入电流异常
233 | power | Output too hot (protection) | 电源输出过温保护
234 | power | Output too hot (protection) | 电源输出过温保护
235 | power | Output too hot (protection) | 电源输出过温保护
236 | power | Output current too high (protection) | 电源输出过流保护
237 | power | Output current too high (protection) | 电源输出过流保护
238 | power | Output current too high (protection) | 电源输出过流保护
239 | power | Output voltage too high (protection) | 电源输出过压保护
240 | power | Output voltage too low (protection) | 电源输出欠压保护
241 | power | Output currents unequal | 电源输出电流不平衡
243 | power | Input too hot (protection) | 电源输入过温保护
244 | power | Input too hot (protection) | 电源输入过温保护
245 | power | Input too hot (protection) | 电源输入过温保护
246 | power | Input voltage too high (protection) | 电源输入过压保护
247 | power | Input voltage too high (protection) | 电源输入过压保护
248 | power | Input current too high (protection) | 电源输入过流保护
249 | power | Input current too high (protection) | 电源输入过流保护
250 | power | Input voltage too low (protection) | 电源输入欠压保护
251 | power | Input voltage too low (protection) | 电源输入欠压保护
253 | power | Fan of the power supply failed | 电源风扇故障
254 | power | Fan of the power supply failed | 电源风扇故障
255 | power | Output power too high (protection) | 电源输出过功率保护
256 | power | Output power too high (protection) | 电源输出过功率保护
257 | power | Input current too high on the primary side (protection) | 电源原边输入过流保护
263 | power | Talk with the power supply is disturbed | 电源通信告警
264 | power | No talk with the power supply | 电源通信故障
267 | power | Watchdog of the power supply | 电源看门狗保护
268 | power | Output current too high (protection) | 电源输出过流保护
269 | power | Input current too high (protection) | 电源输入过流保护
270 | power | Input voltage too high (protection) | 电源输入过压保护
271 | power | Input voltage too low (protection) | 电源输入欠压保护
272 | power | Output of the power supply is excessive | 电源输出过大告警
273 | power | Input power too high | 电源输入过高告警
274 | power | Fan of the power supply is weak | 电源风扇告警
275 | power | Power supply is hot | 电源高温告警
27{n} | power | Power supply reports an unknown error | 电源未知错误
28{n} | power | Power supply: status bit of its maker | 电源厂商状态位异常
29{n} | power | Power supply: status bit of its maker | 电源厂商状态位异常
`;
