// The workloads of work.lua on Node.
"use strict";
const events = require("events");
const fs = require("fs");
const timers = require("timers/promises");

const MILLION = 1000000;
let wall, cpu;

const now = () => performance.now() / 1000;
const turn = () => new Promise((resume) => setImmediate(resume));
const sleep = (seconds) => new Promise((resume) => setTimeout(resume, seconds * 1000));

function cpuSeconds() {
  const usage = process.cpuUsage();
  return (usage.user + usage.system) / 1e6;
}

function start() {
  wall = now();
  cpu = cpuSeconds();
}

function report(extra = "") {
  console.log(`wall=${now() - wall} cpu=${cpuSeconds() - cpu} ${extra}`);
}

const resident = () => Number(fs.readFileSync("/proc/self/statm", "utf8").split(" ")[1]) * 4096;

function percentile(counts, fraction) {
  let seen = 0;
  return counts.findIndex((count) => (seen += count) >= fraction * MILLION) / 100;
}

// Node has no channels; this is one made of promises.
class Channel {
  constructor(capacity) {
    this.capacity = Math.max(1, capacity);
    this.values = [];
    this.receivers = [];
    this.senders = [];
    this.closed = false;
  }

  send(value) {
    const receiver = this.receivers.shift();
    if (receiver) return receiver(value);
    this.values.push(value);
    if (this.values.length <= this.capacity) return;
    return new Promise((resume) => this.senders.push(resume));
  }

  recv() {
    if (this.values.length > 0) {
      const value = this.values.shift();
      const sender = this.senders.shift();
      if (sender) sender();
      return value;
    }
    if (!this.closed) return new Promise((resume) => this.receivers.push(resume));
  }

  close() {
    this.closed = true;
    for (const receiver of this.receivers.splice(0)) receiver();
  }
}

const work = {
  hello() {
    console.log("hello");
  },

  async switch() {
    async function task() {
      for (let i = 0; i < 1000; i++) await turn();
    }
    start();
    await Promise.all(Array.from({ length: 1000 }, task));
    report();
  },

  // A task takes its first step in the next turn of the loop, as elsewhere.
  async spawn() {
    let left = MILLION;
    async function task() {
      await null;
      if (--left === 0) report();
    }
    start();
    for (let i = 0; i < MILLION; i++) task();
  },

  async waves() {
    let ended = 0;
    async function task() {
      await null;
      ended++;
    }
    start();
    for (let wave = 1; wave <= 1000; wave++) {
      for (let i = 0; i < 1000; i++) task();
      do await turn();
      while (ended < wave * 1000);
    }
    report();
  },

  async sleepers(seconds) {
    let asleep = 0;
    let awake = 0;
    async function task(delay) {
      asleep++;
      await sleep(delay);
      if (++awake === MILLION) report();
    }
    const before = resident();
    start();
    for (let i = 1; i <= MILLION; i++) task(seconds + ((i * 7919) % 10000) / 10000);
    while (asleep < MILLION) await sleep(0.02);
    console.log(`bytes=${(resident() - before) / MILLION} early=${awake}`);
  },

  async timers() {
    const counts = new Array(100000).fill(0);
    async function task(_, number) {
      for (let k = 0; k < 100; k++) {
        const delay = (((number * 7 + k * 13) % 20) + 1) / 1000;
        const due = now() + delay;
        await sleep(delay);
        counts[Math.max(0, Math.floor((now() - due) * 100000))]++;
      }
    }
    start();
    await Promise.all(Array.from({ length: 10000 }, task));
    report(`p50=${percentile(counts, 0.5)} p99=${percentile(counts, 0.99)}`);
  },

  // All turns of it are microtasks: timers would have none meanwhile.
  async pingpong() {
    const there = new Channel(0);
    const back = new Channel(0);
    async function pong() {
      for (let i = 0; i < MILLION; i++) await back.send((await there.recv()) + 1);
    }
    start();
    pong();
    let number = 0;
    for (let i = 0; i < MILLION; i++) {
      await there.send(number);
      number = await back.recv();
    }
    report(`last=${number}`);
  },

  async producer() {
    const numbers = new Channel(100);
    let sum = 0;
    async function consume() {
      let number;
      while ((number = await numbers.recv()) !== undefined) sum += number;
    }
    const consumers = Array.from({ length: 4 }, consume);
    start();
    for (let number = 1; number <= MILLION; number++) await numbers.send(number);
    numbers.close();
    await Promise.all(consumers);
    report(`sum=${sum}`);
  },

  async finish() {
    let sum = 0;
    async function task(number) {
      await null;
      return number;
    }
    start();
    for (let number = 1; number <= MILLION; number++) sum += await task(number);
    report(`sum=${sum}`);
  },

  async scope() {
    let ended = 0;
    async function task() {
      await null;
      ended++;
    }
    start();
    for (let i = 0; i < 1000; i++) await Promise.all(Array.from({ length: 1000 }, task));
    report(`ended=${ended}`);
  },

  // A signal for each thousand: it looks through all its listeners when one is
  // added, and with 100,000 that alone takes most of a minute.
  async cancel() {
    const COUNT = 100000;
    let gone = 0;
    async function task(signal) {
      try {
        await timers.setTimeout(3600000, undefined, { signal });
      } finally {
        gone++;
      }
    }
    const controllers = Array.from({ length: COUNT / 1000 }, () => new AbortController());
    for (const controller of controllers) events.setMaxListeners(0, controller.signal);
    const tasks = Array.from({ length: COUNT }, (_, i) => task(controllers[i % 100].signal));
    const ended = Promise.allSettled(tasks);
    await sleep(0.02);
    start();
    for (const controller of controllers) controller.abort();
    await ended;
    report(`gone=${gone}`);
  },
};

work[process.argv[2]](Number(process.argv[3]));
