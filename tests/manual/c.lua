-- SPDX-License-Identifier: MIT
--
-- c.lua -- builds and runs the examples of man/tinyasync.3, and compares the page
-- with src/tinyasync.h, src/tinyasync_lib.h and src/tinyasync_outside.h.  Called from the repository's root:
--
--   lua5.4 tests/manual/c.lua BUILD
--
-- What the comments of the examples mean is told at the top of the page.

package.path = "tests/?.lua;tests/manual/?.lua;" .. package.path
local page = require "page"
local shell = require "kit.shell"
local verdict = require "kit.verdict"
local read, quote, report = shell.read, shell.quote, verdict.report

local PAGE <const> = "man/tinyasync.3"
local build = assert(arg[1], "usage: lua5.4 tests/manual/c.lua BUILD")

-- What a command prints on both streams, and whether it ended well.
local function run(command)
  return shell.output_of(("{ %s; } 2>&1 </dev/null"):format(command))
end

-- ------------------------------------------------------------------ examples

local folder, temporary <close> = shell.temporary_folder()

-- A library that is built with a sanitizer wants programs that are, too.
local function compiler()
  return shell.is_sanitized(build .. "/tinyasync") and "clang -fsanitize=address,undefined" or "cc"
end

local function run_c(path)
  local static = run("pkg-config --variable=libdir lua5.4"):match("[^\n]*") .. "/liblua5.4.a"
  local lua = io.open(static) and static or "$(pkg-config --libs lua5.4)"
  local text, ok = run(("%s -std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Werror -pthread -Isrc " ..
    "$(pkg-config --cflags lua5.4) -o %s.run %s %s/libtinyasync_outside.a %s/libtinyasync.a %s -lm -ldl"):format(
    compiler(), path, path, quote(build), quote(build), lua))
  if not ok then return text, false end
  return run("timeout -k 1 20 " .. path .. ".run")
end

local function run_lua(path)
  return run(("LUA_CPATH=%s timeout -k 1 20 lua5.4 %s"):format(quote(build .. "/lua/?.so"), path))
end

local function check_example(code, name)
  local wanted = {}
  for text in code:gmatch("prints: ([^\n]*)") do wanted[#wanted + 1] = text:gsub("%s*%*/$", "") end
  local path = folder .. "/" .. name
  shell.write(path, code)
  local text, ok = (name:find("%.c$") and run_c or run_lua)(path)
  local expected = table.concat(wanted, "\n") .. "\n"
  if not ok then return "it failed: " .. text end
  text = text:gsub("\t", " ")
  if text ~= expected then return ("it printed\n%s instead of\n%s"):format(text, expected) end
end

local function check_examples()
  local _, examples = page.read(PAGE)
  for _, example in ipairs(examples) do
    local name = example.code:match("^/%* (%w+%.c)") or example.code:match("^%-%- (%w+%.lua)")
    local skip = name and name:find("%.lua$") and compiler() ~= "cc"
    if skip then
      print("ok " .. name .. " # skipped: plain lua5.4 has not the sanitizer of the module")
    else
      report(name or "an example", name and check_example(example.code, name) or
        not name and "it has no name" or nil)
    end
  end
  if #examples < 3 then report("examples", "there are too few") end
end

-- --------------------------------------------------------------------- names

local headers = read "src/tinyasync.h" .. read "src/tinyasync_lib.h" ..
  read "src/tinyasync_outside.h"

-- The functions, structs and constants that the headers offer.
local function names_of_headers()
  local text, names = headers:gsub("/%*.-%*/", ""), {}
  for name in text:gmatch("TA_API[^;]-(ta_[%w_]+)%(") do names[name] = "function" end
  for name in text:gmatch("struct (ta_[%w_]+) {") do names[name] = "struct" end
  for body in text:gmatch("enum [%w_]+ {(.-)}") do
    for name in body:gmatch("TA_[%u_]+") do names[name] = "constant" end
  end
  return names
end

local function check_names()
  local names, text = names_of_headers(), read(PAGE)
  local count = 0
  for name, kind in pairs(names) do
    count = count + 1
    local pattern = kind == "function" and "\n%.It Fn \"[^\"]-" .. name .. "\"" or
      "%f[%w_]" .. name .. "%f[^%w_]"
    if not text:find(pattern) then report(name, "the page does not tell of this " .. kind) end
  end
  for name in text:gmatch("%f[%w_](ta_[%l_]+)%f[^%w_]") do
    local known = names[name] or headers:find("%f[%w_]" .. name .. "%f[^%w_]")
    if not known then report(name, "the headers have nothing of that name") end
  end
  report("the headers offer something", count < 40 and "it was not understood" or nil)
end

check_examples()
check_names()
verdict.leave()
