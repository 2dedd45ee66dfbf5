-- SPDX-License-Identifier: MIT
--
-- fs.lua -- async.fs: what scripts call.

local parts = fs_parts()
local raise, enter = parts.raise, parts.enter
local place = parts.use "place"

local fs = {}

-- What trees of directories are done with.
local trees = parts.use "trees"
local recursive = {remove = parts.remove_tree, copy = parts.copy_tree}

-- ---------------------------------------------------------------- arguments

local function shown(value)
  if value ~= value then return "nan" end
  return type(value) == "string" and format("%q", value) or tostring(value)
end

local function check_path(name, path, what)
  if type(path) ~= "string" then
    raise(format("fs.%s: expected %s, got %s", name, what or "a path", type(path)))
  end
  if find(path, "\0", 1, true) then
    raise(format("fs.%s: %s has no zero byte", name, what or "a path"))
  end
  return place.of(path)
end

local function yes_or_no(name, option, value)
  if type(value) == "boolean" then return end
  raise(format("fs.%s: %s must be true or false, got %s", name, option, shown(value)))
end

local function permissions(name, option, value)
  local mode = type(value) == "number" and tointeger(value)
  if mode and mode >= 0 and mode <= 4095 then return end
  raise(format("fs.%s: %s must be permissions from 0 to 4095 (7777 in octal), got %s", name,
    option, shown(value)))
end

local nothing = {}

-- The options, of which no others are known than these.
local function check_options(name, given, known)
  if given == nil then return nothing end
  parts.check_options("fs." .. name, given, known)
  for key, value in next, given do known[key](name, key, value) end
  return given
end

local function check_text(name, text)
  if type(text) == "string" or type(text) == "number" then return text end
  raise(format("fs.%s: expected a text, got %s", name, type(text)))
end

local function longest_line(name, option, value)
  local bytes = type(value) == "number" and tointeger(value)
  if bytes and bytes >= 0 then return end
  raise(format("fs.%s: %s must be 0 or more bytes, got %s", name, option, shown(value)))
end

-- ------------------------------------------------------------------ streams

local for_open = {mode = permissions, max_line = longest_line}
local open_modes = '"r", "w", "a" or "x", with or without "+" and "b"'

function fs.open(path, mode, options)
  local at = check_path("open", path)
  if mode ~= nil and type(mode) ~= "string" then
    raise(format("fs.open: the mode must be %s, got %s", open_modes, type(mode)))
  end
  local flags = parts.open_flags((gsub(mode or "r", "b", "")))
  if not flags then
    raise(format("fs.open: the mode must be %s, got %s", open_modes, shown(mode)))
  end
  local given = check_options("open", options, for_open)
  enter()
  return parts.open(path, at, flags, given.mode, given.max_line)
end

-- Pipes, terminals and devices are read, and written to, as streams; prepare(stream) comes first.
local function read_stream(path, at, prepare)
  local opened, message, code = parts.open(path, at, parts.open_flags "r")
  if not opened then return nil, message, code end
  local stream <close> = opened
  if prepare then prepare(stream) end
  return stream:read "a"
end

local function write_stream(path, at, text)
  local opened, message, code = parts.open(path, at, parts.open_flags "r+")
  if not opened then return nil, message, code end
  local stream <close> = opened
  local done
  done, message, code = stream:write(text)
  if not done then return nil, message, code end
  return true
end

-- ------------------------------------------------------------- whole files

local function read_whole(path, at, prepare)
  enter()
  local text, message, code = parts.read(path, at)
  if text == false then return read_stream(path, at, prepare) end
  if not text then return nil, message, code end
  return text
end

function fs.read(path, options)
  local at = check_path("read", path)
  check_options("read", options, nothing)
  return read_whole(path, at)
end

-- For the kit, whose functions name what they wait in themselves.
local function read_for_kit(path, prepare) return read_whole(path, place.of(path), prepare) end

local for_write = {sync = yes_or_no, mode = permissions}

function fs.write(path, text, options)
  local at = check_path("write", path)
  check_text("write", text)
  local given = check_options("write", options, for_write)
  enter()
  local done, message, code = parts.write(path, at, text, given.mode, given.sync ~= false)
  if done == false then return write_stream(path, at, text) end
  if not done then return nil, message, code end
  return true
end

local for_append = {mode = permissions}

function fs.append(path, text, options)
  local at = check_path("append", path)
  check_text("append", text)
  local given = check_options("append", options, for_append)
  enter(true)
  local done, message, code = parts.append(path, at, text, given.mode)
  if done == false then return write_stream(path, at, text) end
  if not done then return nil, message, code end
  return true
end

-- --------------------------------------------------------------- looking at

local for_stat = {follow = yes_or_no}

function fs.stat(path, options)
  local at = check_path("stat", path)
  local given = check_options("stat", options, for_stat)
  enter()
  return parts.stat(path, at, given.follow ~= false)
end

function fs.exists(path, options)
  local at = check_path("exists", path)
  check_options("exists", options, nothing)
  enter()
  return parts.exists(path, at)
end

function fs.list(path, options)
  if path == nil then path = "." end
  local at = check_path("list", path)
  check_options("list", options, nothing)
  enter()
  return parts.list(path, at)
end

function fs.readlink(path, options)
  local at = check_path("readlink", path)
  check_options("readlink", options, nothing)
  enter()
  return parts.readlink(path, at)
end

-- ----------------------------------------------------------------- changing

local for_mkdir = {parents = yes_or_no, mode = permissions}

