"""Reads and orders about miners with asic-rs, the Rust library, through its Python package pyasic-rs. See peer_lines.py."""

from pyasic_rs import MinerFactory

import peer_lines

factory = MinerFactory()


async def find(target):
    miner = await factory.get_miner(target["host"])
    if miner is not None and target.get("password") is not None:
        miner.set_auth(target.get("username") or "root", target["password"])
    return miner


def _ths(rate):
    if rate is None:
        return None
    per = {"H/s": 1e-12, "KH/s": 1e-9, "MH/s": 1e-6, "GH/s": 1e-3, "TH/s": 1, "PH/s": 1e3, "EH/s": 1e6}
    return rate["value"] * per[rate["unit"]]


async def _read(miner):
    data = (await miner.get_data()).model_dump()
    uptime = data["uptime"]
    pools = data["pools"][0]["pools"] if data["pools"] else []
    return {
        "model": miner.model,
        "mac": data["mac"],
        "hashrate_ths": _ths(data["hashrate"]),
        "power_w": data["wattage"],
        "uptime_s": None if uptime is None else uptime.total_seconds(),
        "fans_rpm": [fan["rpm"] for fan in data["fans"]],
        "boards": [
            {
                "hashrate_ths": _ths(board["hashrate"]),
                "board_c": board["board_temperature"],
                "chip_c": board["outlet_chip_temperature"],
                "chips": board["working_chips"],
            }
            for board in data["hashboards"]
        ],
        "pools": len(pools),
        "is_mining": data["is_mining"],
    }


async def act(miner, asked):
    order, value = asked["order"], asked.get("value")
    if order == "read":
        return await _read(miner)
    if order == "pause":
        return await miner.pause()
    if order == "resume":
        return await miner.resume()
    if order == "restart":
        return await miner.restart()
    if order == "light":
        return await miner.set_fault_light(value)
    if order == "power_limit":
        return await miner.set_power_limit(value)
    raise ValueError(f"no such order: {order}")


async def scan(addresses, at_once):
    """How many miners it finds: `addresses` is a subnet. It chooses itself how many it asks at a time, where `at_once` is 0."""
    finder = MinerFactory.from_subnet(addresses).with_identification_timeout_secs(30)
    return len(await (finder.with_concurrent_limit(at_once) if at_once else finder).scan())


def be_patient():
    """Its ten seconds for finding out what a miner is are short on a busy machine."""
    global factory
    factory = factory.with_identification_timeout_secs(30)


if __name__ == "__main__":
    peer_lines.run(find, act, be_patient, scan)
