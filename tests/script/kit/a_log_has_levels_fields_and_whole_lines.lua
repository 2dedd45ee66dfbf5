local log = async.log
io.stderr:write("unfinished")
log.info("started", {port = 80, name = "two words", quoted = 'a "b"', empty = ""})
-- expect stderr is: unfinished
-- expect stderr: Z INFO  started empty="" name="two words" port=80 quoted="a \"b\""
log.debug("not shown")
log.warn("two\nlines\27[2J")
-- expect stderr: Z WARN  two\nlines\x1b[2J
print(log.level()) -- expect: info
print(log.level("error")) -- expect: error
log.warn("not shown")
log.error(setmetatable({}, {__tostring = function() return "an object" end}))
-- expect stderr: Z ERROR an object
log.level("off")
log.error("not shown")
log.level("debug")
log.debug(42)
-- expect stderr: Z DEBUG 42
print(select(2, pcall(function() log.level("eror") end)):match(": (.*)"))
-- expect: log.level: 'eror' is no level, did you mean 'error'?
print(select(2, pcall(function() log.info("x", 3) end)):match(": (.*)"))
-- expect: log.info: the fields must be a table, got number
