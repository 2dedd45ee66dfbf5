-- Its value takes its place before anybody else can send.
local ch = async.channel(1)
ch:send("first")
spawn(function() ch:send("waited") end)
sleep(0)
print(ch:recv())                                   -- expect: first
spawn(function() ch:send("came later") end)
sleep(0)
print(ch:recv(), ch:recv())                        -- expect: waited	came later
