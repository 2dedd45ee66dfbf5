-- SPDX-License-Identifier: MIT
--
-- adapter.lua -- what adapter() takes, what it opens, and when it asks the program to
-- come back.
--
-- It sees nothing of the program's globals.  `self` is the adapter of module.c, which
-- has the functions is_open, read_clock, come, open_parts and replace.  Whatever may
-- run the program's code, and that is also a finalizer where a closure is made, may close
-- the adapter and make requests: so that comes first, and then state is looked at.

local adapter = {}

-------------------------------------------------------------------- options

local known = {
  globals = {kind = "boolean", fits = function(value) return type(value) == "boolean" end},
  on_error = {kind = "function", fits = is_callable},
}

-- Are globals to be set, and who hears of errors?  Mistakes are those of the line that
-- calls adapter().
function adapter.check_options(options)
  local globals, on_error = true, nil
  for key, value in next, options or {} do
    local option = known[key]
    if not option then
      error(format("adapter: unknown option '%s' (there are globals and on_error)",
        tostring(key)), 3)
    elseif not option.fits(value) then
      error(format("adapter: option '%s' must be a %s, got %s", key, option.kind,
        type(value)), 3)
    end
    if key == "globals" then globals = value else on_error = value end
  end
  return globals, on_error
end

------------------------------------------------------------------- requests

-- How often a request is made that is called at once, before that is a mistake.
local MOST_TRIES <const> = 2

-- The function that asks call_later() for a pass: ask(due, level).
function adapter.make_ask(self, call_later)
  local dues = {} -- times of the requests that it has taken and not called, the earliest last

  -- A program cannot be told to forget a request, so one is made only when it is to come
  -- before all others: the list gets earlier to its end.
  local function comes_in_time(due)
    return #dues > 0 and dues[#dues] <= due
  end

  local function forget(due)
    for i = #dues, 1, -1 do
      if dues[i] == due then return remove(dues, i) end
    end
  end

  -- Has call_later() call back.  False: it has called already.  In a task that runs the
  -- program's loop the function leaves the rest to the pass under way, and to the next
  -- request while call_later() has not returned.
  local function request(due)
    local handing, called = true, false
    local function come_back()
      if not is_open(self) or called then return end
      called = true
      forget(due) -- no memory is asked for from here to the pass: is_open() had it
      if not handing then come(self) end
    end
    -- Finalizers may have taken their time: the clock is read when all is made.
    local seconds = max(0.0, due - read_clock(self))
    if not is_open(self) or comes_in_time(due) then return true end
    dues[#dues + 1] = due
    local worked, why = try(call_later, seconds, come_back)
    handing = false
    if not worked then
      if not called then forget(due) end
      called = true
      error(why, 0)
    end
    return not called
  end

  -- Has the program come back at `due`, unless it does already; what is past is soon.  A
  -- call_later() that runs the program's loop may have called the function by then: that
  -- is a mistake only when it does so again.
  return function(due, level)
    if due == huge then return end
    due = max(due, read_clock(self))
    for _ = 1, MOST_TRIES do
      if not is_open(self) or comes_in_time(due) or request(due) then return end
    end
    if is_open(self) then error("call_later must not call the function at once", level) end
  end
end

-------------------------------------------------------------------- opening

local NAMES <const> = {"await", "sleep", "spawn", "runner"}

-- The methods get what the module's table has of the library, and the globals the same.
function adapter.open(self, module, methods, with_globals)
  methods.async = module
  for _, name in ipairs(NAMES) do methods[name] = module[name] end
  if not with_globals then return end
  open_parts(self)
  replace(self, "async", module)
  for _, name in ipairs(NAMES) do replace(self, name, methods[name]) end
end

return adapter
