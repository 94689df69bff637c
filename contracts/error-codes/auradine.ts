/**
 * Codes of Auradine's light (`GET /led`), which is how FluxOS says what is wrong: names of 1 to 8 are pyasic's (`AuradineLEDCodes`), the
 * rest and the meanings those of the maker's “Teraflux API Reference” (2025-02-19), as robertfiesler-spec/Mining-Guardian wrote them down
 * (`AURADINE_API.md`).
 */
export const auradine = `
LED1 | power | No power | 无供电
LED4 | temperature | Temperature is not as it should be | 温度异常
LED5 | pool | Pools are not configured rightly | 矿池配置错误
LED6 | network | Network does not connect | 网络连接异常
LED7 | control | Control board failed, likely its SD card | 控制板故障，可能是 SD 卡损坏
LED8 | hashrate | Hashrate is below 90% of its target | 算力低于目标的 90%
LED9 | fan | A fan failed; of a hydro machine, the power supply's | 风扇故障（水冷机型为电源风扇）
LED10 | board | A hashboard does not work, or several | 一块或多块算力板不工作
LED11 | power | Power supply failed | 电源故障
LED19 | temperature | Coolant is low | 冷却液液位过低
`;
