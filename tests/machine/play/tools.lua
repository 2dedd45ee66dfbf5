-- SPDX-License-Identifier: MIT
--
-- tools.lua -- what all operations are made with: picking, telling, new values and
-- errors, to-be-closed variables that watch, comparing.

return function(stage)
  local host, model = stage.host, stage.model
  local fail, name = model.fail, model.name

  local values, errors = 0, 0

  local function pick(list, n)
    return list[(n - 1) % #list + 1]
  end

  local function say(task, format, ...)
    if host.verbose then
      host.say(("%s %s"):format(task and name(task) or "runner", format:format(...)))
    end
  end

  -- A to-be-closed value that calls fn(err), once.
  local watch_meta = {}
  function watch_meta.__close(watch, err)
    if watch.closed then fail("a to-be-closed variable was closed twice") end
    watch.closed = true
    model.left = model.left + 1
    local skips = not watch.always and (model.ended or model.dooming and not watch.of_body)
    if not skips then watch[1](err) end
  end
  local function watch(fn)
    model.entered = model.entered + 1
    return setmetatable({fn}, watch_meta)
  end

  -- A number that nothing else in the program is.
  local function new_value()
    values = values + 1
    return values
  end

  local test_meta = {__tostring = function(err) return "test error " .. err.number end}
  local function new_error()
    errors = errors + 1
    return setmetatable({kind = "test", number = errors}, test_meta)
  end

  -- A string gets a position in front where it passes through coroutine.wrap.
  local function same_error(got, want)
    if rawequal(got, want) then return true end
    if type(got) ~= "string" or type(want) ~= "string" then return false end
    return got:sub(-#want) == want
  end

  local function check_values(task, what, want, got)
    local same = want.n == got.n
    for i = 1, want.n do same = same and rawequal(want[i], got[i]) end
    if same then return end
    local words = {{}, {}}
    for i, list in ipairs{want, got} do
      for j = 1, list.n do words[i][j] = host.show(list[j]) end
    end
    fail("%s: %s gave (%s), expected (%s)", name(task), what, table.concat(words[2], ", "),
      table.concat(words[1], ", "))
  end

  -- Where an operation stands: co, the innermost coroutine; unwind_stuck, whether
  -- clean-up that an error causes cannot wait; in a callback of a C function; below
  -- an xpcall with a handler; scope, the innermost.  This is X with changes.
  local function inside(X, changes)
    return {
      co = X.co, scope = X.scope, callback = changes.callback or X.callback,
      handler = changes.handler or X.handler,
      unwind_stuck = changes.unwind_stuck,
    }
  end

  -- To be closed last in a task: when the task has ended, and with which error.
  local function noted_end(record)
    return setmetatable({}, {__close = function(_, err)
      model.ends = model.ends + 1
      record.ended_as, record.raised = model.ends, err
    end})
  end

  stage.pick = pick
  stage.say = say
  stage.watch = watch
  stage.new_value = new_value
  stage.new_error = new_error
  stage.same_error = same_error
  stage.check_values = check_values
  stage.inside = inside
  stage.noted_end = noted_end
end
