-- SPDX-License-Identifier: MIT
--
-- place.lua -- the directory of a task, and where paths lead from there.
--
-- Nothing calls chdir: a task's relative paths are made to begin at its directory.

local place = {}

local directory = async.task_local()

-- The task's directory, absolute; nil: the program's.
function place.directory() return directory:get() end

function place.set(path) directory:set(path) end

-- The path as the system is to have it.
function place.of(path)
  local from = byte(path) ~= 47 and path ~= "" and directory:get()
  if not from then return path end
  return from == "/" and "/" .. path or from .. "/" .. path
end

return place
