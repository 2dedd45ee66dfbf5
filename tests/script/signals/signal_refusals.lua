-- What is no signal, or cannot be had, raises at the script's line.
local signal = async.signal
local function refuse(call, ...) print((select(2, pcall(call, ...)):gsub("^.-:%d+: ", ""))) end
local on, wait = function(...) signal.on(...) end, function(...) signal.wait(...) end

refuse(on, "HUPP", print)
-- expect: signal.on: there is no signal 'HUPP', did you mean 'HUP'?
refuse(on, "SIGTERM", print)
-- expect: signal.on: there is no signal 'SIGTERM', did you mean 'TERM'?
refuse(on, "int", print)
-- expect: signal.on: there is no signal 'int', did you mean 'INT'?
refuse(wait, "elephant")
-- expect: signal.wait: there is no signal 'elephant'
refuse(on, 15, print)
-- expect: signal.on: expected a signal's name, such as "HUP", got number
refuse(on, "HUP\0", print)
-- expect: signal.on: a name has no zero byte
refuse(on, "HUP")
-- expect: signal.on: expected a function as argument 2, got nil
refuse(on, "HUP", print, true)
-- expect: signal.on: options must be a table, got boolean
refuse(on, "HUP", print, {forced = true})
-- expect: signal.on: unknown option 'forced', did you mean 'force'?
refuse(on, "HUP", print, {force = "no"}) -- expect: signal.on: force must be true or false, got string
refuse(wait)
-- expect: signal.wait: expected the name of a signal
refuse(wait, "HUP", nil)
-- expect: signal.wait: expected a signal's name, such as "HUP", got nil
for _, name in ipairs {"KILL", "STOP", "SEGV", "ABRT", "ALRM", "TTIN"} do refuse(on, name, print) end
-- expect: signal.on: KILL cannot be taken over: the system lets nobody catch it
-- expect: signal.on: STOP cannot be taken over: the system lets nobody catch it
-- expect: signal.on: SEGV cannot be taken over: after it no program can go on
-- expect: signal.on: ABRT cannot be taken over: after it no program can go on
-- expect: signal.on: ALRM cannot be taken over: tinyasync has its clock in it
-- expect: signal.on: TTIN cannot be taken over: it is for who shares the terminal, which tinyasync sees to
local ok, message = pcall(function()
  signal.on("KILL", print) -- expect: true
end)
print(message:find("signal_refusals.lua:37:", 1, true) ~= nil)
