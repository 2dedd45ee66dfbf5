-- SPDX-License-Identifier: MIT
--
-- scopes.lua -- regions: scopes, deadlines and shields.

return function(stage)
  local host, model, play = stage.host, stage.model, stage.play
  local fail, name, sync = model.fail, model.name, model.sync
  local resumed, in_force = model.resumed, model.in_force
  local pack, unpack = table.pack, table.unpack
  local pick, say, watch = stage.pick, stage.say, stage.watch
  local new_value, same_error = stage.new_value, stage.same_error
  local check_values, inside, exec = stage.check_values, stage.inside, stage.exec
  local entry, leaf = stage.entry, stage.leaf
  local nothing, start, scopes = stage.nothing, stage.start, stage.scopes

  -- Runs fn(body), where fn opens a region, as async.scope does.  on_end(err) is
  -- called when the body has ended, check(err, results) when fn has.
  local function in_region(task, op, X, region, fn, on_end, check)
    local returned
    local stuck, steps = task.stuck, host.steps(task.handle)
    local _ <close> = watch(function(err)
      task.stuck = stuck
      if not returned then check(err) end
    end)
    local inner = inside(X, {unwind_stuck = stuck})
    if region.kind == "scope" then inner.scope = region end
    local results = pack(fn(function(object)
      task.region, region.handle = region, object
      if region.at then model.deadlines[region] = true end
      local _ <close> = watch(function(err)
        task.stuck = stuck
        region.at_once = err == nil and host.steps(task.handle) == steps
        on_end(err)
      end)
      if region.kind == "scope" then
        scopes[#scopes + 1] = region
        for i = 1, op.children do
          start(task, op.n + i, false, region, function(...) return object:spawn(...) end)
        end
      end
      exec(task, op.body, inner)
      return task.id, nil, op.n
    end))
    returned = true
    check(nil, results)
  end

  local function expect(task, what, want_error, want_results, err, results)
    if results and want_error ~= nil then
      fail("%s: %s returned instead of raising %s", name(task), what, host.show(want_error))
    elseif results then
      check_values(task, what, want_results, results)
    elseif want_error == nil then
      fail("%s: %s raised %s", name(task), what, host.show(err))
    elseif not same_error(err, want_error) then
      fail("%s: %s raised %s instead of %s", name(task), what, host.show(err),
        host.show(want_error))
    end
  end

  -- The function of a deadline or shield has returned, perhaps without a wait.
  local function pause_at_end(task, region)
    if not region.at_once or model.ended then return end
    sync()
    if not model.has_gone_on(task) then return end
    region.wait = model.begin_wait(task, {kind = "turn", at_once = true})
  end

  function play.shield(task, op, X)
    say(task, "shield")
    local region = model.new_region(task, "shield", X.co)
    local got
    in_region(task, op, X, region, async.shield, function(err)
      got = err
      task.region = region.outer
      say(task, "end of shield")
      pause_at_end(task, region)
    end, function(err, results)
      if region.wait then resumed(task) end
      expect(task, "shield", got, {n = 3, task.id, nil, op.n}, err, results)
    end)
  end

  local function is_taken(at)
    for region in pairs(model.deadlines) do
      if region.at == at then return true end
    end
    return false
  end

  function play.timeout(task, op, X)
    local fn = op.moves_on and async.move_on_after or async.with_timeout
    local what = ("timeout of %s s"):format(op.seconds)
    local want = entry(task, what, true)
    if want then return leaf(task, what, true, nil, nil, fn, op.seconds, nothing) end
    -- The contract does not say which of two deadlines at one time comes first.
    local seconds = op.seconds
    while seconds < math.huge and is_taken(host.clock() + math.max(seconds, 0)) do
      seconds = math.max(seconds, 0) + 2 ^ -20
    end
    say(task, "%s, at %s", what, host.clock() + math.max(seconds, 0))
    local region = model.new_region(task, "deadline", X.co)
    region.at = host.clock() + math.max(seconds, 0)
    local got, own
    in_region(task, op, X, region, function(call) return fn(seconds, call) end, function(err)
      got = err
      own = err ~= nil and region.cause ~= nil and region.cause.object == err
      if own and not model.is_in_force(task, err) then fail("%s: in no force", name(task)) end
      task.region = region.outer
      model.deadlines[region] = nil
      say(task, "end of %s%s", what, own and ", its own" or "")
      pause_at_end(task, region)
    end, function(err, results)
      if region.wait then resumed(task) end
      if not own then
        return expect(task, what, got, {n = 3, task.id, nil, op.n}, err, results)
      elseif op.moves_on then
        return expect(task, what, nil, {n = 2, nil, "timeout"}, err, results)
      end
      if results or type(err) ~= "table" or err.kind ~= "timeout" or err.seconds ~= seconds then
        fail("%s: %s gave %s", name(task), what, host.show(err))
      end
    end)
  end

  local function contains(list, value)
    for _, item in ipairs(list) do
      if rawequal(item, value) then return true end
    end
    return false
  end

  -- What a scope has to raise because of errors, or nil; is_own: is it only its
  -- function's?
  local function check_errors(task, scope, err, results)
    local all = {unpack(scope.failures)}
    local raised = scope.outcome == "raised" and not contains(all, scope.error)
    if raised then table.insert(all, scope.before + 1, scope.error) end
    if #all == 0 then return false end
    if #all == 1 then
      expect(task, "scope", all[1], nil, err, results)
      return true
    end
    local same = not results and type(err) == "table" and err.kind == "errors" and err.n == #all
    for i = 1, #all do same = same and same_error(err[i], all[i]) end
    if not same then fail("%s: scope gave %s for %d errors", name(task), host.show(err), #all) end
    return true
  end

  local function end_scope(task, op, scope, err, results)
    local wait = scope.wait
    local hit = false
    if wait then
      resumed(task)
      if not wait.done or #scope.children > 0 then
        fail("%s: a scope ended before its children", name(task))
      end
      hit = wait.hit
    end
    task.region, scope.ended = scope.outer, true
    say(task, "end of scope: %s", results and "returned" or host.show(err))
    if check_errors(task, scope, err, results) then return end
    if scope.outcome == "unwound" and not scope.own then
      return expect(task, "scope", scope.error, nil, err, results)
    end
    local cause = hit and in_force(task)
    if cause then
      if results then return fail("%s: scope forgot a cancellation", name(task)) end
      task.deliveries = (task.deliveries or 0) + 1
      return model.meet(task, cause, err)
    end
    if scope.asked then
      return expect(task, "scope", nil, {n = 2, nil, "cancelled"}, err, results)
    end
    expect(task, "scope", nil, {n = 3, task.id, nil, op.n}, err, results)
  end

  local function end_scope_body(task, scope, err)
    sync()
    scope.error = err
    if err == nil then
      scope.outcome = "returned"
    elseif model.is_in_force(task, err) then
      scope.outcome = "unwound"
      scope.own = scope.cause ~= nil and scope.cause.object == err
    else
      scope.outcome, scope.before = "raised", #scope.failures
      model.cancel_region(scope, "a task of its scope failed")
    end
    say(task, "body of scope %s, %d children", scope.outcome, #scope.children)
    local empty = #scope.children == 0
    if empty and (not scope.at_once or #scope.failures > 0 or not model.has_gone_on(task)) then
      return
    end
    scope.wait = {kind = "scope", firm = true, scope = scope, hit = in_force(task) ~= nil,
      at_once = empty}
    model.begin_wait(task, scope.wait)
  end

  function play.scope(task, op, X)
    local want = entry(task, "scope", true)
    if want then return leaf(task, "scope", true, nil, nil, async.scope, nothing) end
    say(task, "scope")
    local scope = model.new_region(task, "scope", X.co)
    in_region(task, op, X, scope, async.scope, function(err)
      end_scope_body(task, scope, err)
    end, function(err, results) end_scope(task, op, scope, err, results) end)
  end

  -- One of the scopes, mostly one that is open; there those whose children have
  -- all ended, and that are about to, come first.
  local function pick_scope(n)
    sync()
    local open = {}
    for _, scope in ipairs(scopes) do
      if not scope.ended then open[#open + 1] = scope end
      if scope.wait and scope.wait.done and not scope.ended then return scope end
    end
    return pick(#open > 0 and n % 8 > 0 and open or scopes, n)
  end

  -- Any task may use the scope of any other.
  function play.scope_spawn(task, op)
    if #scopes == 0 or #model.tasks >= stage.made.most_tasks then return end
    local scope = pick_scope(op.n)
    if not scope.ended then
      start(task, op.m, false, scope, function(...) return scope.handle:spawn(...) end)
      return
    end
    local ok, message = pcall(scope.handle.spawn, scope.handle, nothing)
    if ok or not tostring(message):find("the scope has ended", 1, true) then
      fail("%s: spawn in an ended scope gave %s", name(task), tostring(message))
    end
  end

  function play.scope_cancel(task, op, X)
    local scope = op.own and X.scope or #scopes > 0 and pick_scope(op.n)
    if not scope then return end
    local reason = "scope " .. new_value()
    local took = model.cancel_region(scope, reason)
    if took then scope.asked = true end
    say(task, "cancels a scope of %s: %s", name(scope.task), took)
    if scope.handle:cancel(reason) ~= took then
      fail("%s: cancel() of a scope of %s did not give %s", name(task), name(scope.task),
        tostring(took))
    end
  end
end
