print(require "tinyasync" == async)                -- expect: true
print(type(async.now()), async.current() ~= nil)   -- expect: number	true
