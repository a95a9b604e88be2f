"""The workload of a cell in asyncio: a semaphore, sessions that sleep, an answer that is read. TASKS SLOTS LATENCY_MS."""

import asyncio
import json
import sys
import time


async def session(limit, place, seconds):
    async with limit:
        await asyncio.sleep(seconds)
        return json.loads('{"number":%d,"verdict":"good","notes":["short","clear"]}' % place)["number"] == place


async def main(tasks, slots, latency_ms):
    began, used = time.perf_counter(), time.process_time()
    limit = asyncio.Semaphore(slots)
    right = sum(await asyncio.gather(*(session(limit, place, latency_ms / 1000) for place in range(tasks))))
    assert right == tasks
    print(json.dumps({"makespan_s": time.perf_counter() - began, "cpu_s": time.process_time() - used}))


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