function fs.mkdir(path, options)
  local at = check_path("mkdir", path)
  local given = check_options("mkdir", options, for_mkdir)
  enter(true)
  return parts.mkdir(path, at, given.parents, given.mode)
end

local for_remove = {recursive = recursive.remove and yes_or_no}

function fs.remove(path, options)
  local at = check_path("remove", path)
  local given = check_options("remove", options, for_remove)
  enter(true)
  if given.recursive then return recursive.remove(path, at) end
  return parts.remove(path, at)
end

function fs.rename(path, new, options)
  local at, new_at = check_path("rename", path), check_path("rename", new, "a new path")
  check_options("rename", options, nothing)
  enter(true)
  return parts.rename(path, at, new, new_at)
end

local for_copy = {recursive = recursive.copy and yes_or_no, sync = yes_or_no}

function fs.copy(path, new, options)
  local at, new_at = check_path("copy", path), check_path("copy", new, "a new path")
  local given = check_options("copy", options, for_copy)
  if given.recursive and given.sync then
    raise "fs.copy: sync is for one file, and not with recursive"
  end
  enter()
  if given.recursive then return recursive.copy(path, at, new, new_at) end
  return parts.copy(path, at, new, new_at, given.sync)
end

local for_link = {hard = yes_or_no}

-- What a symbolic one says is taken as it is: the system reads it from where the link is.
function fs.link(target, path, options)
  local target_at = check_path("link", target, "what it leads to")
  local at = check_path("link", path)
  local given = check_options("link", options, for_link)
  enter(true)
  return parts.link(path, at, target, given.hard and target_at or target, given.hard)
end

-- ------------------------------------------------------------------- trees

local for_walk = {depth = trees.check_depth, follow = yes_or_no, hidden = yes_or_no,
  sort = yes_or_no, types = trees.check_types, on_error = trees.check_function}

function fs.walk(path, options)
  local closes = parts.for_closes()
  if path == nil then path = "." end
  local at = check_path("walk", path)
  local given = check_options("walk", options, for_walk)
  return trees.walk(path, at, given, closes)
end

local for_glob = {hidden = yes_or_no, sort = yes_or_no}

function fs.glob(pattern, options)
  local closes = parts.for_closes()
  check_path("glob", pattern, "a pattern")
  local given = check_options("glob", options, for_glob)
  return trees.glob(pattern, given, closes)
end

-- --------------------------------------------------------------- temporary

local for_temp = {dir = function(name, _, value) check_path(name, value, "a directory") end}

-- A new path in the directory that is asked for; or nil, message, code.
local function temporary_path(name, options)
  local given = check_options(name, options, for_temp)
  local dir = given.dir or parts.getenv "TMPDIR"
  if not dir or dir == "" then dir = "/tmp" end
  enter()
  local at, message, code = parts.directory(dir, place.of(dir), "fs." .. name)
  if not at then return nil, message, code end
  return parts.temp_path(at)
end

function fs.temp(options)
  local path, message, code = temporary_path("temp", options)
  if not path then return nil, message, code end
  return parts.temp(path)
end

-- A directory as scripts have it, and what keeps it until then.
local TempDir = {__name = "TempDir", __index = {}}
local kept = setmetatable({}, {__mode = "k"})

function fs.temp_dir(options)
  local path, message, code = temporary_path("temp_dir", options)
  if not path then return nil, message, code end
  local keep
  keep, message, code = parts.temp_dir(path)
  if not keep then return nil, message, code end
  local dir = setmetatable({path = path}, TempDir)
  kept[dir] = keep
  return dir
end

function TempDir.__index:close()
  if not kept[self] then
    raise(format("temp_dir:close: expected what temp_dir gave, got %s", type(self)))
  end
  return parts.remove_kept(kept[self])
end

TempDir.__close = TempDir.__index.close

function TempDir:__tostring() return self.path end

-- ------------------------------------------------------- a task's directory

local function cd(path, options)
  if options ~= nil then raise "cd: a directory is all it takes" end
  if path == nil then return place.directory() or parts.working_directory() end
  if type(path) ~= "string" then
    raise(format("cd: expected a directory, got %s", type(path)))
  end
  if find(path, "\0", 1, true) then raise "cd: a path has no zero byte" end
  enter()
  local at, message, code = parts.directory(path, place.of(path), "cd")
  if not at then return nil, message, code end
  place.set(at)
  return true
end

-- ----------------------------------------------------------------- watching

local MOST_DEBOUNCE <const> = 3600

local function seconds_or_false(name, option, value)
  if value == false then return end
  if type(value) == "number" and value >= 0 and value <= MOST_DEBOUNCE then return end
  raise(format("fs.%s: %s must be seconds from 0 to %d, or false, got %s", name, option,
    MOST_DEBOUNCE, shown(value)))
end

local function seconds(name, option, value)
  if type(value) == "number" and value > 0 and value <= MOST_DEBOUNCE then return end
  raise(format("fs.%s: %s must be seconds above 0, up to %d, got %s", name, option, MOST_DEBOUNCE,
    shown(value)))
end

local for_watch = {recursive = yes_or_no, debounce = seconds_or_false, poll = seconds}

function fs.watch(path, options)
  local at = check_path("watch", path)
  local given = check_options("watch", options, for_watch)
  return parts.watching().watch(path, at, given)
end

return {fs = fs, cd = cd, temp_dir = fs.temp_dir, read_for_kit = read_for_kit}
