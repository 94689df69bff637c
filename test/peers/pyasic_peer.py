"""Reads and orders about miners with pyasic. See peer_lines.py."""

import logging
import warnings

from pyasic import get_miner, settings

import peer_lines

logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")


async def find(target):
    miner = await get_miner(target["host"])
    for way in ("web", "rpc"):
        client = getattr(miner, way, None)
        if client is not None and target.get("password") is not None:
            client.pwd = target["password"]
    return miner


def _ths(rate):
    return None if rate is None else float(rate) * 1e-12 * rate.unit.value


async def _read(miner):
    # A configuration is no reading, and of older Braiins OS it wants a shell on the miner.
    data = await miner.get_data(exclude=["config"])
    return {
        "model": data.model,
        "mac": data.mac,
        "hashrate_ths": _ths(data.hashrate),
        "power_w": data.wattage,
        "uptime_s": data.uptime,
        "fans_rpm": [fan.speed for fan in data.fans],
        "boards": [
            {
                "hashrate_ths": _ths(board.hashrate),
                "board_c": board.temp,
                "chip_c": board.chip_temp,
                "chips": board.chips,
            }
            for board in data.hashboards
        ],
        "pools": len(data.pools),
        "is_mining": data.is_mining,
    }


async def act(miner, asked):
    order, value = asked["order"], asked.get("value")
    if order == "read":
        return await _read(miner)
    if order == "pause":
        return await miner.stop_mining()
    if order == "resume":
        return await miner.resume_mining()
    if order == "light":
        return await (miner.fault_light_on() if value else miner.fault_light_off())
    raise ValueError(f"no such order: {order}")


def be_patient():
    """Its three seconds for finding out what a miner is are short where many are asked at once."""
    settings.update("factory_get_timeout", 30)


if __name__ == "__main__":
    peer_lines.run(find, act, be_patient)
