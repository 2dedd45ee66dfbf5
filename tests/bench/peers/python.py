"""The workloads of work.lua on CPython's asyncio."""
import asyncio
import sys
import time

MILLION = 1_000_000
wall = cpu = 0.0


def start():
    global wall, cpu
    wall, cpu = time.monotonic(), time.process_time()


def report(extra=""):
    print(f"wall={time.monotonic() - wall:.6f} cpu={time.process_time() - cpu:.6f} {extra}")


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


async def switch():
    async def task():
        for _ in range(1000):
            await asyncio.sleep(0)

    start()
    await asyncio.gather(*[task() for _ in range(1000)])
    report()


async def spawn():
    left = MILLION
    done = asyncio.Event()

    async def task():
        nonlocal left
        left -= 1
        if left == 0:
            done.set()

    start()
    tasks = {asyncio.create_task(task()) for _ in range(MILLION)}
    await done.wait()
    report(f"tasks={len(tasks)}")


async def waves():
    async def task():
        pass

    start()
    for _ in range(1000):
        await asyncio.gather(*[task() for _ in range(1000)])
    report()


async def sleepers(seconds):
    asleep = awake = 0

    async def task(delay):
        nonlocal asleep, awake
        asleep += 1
        await asyncio.sleep(delay)
        awake += 1

    before = resident()
    start()
    tasks = [asyncio.create_task(task(seconds + i * 7919 % 10000 / 10000)) for i in range(MILLION)]
    while asleep < MILLION:
        await asyncio.sleep(0.02)
    print(f"bytes={(resident() - before) / MILLION:.1f} early={awake}")
    for one in tasks:
        await one
    report()


def percentile(counts, fraction):
    seen = 0
    for late, count in enumerate(counts):
        seen += count
        if seen >= fraction * MILLION:
            return late / 100
    return float("inf")


async def timers():
    counts = [0] * 100_000

    async def task(number):
        for turn in range(100):
            delay = ((number * 7 + turn * 13) % 20 + 1) / 1000
            due = time.monotonic() + delay
            await asyncio.sleep(delay)
            counts[min(99_999, max(0, int((time.monotonic() - due) * 100_000)))] += 1

    start()
    await asyncio.gather(*[task(number) for number in range(10_000)])
    report(f"p50={percentile(counts, 0.5):.2f} p99={percentile(counts, 0.99):.2f}")


# Its queues have a buffer at least.
async def pingpong():
    there, back = asyncio.Queue(1), asyncio.Queue(1)

    async def pong():
        for _ in range(MILLION):
            await back.put(await there.get() + 1)

    other = asyncio.create_task(pong())
    number = 0
    start()
    for _ in range(MILLION):
        await there.put(number)
        number = await back.get()
    await other
    report(f"last={number}")


async def producer():
    numbers = asyncio.Queue(100)
    total = 0

    async def consume():
        nonlocal total
        while (number := await numbers.get()) is not None:
            total += number

    consumers = [asyncio.create_task(consume()) for _ in range(4)]
    start()
    for number in range(1, MILLION + 1):
        await numbers.put(number)
    for _ in consumers:
        await numbers.put(None)
    await asyncio.gather(*consumers)
    report(f"sum={total}")


async def finish():
    async def task(number):
        return number

    total = 0
    start()
    for number in range(1, MILLION + 1):
        total += await asyncio.create_task(task(number))
    report(f"sum={total}")


async def scope():
    ended = 0

    async def task():
        nonlocal ended
        ended += 1

    start()
    for _ in range(1000):
        async with asyncio.TaskGroup() as group:
            for _ in range(1000):
                group.create_task(task())
    report(f"ended={ended}")


# A TaskGroup is cancelled by an error in it.
async def cancel():
    count = 100_000
    asleep = gone = 0

    async def task():
        nonlocal asleep, gone
        try:
            asleep += 1
            await asyncio.sleep(3600)
        finally:
            gone += 1

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(count):
                group.create_task(task())
            while asleep < count:
                await asyncio.sleep(0.02)
            start()
            raise EOFError
    except* EOFError:
        report(f"gone={gone}")


async def hello():
    print("hello")


if sys.argv[1] == "sleepers":
    asyncio.run(sleepers(float(sys.argv[2])))
else:
    asyncio.run({"hello": hello, "switch": switch, "spawn": spawn, "waves": waves,
                 "timers": timers, "pingpong": pingpong, "producer": producer,
                 "finish": finish, "scope": scope, "cancel": cancel}[sys.argv[1]]())
