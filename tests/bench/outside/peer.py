"""The same with asyncio and subprocess: commands N, latency COMMAND N, blocks or lines FILE...,
files FOLDER N, which reads them."""

import asyncio
import subprocess
import sys
import time

AT_ONCE = 16
BLOCK = 65536


async def commands(count):
    turns = asyncio.Semaphore(AT_ONCE)

    async def one():
        async with turns:
            process = await asyncio.create_subprocess_exec("true")
            await process.wait()

    await asyncio.gather(*(one() for _ in range(int(count))))


def latency(command, count):
    texts = [subprocess.run([command], stdout=subprocess.PIPE).stdout for _ in range(int(count))]
    sys.stdout.write(b"".join(texts).decode())


def pipes(way, files):
    cpu, size = time.process_time(), 0
    with subprocess.Popen(["cat", *files], stdout=subprocess.PIPE) as process:
        if way == "lines":
            for line in process.stdout:
                size += len(line)
        else:
            while block := process.stdout.raw.read(BLOCK):
                size += len(block)
    print(f"total={time.process_time() - cpu:.6f} bytes={size}")


def files(folder, count):
    size = 0
    for i in range(1, int(count) + 1):
        with open(f"{folder}/{i}", "rb") as file:
            size += len(file.read())
    assert size == 1000 * int(count)


async def names():
    loop = asyncio.get_running_loop()
    began = loop.time()
    dead = [asyncio.ensure_future(loop.getaddrinfo(f"{n}.dead", 80)) for n in range(1, 7)]
    await asyncio.sleep(0)
    assert (await loop.getaddrinfo("good", 80))[0][4][0] == "127.0.0.1"
    print(f"answered={loop.time() - began:.6f}", flush=True)
    for task in dead:
        task.cancel()


what, *rest = sys.argv[1:]
if what == "commands":
    asyncio.run(commands(*rest))
elif what == "names":
    asyncio.run(names())
elif what == "latency":
    latency(*rest)
elif what == "files":
    files(*rest)
else:
    pipes(what, rest)
