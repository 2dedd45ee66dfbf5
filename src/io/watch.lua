-- SPDX-License-Identifier: MIT
--
-- watch.lua -- async.fs.watch: what happened in directories, by comparing what is there with
-- what was.
--
-- The module `watch` tells where to look, which may be too often, and never is too seldom.  A look
-- may wait, and the task be cancelled there: what is to be looked at, and what was found out, lie
-- in the watch until all of it has become events, so that nothing is lost.
--
-- Of what a server has nobody is told what others do there, and the system would have to ask for
-- its paths here: it is looked at now and then.

local parts = watch_parts()

local function insert(list, value) list[#list + 1] = value end

local DEBOUNCE, POLL = 0.05, 1 -- seconds

-- What scripts have is a path and methods; the rest lies apart.
local methods = {}
local Watch = {__name = "Watch", __index = methods}
local states = setmetatable({}, {__mode = "k"})

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

-- ----------------------------------------------------------------- listening

-- -> true, or nil, message, code
local function listen(w, path, id, only)
  if not parts.is_far(path) then return w.module.add(w.handle, path, id, only) end
  w.polled[id] = true
  insert(w.polls, id)
  return true
end

local function listen_no_more(w, id)
  w.polled[id] = nil
  w.module.drop(w.handle, id)
end

local function look_at_polled(w)
  local left = {}
  for _, id in ipairs(w.polls) do
    if w.polled[id] then
      insert(left, id)
      insert(w.todo, {id = id, whole = true, touched = true})
    end
  end
  w.polls = left
end

-- ------------------------------------------------------------------- anchors

-- What happens to the path itself is told by the directory that it is in, or would be in.
local function anchor(w, path)
  local directory, name = split(path or ".")
  while directory do
    local ok, message, code = listen(w, directory, w.next_id, name)
    if ok then
      w.is_anchor[w.next_id] = true
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
  local old = w.is_anchor
  w.real = parts.real(w.at_path) or w.real
  w.is_anchor = {}
  local ok, message, code = anchor(w, w.at_path)
  if ok and w.real ~= w.at_path then ok, message, code = anchor(w, w.real) end
  for id in next, old do listen_no_more(w, id) end
  w.dropped = true
  return ok, message, code
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

local function is_entered(w, node, entry)
  return entry.directory and (w.recursive or node == w.top)
end

-- One that could not be entered may let us in by now.
local function compare_one(w, node, name, old, new, hinted)
  if is_changed(old, new, hinted) then insert(w.batch.changed, {node, name}) end
  old.version, old.at, old.fresh = new.version, new.at, new.fresh
  if is_entered(w, node, old) and not old.node then
    insert(w.batch.come, {node = node, name = name, entry = old, is_known = true})
  end
end

local function compare(w, node, name, new, hinted)
  local old = node.entries[name]
  if old and new and old.id == new.id and old.directory == new.directory then
    return compare_one(w, node, name, old, new, hinted)
  end
  node.entries[name] = new
  if old then insert(w.batch.gone, {path = path_in(node, name), entry = old}) end
  if new then insert(w.batch.come, {node = node, name = name, entry = new}) end
end

local function compare_all(w, node, found)
  for _, name in ipairs(parts.sorted(node.entries)) do
    if not found[name] then compare(w, node, name, nil, false) end
  end
  for _, name in ipairs(parts.sorted(found)) do compare(w, node, name, found[name], false) end
end

-- --------------------------------------------------------------------- looking

local MISSING = {ENOENT = true, ENOTDIR = true, EACCES = true, ELOOP = true, ENAMETOOLONG = true}

-- The names that are hinted at, and those of them whose content was.
local function names_of(hint)
  local names, changed = {}, {}
  for i, hinted in ipairs(hint) do
    names[i] = sub(hinted, 2)
    changed[names[i]] = sub(hinted, 1, 1) == "!"
  end
  return names, changed
end

-- -> true, or nil, message, code
local function look_at_top(w, hint)
  local hinted = false
  for _, name in ipairs(hint) do hinted = hinted or sub(name, 1, 1) == "!" end
  local ok, message, code = set_anchors(w)
  if not ok then return nil, message, code end
  local entry
  entry, message, code = parts.look(w.at_path)
  if not entry and not MISSING[code] then return nil, message, code end
  compare(w, w.top, "", entry, hinted)
  return true
end

-- What lies elsewhere by now is looked at when it is known where.
-- -> true, or nil, message, code
local function look_at(w, node, hint)
  local names, changed = names_of(hint)
  if hint.whole or hint.touched then names = nil end
  local found, own, code = parts.list(path_of(node), node.parent == w.top, names)
  if not found and not MISSING[code] then return nil, own, code end
  if not found or own.id ~= node.entry.id then
    w.stale[node.id] = true
    return true
  end
  if names then
    for _, name in ipairs(names) do compare(w, node, name, found[name], changed[name]) end
  else
    compare_all(w, node, found)
  end
  return true
end

-- -> true, or nil, message, code
local function look(w)
  while w.todo[w.looked] do
    local hint = w.todo[w.looked]
    local node, ok, message, code = w.nodes[hint.id], true, nil, nil
    if node then
      ok, message, code = look_at(w, node, hint)
    elseif w.is_anchor[hint.id] then
      ok, message, code = look_at_top(w, hint)
    end
    if not ok then return nil, message, code end
    w.looked = w.looked + 1
  end
  w.todo, w.looked = {}, 1
  return true
end

-- What was not where it was looked for may have been found.
local function look_again(w)
  if not w.moved then return end
  w.moved = false
  for id in next, w.stale do
    if w.nodes[id] then insert(w.todo, {id = id, whole = true}) end
  end
  w.stale = {}
end

-- -------------------------------------------------------------------- renaming

-- Of all that is gone, and was in it.
local function index_gone(item, by_id)
  by_id[item.entry.id] = item
  local node = item.entry.node
  if not node then return end
  for _, name in ipairs(parts.sorted(node.entries)) do
    local path = sub(item.path, -1) == "/" and item.path .. name or item.path .. "/" .. name
    local child = {path = path, entry = node.entries[name]}
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
  from.entry.node = nil
  item.entry.node, node.entry = node, item.entry
  node.parent, node.name = item.node, item.name
  w.moved = true
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
    if item.is_known or not pair(w, item, by_id) then left[#left + 1] = item end
  end
  batch.come, batch.by_id = left, {}
  for _, item in ipairs(batch.gone) do
    if not item.renamed then index_gone(item, batch.by_id) end
  end
end

-- ------------------------------------------------------------------ directories

local function drop_node(w, node)
  listen_no_more(w, node.id)
  w.nodes[node.id], w.stale[node.id] = nil, nil
  w.dropped = true
  for _, entry in next, node.entries do
    if entry.node then drop_node(w, entry.node) end
  end
end

local function new_node(w, item)
  local node = {id = w.next_id, parent = item.node, name = item.name, entry = item.entry, entries = {}}
  w.next_id = w.next_id + 1
  local ok, message, code = listen(w, path_of(node), node.id)
  if not ok then return nil, message, code end
  item.entry.node = node
  w.nodes[node.id] = node
  return node
end

-- What is gone before it was entered, or lets nobody in, is no more than a name; but the path
-- itself has to be there in the beginning.
local function may_be_missing(w, item, code)
  return MISSING[code] and not (w.begins and item.node == w.top)
end

-- Listens to a new directory and then looks what is there already.
-- -> true, or nil, message, code
local function enter(w, item)
  local node, message, code = item.entry.node, nil, nil
  if not node then
    node, message, code = new_node(w, item)
    if not node then return may_be_missing(w, item, code), message, code end
  end
  local found, own, why = parts.list(path_of(node), item.node == w.top)
  if found and own.id == item.entry.id then
    for _, name in ipairs(parts.sorted(found)) do
      node.entries[name] = found[name]
      insert(w.batch.come, {node = node, name = name, entry = found[name]})
    end
    return true
  end
  drop_node(w, node)
  item.entry.node = nil
  if found then return true end -- another one by now, of which there is a hint
  return may_be_missing(w, item, why), own, why
end

-- -> true, or nil, message, code
local function settle(w)
  local batch = w.batch
  while batch.come[batch.at] do
    local item = batch.come[batch.at]
    if item.is_known or item.is_new or not pair(w, item, batch.by_id) then
      item.is_new = true
      if is_entered(w, item.node, item.entry) then
        local ok, message, code = enter(w, item)
        if not ok then return nil, message, code end
      end
      if not item.is_known then insert(batch.created, item) end
    end
    batch.at = batch.at + 1
  end
  return true
end

-- ----------------------------------------------------------------------- events

-- As the script calls it, wherever its task's directory is.
local function called(w, path) return path and w.path .. sub(path, #w.at_path + 1) end

local function add_event(w, kind, path, from)
  insert(w.events, {kind = kind, path = called(w, path), from = called(w, from)})
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
  local ok, message, code = look(w)
  if not ok then return nil, message, code end
  if not w.batch.by_id then pair_all(w) end
  ok, message, code = settle(w)
  if not ok then return nil, message, code end
  tell(w)
  w.batch = nil
  if w.dropped then w.module.settle(w.handle) end
  w.dropped = false
  look_again(w)
  return true
end

-- -------------------------------------------------------------------- for scripts

local function in_words(w, message)
  local from, to = find(message, w.at_path, 1, true)
  return from and sub(message, 1, from - 1) .. w.path .. sub(message, to + 1) or message
end

local function has_event(w) return w.events[w.at] ~= nil end

local function take_event(w)
  local event = w.events[w.at]
  w.events[w.at] = false
  w.at = w.at + 1
  event.more = has_event(w) or nil
  if not event.more then w.events, w.at = {}, 1 end
  return event
end

local function next_event(w)
  while not has_event(w) do
    if not w.batch and #w.todo == 0 then
      if next(w.polled) then w.module.look(w.handle, w.poll) end
      if not w.module.wait(w.handle) then return nil end
      if w.module.take(w.handle, w.todo) then look_at_polled(w) end
    end
    local ok, message = advance(w)
    if w.closed then return nil end
    if not ok then parts.raise(in_words(w, message)) end
  end
  return take_event(w)
end

function Watch.__call(watch)
  local w = states[watch]
  if w.closed then parts.raise "the watch is closed" end
  if w.busy then parts.raise "another task waits for this watch" end
  local _ <close> = w.guard
  w.busy = true
  parts.turn()
  return next_event(w)
end

local function close(w)
  w.closed = true
  w.module.close(w.handle)
end

function methods.close(watch)
  if not states[watch] then
    parts.raise "fs.watch: close() is a method of what it gives: watch:close()"
  end
  close(states[watch])
end

function Watch.__close(watch) close(states[watch]) end

function Watch.__tostring(watch) return format("Watch of '%s'", watch.path) end

local function new_watch(path, at, options, module, handle)
  local w = {path = path, at_path = at, module = module, handle = handle, recursive = options.recursive,
    nodes = {}, is_anchor = {}, next_id = 1, todo = {}, looked = 1, stale = {}, events = {}, at = 1,
    begins = true, polled = {}, polls = {}, poll = options.poll or POLL}
  w.top = {path = at, entries = {}}
  w.guard = setmetatable({}, {__close = function() w.busy = false end})
  return w
end

-- What is there at the beginning is no event.
local function begin(w)
  local ok, message, code = set_anchors(w)
  if not ok then return nil, message, code end
  local entry
  entry, message, code = parts.look(w.at_path)
  if not entry then return nil, message, code end
  w.batch = new_batch()
  compare(w, w.top, "", entry)
  pair_all(w)
  ok, message, code = settle(w)
  if not ok then return nil, message, code end
  w.batch, w.begins = nil, false
  return true
end

-- The watch; or nil, message, code.
local function open(path, at, options)
  local module, message, code = parts.module("watch", "async.fs.watch", "libuv1-dev")
  if not module then return nil, message, code end
  local debounce = options.debounce
  local handle
  handle, message, code = module.open(path, debounce == nil and DEBOUNCE or debounce or 0)
  if not handle then return nil, message, code end
  local w = new_watch(path, at, options, module, handle)
  local ok
  ok, message, code = begin(w)
  if not ok then
    close(w)
    return nil, in_words(w, message), code
  end
  local watched = setmetatable({path = path}, Watch)
  states[watched] = w
  return watched
end

-- To be tail-called by the function that scripts call, which has looked at all; `at` is where the
-- path leads.  A loop has nobody to look at what was refused.
local function watch(path, at, options)
  parts.enter()
  local watched, message, code = open(path, at, options)
  local in_loop = parts.for_closes()
  if in_loop and not watched then parts.raise(message) end
  if in_loop then return watched, nil, nil, watched end
  return watched, message, code
end

return {watch = watch}
