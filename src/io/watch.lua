-- SPDX-License-Identifier: MIT
--
-- watch.lua -- async.fs.watch: what happened in directories, by comparing what is there with
-- what was.
--
-- The module `watch` tells where to look, which may be too often, and never is too seldom.  A look
-- may wait, and the task be cancelled there: what is to be looked at, and what was found out, lie
-- in the watch until all of it has become events, so that nothing is lost.

local parts = watch_parts()

local function insert(list, value) list[#list + 1] = value end

local DEBOUNCE = 0.05 -- seconds
local MOST_DEBOUNCE = 3600
local TOP = 1 -- the number of what the path itself is an entry of

local Watch = {__name = "Watch"}
Watch.__index = Watch

-- --------------------------------------------------------------------- paths

-- What is in the top is the path itself.
local function path_in(node, name)
  if not node.parent then return node.path end
  local path = path_in(node.parent, node.name)
  return sub(path, -1) == "/" and path .. name or path .. "/" .. name
end

local function path_of(node) return path_in(node.parent, node.name) end

-- -> the directory, and the name in it; nil for what is called by no name
local function split(path)
  local directory, name = match(path, "^(.-)/*([^/]+)/*$")
  if not name or name == "." or name == ".." then return nil end
  if directory == "" then directory = sub(path, 1, 1) == "/" and "/" or "." end
  return directory, name
end

-- ------------------------------------------------------------------- anchors

-- What happens to the path itself is told by the directory that it is in, or would be in.
local function anchor(w, path)
  local directory, name = split(path or ".")
  while directory do
    local ok, message, code = w.module.add(w.handle, directory, w.next_id, name)
    if ok then
      w.anchors[#w.anchors + 1] = w.next_id
      w.next_id = w.next_id + 1
      return true
    end
    if code ~= "ENOENT" and code ~= "ENOTDIR" and code ~= "EACCES" then return nil, message, code end
    directory, name = split(directory)
  end
  return true
end

-- First the new ones: nothing is overlooked in between.
local function set_anchors(w)
  local old = w.anchors
  w.real = parts.real(w.path) or w.real
  w.anchors = {}
  local ok, message, code = anchor(w, w.path)
  if ok and w.real ~= w.path then ok, message, code = anchor(w, w.real) end
  for _, id in ipairs(old) do w.module.drop(w.handle, id) end
  return ok, message, code
end

local function is_anchor(w, id)
  for _, anchored in ipairs(w.anchors) do
    if anchored == id then return true end
  end
  return false
end

-- --------------------------------------------------------------- what differs

local function new_batch()
  return {come = {}, at = 1, gone = {}, changed = {}, renamed = {}, created = {}}
end

-- The times of a file tell, unless it was looked at in the moment of its last change.
local function is_changed(old, new, hinted)
  if old.version ~= new.version then return true end
  return hinted and not new.directory and (old.at ~= new.at or old.fresh)
end

local function compare(w, node, name, new, hinted)
  local old = node.entries[name]
  if old and new and old.id == new.id and old.directory == new.directory then
    if is_changed(old, new, hinted) then insert(w.batch.changed, {node, name}) end
    old.version, old.at, old.fresh = new.version, new.at, new.fresh
    return
  end
  node.entries[name] = new
  if old then insert(w.batch.gone, {path = path_in(node, name), entry = old}) end
  if new then insert(w.batch.come, {node = node, name = name, entry = new}) end
end

local function compare_all(w, node, found)
  local names = {}
  for name in next, node.entries do
    if not found[name] then names[#names + 1] = name end
  end
  for name in next, found do names[#names + 1] = name end
  for _, name in ipairs(names) do compare(w, node, name, found[name], false) end
end

-- --------------------------------------------------------------------- looking

-- The names that are hinted at, and those of them whose content was.
local function names_of(hint)
  local names, changed = {}, {}
  for i, hinted in ipairs(hint) do
    names[i] = sub(hinted, 2)
    changed[names[i]] = sub(hinted, 1, 1) == "!"
  end
  return names, changed
end

local function look_at_top(w, hint)
  local _, changed = names_of(hint)
  local hinted = next(changed) ~= nil
  for _, content in next, changed do hinted = content end
  set_anchors(w)
  local entry = parts.look(w.path)
  compare(w, w.top, "", entry or nil, hinted)
end

-- What lies elsewhere by now, or is gone, is looked at when that is known.
local function look_at(w, node, hint)
  local names, changed = names_of(hint)
  if hint.whole or hint.touched then names = nil end
  local found, own = parts.list(path_of(node), node.parent == w.top, names)
  if not found or own.id ~= node.entry.id then
    insert(w.later, hint)
    return
  end
  if names then
    for _, name in ipairs(names) do compare(w, node, name, found[name], changed[name]) end
  else
    compare_all(w, node, found)
  end
end

local function look(w)
  while #w.todo > 0 do
    local hint = w.todo[1]
    local node = w.nodes[hint.id]
    if node then
      look_at(w, node, hint)
    elseif hint.id == TOP or is_anchor(w, hint.id) then
      look_at_top(w, hint)
    end
    remove(w.todo, 1)
  end
end

-- -------------------------------------------------------------------- renaming

-- Of all that is gone, and was in it.
local function index_gone(item, by_id)
  by_id[item.entry.id] = item
  local node = item.entry.node
  if not node then return end
  for name, entry in next, node.entries do
    local path = sub(item.path, -1) == "/" and item.path .. name or item.path .. "/" .. name
    local child = {path = path, entry = entry}
    insert(item, child)
    index_gone(child, by_id)
  end
end

-- Without a time of birth another file may have the number.
local function is_same(old, new)
  return old.directory == new.directory and
    (new.certain or old.directory or old.version == new.version)
end

local function rename(w, from, item)
  from.renamed = true
  insert(w.batch.renamed, {item.node, item.name, from.path})
  local node = from.entry.node
  if not node then return end
  item.entry.node, node.entry = node, item.entry
  node.parent, node.name = item.node, item.name
end

local function pair(w, item, by_id)
  local from = by_id[item.entry.id]
  if not from or from.renamed or not is_same(from.entry, item.entry) then return false end
  rename(w, from, item)
  return true
end

-- First those that were hinted at, then those that were in one that is gone.
local function pair_all(w)
  local batch = w.batch
  local by_id, left = {}, {}
  for _, item in ipairs(batch.gone) do by_id[item.entry.id] = item end
  for _, item in ipairs(batch.come) do
    if not pair(w, item, by_id) then left[#left + 1] = item end
  end
  batch.come, batch.by_id = left, {}
  for _, item in ipairs(batch.gone) do
    if not item.renamed then index_gone(item, batch.by_id) end
  end
end

-- ------------------------------------------------------------------ directories

local MISSING = {ENOENT = true, ENOTDIR = true, EACCES = true, ELOOP = true, ENAMETOOLONG = true}

local function drop_node(w, node)
  w.module.drop(w.handle, node.id)
  w.nodes[node.id] = nil
  w.dropped = true
  for _, entry in next, node.entries do
    if entry.node then drop_node(w, entry.node) end
  end
end

local function new_node(w, item)
  local node = {id = w.next_id, parent = item.node, name = item.name, entry = item.entry, entries = {}}
  w.next_id = w.next_id + 1
  local ok, message, code = w.module.add(w.handle, path_of(node), node.id)
  if not ok then return nil, message, code end
  item.entry.node = node
  w.nodes[node.id] = node
  return node
end

-- Listens to a new directory and then looks what is there already.
-- -> true, or nil, message, code
local function enter(w, item)
  local node, message, code = item.entry.node, nil, nil
  if not node then
    node, message, code = new_node(w, item)
    if not node then return MISSING[code] and item.node ~= w.top, message, code end
  end
  local found, own, why = parts.list(path_of(node), item.node == w.top)
  if found and own.id == item.entry.id then
    for name, entry in next, found do
      node.entries[name] = entry
      insert(w.batch.come, {node = node, name = name, entry = entry})
    end
    return true
  end
  drop_node(w, node)
  item.entry.node = nil
  if found then return true end -- another one by now, of which there is a hint
  return MISSING[why] and item.node ~= w.top, own, why
end

-- -> true, or nil, message, code
local function settle(w)
  local batch = w.batch
  while batch.come[batch.at] do
    local item = batch.come[batch.at]
    if item.is_new or not pair(w, item, batch.by_id) then
      item.is_new = true
      if item.entry.directory and (w.recursive or item.node == w.top) then
        local ok, message, code = enter(w, item)
        if not ok and not w.lenient then return nil, message, code end
      end
      insert(batch.created, item)
    end
    batch.at = batch.at + 1
  end
  return true
end

-- ----------------------------------------------------------------------- events

local function add_event(w, kind, path, from)
  insert(w.events, {kind = kind, path = path, from = from})
end

-- What was in it comes before it.
local function list_gone(w, item, list)
  if item.renamed then return end
  for _, child in ipairs(item) do list_gone(w, child, list) end
  list[#list + 1] = item
end

local function gone_of(w)
  local list, by_path = {}, {}
  for _, item in ipairs(w.batch.gone) do list_gone(w, item, list) end
  for _, item in ipairs(list) do
    by_path[item.path] = item
    if item.entry.node then drop_node(w, item.entry.node) end
  end
  return list, by_path
end

-- A path that was and is again was changed; of a directory what is in it tells more.
local function tell(w)
  local gone, was = gone_of(w)
  local told, again = {}, {}
  for _, renamed in ipairs(w.batch.renamed) do
    local path = path_in(renamed[1], renamed[2])
    told[path] = true
    add_event(w, "renamed", path, renamed[3])
  end
  for _, item in ipairs(w.batch.created) do
    local path = path_in(item.node, item.name)
    local old = was[path]
    if old and old.entry.directory == item.entry.directory then again[path] = old end
  end
  for _, item in ipairs(gone) do
    if not told[item.path] and not again[item.path] then add_event(w, "deleted", item.path) end
  end
  for _, item in ipairs(w.batch.created) do
    local path = path_in(item.node, item.name)
    if not again[path] then
      add_event(w, "created", path)
    elseif not item.entry.directory then
      add_event(w, "changed", path)
    end
    told[path] = true
  end
  for _, changed in ipairs(w.batch.changed) do
    local path = path_in(changed[1], changed[2])
    if not told[path] then add_event(w, "changed", path) end
    told[path] = true
  end
end

-- Looks at all that is to be looked at, and makes events of it.
-- -> true, or nil, message, code
local function advance(w)
  w.batch = w.batch or new_batch()
  look(w)
  if not w.batch.by_id then pair_all(w) end
  local ok, message, code = settle(w)
  if not ok then return nil, message, code end
  tell(w)
  w.batch = nil
  if w.dropped then w.module.settle(w.handle) end
  w.dropped = false
  for _, hint in ipairs(w.later) do
    if w.nodes[hint.id] and not hint.again then
      hint.again = true
      insert(w.todo, hint)
    end
  end
  w.later = {}
  return true
end

-- -------------------------------------------------------------------- for scripts

local function has_event(w) return w.events[w.at] ~= nil end

local function take_event(w)
  local event = w.events[w.at]
  w.events[w.at] = false
  w.at = w.at + 1
  if not w.events[w.at] then w.events, w.at = {}, 1 end
  return event
end

local function next_event(w)
  while not has_event(w) do
    if not w.batch and #w.todo == 0 then
      if not w.module.wait(w.handle) then return nil end
      w.module.take(w.handle, w.todo)
    end
    local ok, message = advance(w)
    if w.closed then return nil end
    if not ok then parts.raise(message) end
  end
  return take_event(w)
end

function Watch.__call(w)
  if w.closed then parts.raise "the watch is closed" end
  if w.busy then parts.raise "another task waits for this watch" end
  local _ <close> = w.guard
  w.busy = true
  parts.turn()
  return next_event(w)
end

function Watch.close(w)
  w.closed = true
  w.module.close(w.handle)
end

Watch.__close = Watch.close

function Watch.__tostring(w) return format("Watch of '%s'", w.path) end

local OPTIONS = {"debounce", "recursive"}

local function check(path, options)
  if type(path) ~= "string" then
    parts.raise(format("fs.watch: a path expected, got %s", type(path)))
  elseif find(path, "\0", 1, true) then
    parts.raise "fs.watch: a path has no zero byte"
  elseif options ~= nil and type(options) ~= "table" then
    parts.raise(format("fs.watch: a table of options expected, got %s", type(options)))
  end
end

local function check_option(key, value)
  if key == "recursive" then
    if type(value) ~= "boolean" then
      parts.raise(format("fs.watch: 'recursive' is true or false, got %s", type(value)))
    end
  elseif key == "debounce" then
    if value ~= false and not (type(value) == "number" and value >= 0 and value <= MOST_DEBOUNCE) then
      parts.raise(format("fs.watch: 'debounce' is seconds up to %d, or false, got %s",
        MOST_DEBOUNCE, tostring(value)))
    end
  else
    local near = type(key) == "string" and parts.nearest(key, OPTIONS)
    parts.raise(format("fs.watch: unknown option '%s'%s", tostring(key),
      near and format(", did you mean '%s'?", near) or ""))
  end
end

local function new_watch(path, options, module, handle)
  local w = {path = path, module = module, handle = handle, recursive = options.recursive,
    nodes = {}, anchors = {}, next_id = TOP + 1, todo = {}, later = {}, events = {}, at = 1}
  w.top = {path = path, entries = {}}
  w.guard = setmetatable({}, {__close = function() w.busy = false end})
  return setmetatable(w, Watch)
end

-- What is there at the beginning is no event.
local function begin(w)
  local ok, message, code = set_anchors(w)
  if not ok then return nil, message, code end
  local entry
  entry, message, code = parts.look(w.path)
  if not entry then return nil, message, code end
  w.batch = new_batch()
  compare(w, w.top, "", entry)
  pair_all(w)
  ok, message, code = settle(w)
  if not ok then return nil, message, code end
  w.batch, w.lenient = nil, false
  return true
end

local function watch(path, options)
  check(path, options)
  options = options or {}
  for key, value in next, options do check_option(key, value) end
  local module, message, code = parts.module("watch", "async.fs.watch", "libuv1-dev")
  if not module then return nil, message, code end
  local debounce = options.debounce
  local handle
  handle, message, code = module.open(path, debounce == nil and DEBOUNCE or debounce or 0)
  if not handle then return nil, message, code end
  local w = new_watch(path, options, module, handle)
  local ok
  ok, message, code = begin(w)
  if not ok then
    w:close()
    return nil, message, code
  end
  if parts.for_closes() then return w, nil, nil, w end
  return w
end

return {watch = watch}
