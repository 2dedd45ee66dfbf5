local generator = coroutine.wrap(function()
  async.scope(function()
    async.shield(function()
      print(select(2, pcall(coroutine.yield)))     -- expect: cannot yield out of async.shield (opened at $FILE:3)
    end)
    print(select(2, pcall(coroutine.yield)))       -- expect: cannot yield out of async.scope (opened at $FILE:2)
  end)
  coroutine.yield "free"
end)
print(generator())                                 -- expect: free
