// The same with Node: commands N, latency COMMAND N, blocks or lines FILE...,
// files or files-sync FOLDER N, which reads them, walk-readdir or walk-opendir FOLDER,
// names.
"use strict";
const fs = require("fs");
const { spawn, execFileSync } = require("child_process");

const AT_ONCE = 16;

function commands(count) {
  let left = count;
  const next = () => {
    if (left-- > 0) spawn("true", { stdio: "ignore" }).on("close", next);
  };
  for (let i = 0; i < AT_ONCE; i++) next();
}

function latency(command, count) {
  const texts = [];
  for (let i = 0; i < count; i++) texts.push(execFileSync(command, { encoding: "utf8" }));
  process.stdout.write(texts.join(""));
}

function pipes(way, files) {
  const before = process.cpuUsage();
  const child = spawn("cat", files, { stdio: ["ignore", "pipe", "inherit"] });
  let size = 0;
  const done = () => {
    const used = process.cpuUsage(before);
    console.log(`total=${((used.user + used.system) / 1e6).toFixed(6)} bytes=${size}`);
  };
  if (way === "lines") {
    const lines = require("readline").createInterface({ input: child.stdout });
    lines.on("line", (line) => { size += line.length + 1; });
    lines.on("close", done);
  } else {
    child.stdout.on("data", (block) => { size += block.length; });
    child.stdout.on("end", done);
  }
}

async function files(folder, count) {
  const { readFile } = require("fs/promises");
  let size = 0;
  for (let i = 1; i <= count; i++) size += (await readFile(`${folder}/${i}`)).length;
  if (size !== 1000 * count) throw new Error("other files");
}

function walkAtOnce(folder) {
  const found = fs.readdirSync(folder, { recursive: true, withFileTypes: true });
  if (found.length < 1000) throw new Error("another tree");
}

async function walk(folder) {
  let count = 0;
  const entries = await fs.promises.opendir(folder, { recursive: true });
  for await (const entry of entries) count += entry.name ? 1 : 0;
  if (count < 1000) throw new Error("another tree");
}

function filesSync(folder, count) {
  const { readFileSync } = require("fs");
  let size = 0;
  for (let i = 1; i <= count; i++) size += readFileSync(`${folder}/${i}`).length;
  if (size !== 1000 * count) throw new Error("other files");
}

function names() {
  const { lookup } = require("dns");
  const began = process.hrtime.bigint();
  for (let n = 1; n <= 6; n++) lookup(`${n}.dead`, () => {});
  lookup("good", (error, address) => {
    if (address !== "127.0.0.1") throw error;
    console.log(`answered=${(Number(process.hrtime.bigint() - began) / 1e9).toFixed(6)}`);
    process.exit();
  });
}

const [what, ...rest] = process.argv.slice(2);
if (what === "commands") commands(Number(rest[0]));
else if (what === "walk-readdir") walkAtOnce(rest[0]);
else if (what === "walk-opendir") walk(rest[0]);
else if (what === "names") names();
else if (what === "files") files(rest[0], Number(rest[1]));
else if (what === "files-sync") filesSync(rest[0], Number(rest[1]));
else if (what === "latency") latency(rest[0], Number(rest[1]));
else pipes(what, rest);
