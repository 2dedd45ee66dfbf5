// The workloads of work.lua on Node.
"use strict";
const fs = require("fs");

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
};

work[process.argv[2]](Number(process.argv[3]));
