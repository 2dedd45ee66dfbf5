spawn({daemon = true}, function()
  local guard <close> = async.defer(function(err) print(err.kind, err.reason) end)
  async.event():wait()
end)
sleep(1)
-- expect: cancelled	the run has ended
