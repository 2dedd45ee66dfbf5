local function try(code, ...)
  print(select(2, pcall(async.thread, load("return " .. code, "=t"), ...)))
end
try "async.process.run{'true'}"  -- expect: t:1: async.process.run: processes belong to the main thread
try "async.signal.wait 'INT'"    -- expect: t:1: async.signal.wait: signals belong to the main thread
try "async.stdin:read()"         -- expect: t:1: async.stdin.read: standard input belongs to the main thread
try "io.read()"                  -- expect: t:1: io.read: standard input belongs to the main thread
try "io.lines()"                 -- expect: t:1: io.lines: standard input belongs to the main thread
try "io.stdin:read()"            -- expect: t:1: io.stdin.read: standard input belongs to the main thread
try "io.popen 'true'"            -- expect: t:1: io.popen: processes belong to the main thread
try "os.execute 'true'"          -- expect: t:1: os.execute: processes belong to the main thread
try "os.exit(1)"                 -- expect: t:1: os.exit: the end of the run belongs to the main thread
try "os.setlocale 'C'"           -- expect: t:1: os.setlocale: the locale belongs to the main thread
try "async.progress{total = 1}"  -- expect: t:1: async.progress: the terminal belongs to the main thread
try "async.confirm 'so?'"         -- expect: t:1: async.confirm: the terminal belongs to the main thread
try "async.args{}"                -- expect: t:1: async.args: the command line belongs to the main thread
