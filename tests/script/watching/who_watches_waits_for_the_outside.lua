-- options: --timeout=0.5
-- Nobody is stuck: the outside may end it.
local event = async.event "never"
spawn({name = "stuck"}, function() event:wait() end)
-- expect status: 124
-- expect stderr: timed out with 2 tasks
for _ in async.fs.watch "tests" do end
