local function message(...)
  local _, text = pcall(...)
  print(text:match("^(.-%.lua:%d+: %a+:)"))
end
message(function()
  async.any{}                                      -- expect: $FILE:$LINE: any:
end)
message(function()
  async.race{}                                     -- expect: $FILE:$LINE: race:
end)
message(function()
  async.all(7)                                     -- expect: $FILE:$LINE: all:
end)
message(function()
  async.all{print, 7}                              -- expect: $FILE:$LINE: all:
end)
message(function()
  async.map({}, nil)                               -- expect: $FILE:$LINE: map:
end)
message(function()
  async.retry(0, print)                            -- expect: $FILE:$LINE: retry:
end)
message(function()
  async.every(0, print)                            -- expect: $FILE:$LINE: every:
end)
