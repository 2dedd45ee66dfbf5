-- options: --virtual-time --trace
local jobs = async.channel(4, "jobs")
async.actions.fly = function(_, wake) Wake = wake end
local sub = spawn({name = "sub"}, function()
  jobs:recv()
  coroutine.yield{action = "fly"}
end)
spawn({name = "last"}, function()
  sub:await()
  async.checkpoint()
  coroutine.yield()
end)
sleep(1)
jobs:send "job"
sleep(1)
Wake()
-- expect stderr: #2 sub                                yield   recv on channel 'jobs' (0 of 4)                    $FILE:5
-- expect stderr: #3 last                               yield   await #2 sub                                       $FILE:9
-- expect stderr: #2 sub                                wake
-- expect stderr: #2 sub                                yield   fly                                                $FILE:6
-- expect stderr: #2 sub                                return
-- expect stderr: #3 last                               wake
-- expect stderr: #3 last                               yield   checkpoint                                         $FILE:10
-- expect stderr: #3 last                               yield   turn                                               $FILE:11
-- expect stderr: #3 last                               return
