"""What both peers share: targets and orders come as lines of JSON, answers go as lines of JSON; or all targets are swept and timed."""

import argparse
import asyncio
import json
import os
import resource
import sys
import time


def _cpu_s():
    """Of this process and of children that it waited for."""
    parts = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(part.ru_utime + part.ru_stime for part in parts)


def _say(**words):
    print(json.dumps(words), flush=True)


async def _serve(find, act, at_once):
    """One line {"id", "host", "username"?, "password"?, "order", "value"?} in, one line {"id", "answer" or "error"} out."""
    loop = asyncio.get_running_loop()
    seats = asyncio.Semaphore(at_once)

    async def one(asked):
        async with seats:
            try:
                miner = await asyncio.wait_for(find(asked), 20)
                if miner is None:
                    raise LookupError("no miner that it knows")
                _say(id=asked["id"], answer=await asyncio.wait_for(act(miner, asked), 30))
            except Exception as error:  # whatever a peer throws is its answer
                _say(id=asked["id"], error=f"{type(error).__name__}: {error}"[:300])

    tasks = set()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        task = asyncio.create_task(one(json.loads(line)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)


async def _sweep(find, act, at_once, sweeps):
    """Finds every target once, reads all of them in turn as often as asked, and says what each sweep took."""
    targets = [json.loads(line) for line in sys.stdin]
    seats = asyncio.Semaphore(at_once)

    async def bounded(work):
        async with seats:
            try:
                return await asyncio.wait_for(work(), 30)
            except Exception:
                return None

    begun, cpu = time.monotonic(), _cpu_s()
    known, unknown = [], targets
    for _ in range(3):
        miners = await asyncio.gather(*(bounded(lambda one=one: find(one)) for one in unknown))
        known += [(one, miner) for one, miner in zip(unknown, miners) if miner is not None]
        unknown = [one for one, miner in zip(unknown, miners) if miner is None]
    _say(kind="found", known=len(known), took_s=time.monotonic() - begun, cpu_s=_cpu_s() - cpu)
    readings = []
    for _ in range(sweeps):
        begun, cpu = time.monotonic(), _cpu_s()
        readings = await asyncio.gather(
            *(bounded(lambda one=one, miner=miner: act(miner, {**one, "order": "read"})) for one, miner in known)
        )
        _say(kind="sweep", took_s=time.monotonic() - begun, cpu_s=_cpu_s() - cpu)
    for (one, _), reading in zip(known, readings):
        _say(kind="reading", host=one["host"], reading=reading)
    _say(kind="end", peak_kb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def run(find, act, be_patient, scan=None):
    words = argparse.ArgumentParser()
    words.add_argument("--at-once", type=int, default=0)
    words.add_argument("--sweeps", type=int, default=0)
    words.add_argument("--scan", default="")
    asked = words.parse_args()
    if asked.scan and scan is not None:
        begun, cpu = time.monotonic(), _cpu_s()
        found = asyncio.run(scan(asked.scan, asked.at_once))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        _say(kind="scan", found=found, took_s=time.monotonic() - begun, cpu_s=_cpu_s() - cpu, peak_kb=peak)
    elif asked.sweeps > 0:
        be_patient()
        asyncio.run(_sweep(find, act, asked.at_once or 32, asked.sweeps))
    else:
        asyncio.run(_serve(find, act, asked.at_once or 32))
    # Threads of a library that still work while the interpreter ends would abort the process (SIGABRT after a scan by asic-rs).
    sys.stdout.flush()
    os._exit(0)
