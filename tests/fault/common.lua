-- What all chapters use.  closed, entered and log are C functions of scenario.c.

local closes = {__close = closed}

-- A to-be-closed value.  entered() asks for no memory: from there on it must be
-- closed, exactly once.
function guard()
  local g = setmetatable({n = 0}, closes)
  g.n = entered()
  return g
end

-- Calls a function that may fail, and logs with what: nothing is hushed up.
function try(fn, ...)
  local result = table.pack(pcall(fn, ...))
  if not result[1] then log("failed:", result[2]) end
  return table.unpack(result, 2, result.n)
end

-- Says as one word what a value is, if it is an error object of the library's.
function kind(value)
  return type(value) == "table" and value.kind or value
end
