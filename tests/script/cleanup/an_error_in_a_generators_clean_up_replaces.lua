-- The cancellation ends the generator, its clean-up fails: that is what the
-- resumer gets, as an ordinary error.
local function failing()
  local guard <close> = async.defer(function() error("in clean-up", 0) end)
  sleep(10)
end
local task = spawn(function()
  local co = coroutine.create(failing)
  print(coroutine.resume(co))                      -- expect: false	in clean-up
  print(coroutine.status(co))                      -- expect: dead
  local ok, message = pcall(coroutine.wrap(failing))
  print(ok, message)                               -- expect: false	in clean-up
  print(coroutine.resume(coroutine.create(function()
    coroutine.wrap(failing)()
  end)) == false)                                  -- expect: true
  local last <close> = async.defer(function(err) print(err) end)
  coroutine.wrap(sleep)(1)
  print "never"
end)
sleep(1)
task:cancel "enough"
print((task:pawait()))
-- expect: cancelled: enough
-- expect: false
