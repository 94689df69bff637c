/**
 * VNish publishes no list of its `failure_code`. 1002 stands with its description, “Failed to parse miner configuration”, in answers of an
 * S19 (“VNish API Documentation”, 1.2.6) and of an S19j Pro (fagdiaz/miner-alerts). Boards (`chain#1`) and fans (`fan#1`) are named as in
 * the firmware's logs (stronghold-digital/libminer, `vnish/error.rs`), with the state that `GET /summary` gives them.
 */
export const vnish = `
1002 | control | The miner's configuration cannot be read | 无法解析矿机配置
chain#{n}:failure | board | Board {n} failed | {n} 号算力板故障
chain#{n}:disconnected | board | Board {n} is not connected | {n} 号算力板未连接
fan#{n}:lost | fan | Fan {n} is lost | {n} 号风扇丢失
`;
