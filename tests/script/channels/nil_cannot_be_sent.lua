local ch = async.channel(3)
print(pcall(ch.send, ch, nil))                     -- expect: false	send: cannot send nil
print(pcall(ch.send, ch))                          -- expect: false	send: cannot send nil
print(pcall(function()
  ch:send(nil)             -- expect: false	$FILE:$LINE: send: cannot send nil
end))
print(#ch)                                         -- expect: 0
