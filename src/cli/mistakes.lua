-- SPDX-License-Identifier: MIT
--
-- mistakes.lua -- recognises what beginners get wrong, and says what to write.
--
-- It runs in a Lua state of its own, with the library opened in it, and not before
-- something has failed: what there is to call it asks the library.  A recogniser
-- gets a case and returns a hint, or nothing; the first that answers is heard.
-- Nothing is suggested that is not near.  To add one, write a function and append
-- it to `recognisers`.

-- Opens the library; reads a source by the name that messages give it; the nearest word of a list.
local open, read, nearest_word = ...

-- ------------------------------------------------------------- what there is

local function sorted(set)
  local names = {}
  for name in pairs(set) do
    if type(name) == "string" and not name:find("^__") then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

local standard = {}
for name in pairs(_G) do standard[name] = true end
open()

local own_globals, everything = {}, {}
for name, value in pairs(_G) do
  if not standard[name] then own_globals[name] = value end
end
local function has(path) return path and everything[path] end
for name, value in pairs(own_globals) do
  everything[name] = value
  if type(value) == "table" then
    for field, item in pairs(value) do everything[name .. "." .. field] = item end
  end
end

-- The methods of each kind of objects, from their metatables.
local kinds = {}
for _, meta in pairs(debug.getregistry()) do
  local kind = type(meta) == "table" and rawget(meta, "__name")
  local index = kind and rawget(meta, "__index")
  if type(index) == "function" then index = select(2, debug.getupvalue(index, 2)) end
  if type(index) == "table" then kinds[kind] = index end
end

local function is_method(name)
  for _, methods in pairs(kinds) do
    if rawget(methods, name) then return true end
  end
end

local function listed(names)
  return #names < 2 and (names[1] or "nothing")
    or table.concat(names, ", ", 1, #names - 1) .. " and " .. names[#names]
end

-- What others call it.
local elsewhere = {
  abort = {"cancel"}, create_task = {"spawn"}, delay = {"sleep"}, done = {"status"},
  gather = {"all"}, get = {"recv"}, go = {"spawn"}, join = {"await"}, kill = {"cancel"},
  lock = {"acquire"}, mutex = {"lock"}, notify = {"set"}, pop = {"recv"}, push = {"send"},
  put = {"send"}, queue = {"channel"}, receive = {"recv"}, result = {"await"},
  run = {"spawn"}, signal = {"set"}, start = {"spawn"}, stop = {"cancel"}, timeout = {"with_timeout"}, unlock = {"release"},
  wait = {"sleep", "await", "recv", "acquire"}, wait_for = {"with_timeout"},
  write = {"send"}, read = {"recv"},
}

-- Globals elsewhere that are hardly anybody's own.
local global_elsewhere = {
  create_task = "spawn", delay = "sleep", gather = "async.all", wait = "sleep",
}

-- ------------------------------------------------------------------- nearness

-- The one of the names that is nearest, if a third of the letters or less is wrong, and how many
-- are; capitals do not count.
local function nearest(word, names)
  local lower, meant = {}, {}
  for i, name in ipairs(names) do
    lower[i] = name:lower()
    meant[lower[i]] = meant[lower[i]] or name
  end
  local best, changes = nearest_word(word:lower(), lower)
  return meant[best], changes
end

local function distance(word, name) return select(2, nearest(word, {name})) or math.huge end

-- The same for a word that was certainly meant for one of these names.
local function nearest_of(word, names)
  local best = nearest(word, names)
  if best then return best end
  local known = nearest(word, sorted(elsewhere))
  for _, other in ipairs(elsewhere[known] or {}) do
    for _, name in ipairs(names) do
      if name == other then return name end
    end
  end
  for _, name in ipairs(names) do
    local shorter = math.min(#name, #word)
    if shorter >= 3 and name:sub(1, shorter) == word:sub(1, shorter) then return name end
  end
end

-- ----------------------------------------------------------------- the case

local Case = {}
Case.__index = Case

-- Looks for the phrase after "FILE:LINE: " and returns its captures; the case is
-- about that place from then on.
function Case:find(phrase)
  local from = 1
  while true do
    local _, stop, file, line = self.text:find("([^\n\t:]+):(%d+): ", from)
    if not stop then return end
    local captures = table.pack(self.text:match("^" .. phrase, stop + 1))
    if captures[1] then
      self.file, self.number = file:match("^%s*(.*)$"), math.tointeger(tonumber(line))
      return table.unpack(captures, 1, captures.n)
    end
    from = stop + 1
  end
end

local sources = {} -- by name: lists of lines without comments, or false

function Case:lines()
  local name = self.file
  if sources[name] == nil then
    local text = read(name)
    sources[name] = text and {} or false
    for line in (text or ""):gmatch("([^\n]*)\n?") do
      table.insert(sources[name], (line:gsub("%-%-.*", "")))
    end
  end
  return sources[name] or {}
end

function Case:line() return self:lines()[self.number] or "" end

function Case:source() return table.concat(self:lines(), "\n") end

-- The text up to the end of the line before, and the line.
function Case:before() return table.concat(self:lines(), "\n", 1, math.min(self.number - 1, #self:lines())) end

-- This line, and the one before that is not empty.
function Case:two_lines()
  return (self:before():match("([^\n]*)%s*$") or "") .. "\n" .. self:line()
end

local keywords = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or
    repeat return then true until while]]):gmatch("%a+") do
  keywords[word] = true
end

local function plain(text) return (text:gsub("%p", "%%%0")) end

-- "work(1)" where the text begins with a call, or "work(...)".
local function call_in(text)
  local name = text:match("^[%a_][%w_.:]*")
  if not name then return end
  local arguments = text:match("^%s*(%b())", #name + 1)
  return name .. (arguments or "(...)")
end

-- The names that the source gives to things of its own.
function Case:own_names()
  local names, source = {}, self:source()
  for _, pattern in ipairs{"function%s+[%w_.:]-([%a_][%w_]*)%s*%(", "local%s+([%a_][%w_]*)",
      "([%a_][%w_]*)%s*=[^=]", "[(,]%s*([%a_][%w_]*)%s*%f[,)]"} do
    for name in source:gmatch(pattern) do names[name] = true end
  end
  return names
end

-- The names under which the source has the table of the library.
function Case:names_of_async()
  local source = self:source()
  local names = {async = not source:find("%f[%w_.]async%s*=[^=]")}
  for name, value in source:gmatch("([%a_][%w_]*)%s*=%s*([^\n;]+)") do
    if value:find("^async%s*$") or value:find("^async%s+[%a]")
        or value:find("^require%s*%(?%s*[\"']tinyasync[\"']") then
      names[name] = true
    end
  end
  return names
end

-- ------------------------------------------------------------ words too many

local function async_function(case)
  local near = case:find("([^\n]+ near .+)$")
  local name = near and case:two_lines():match("%f[%w_]async%s+function%s*([%w_.:]*)")
  if not name and case:find("attempt to index a nil value %(%a+ '(async)'%)") then
    name = case:source():match("%f[%w_]local%s+async%s+function%s*([%w_]*)")
  end
  if not name then return end
  local written = name == "" and "function()" or "function " .. name .. "(...)"
  return "functions need no 'async' here: write " .. written
end

local function without_await(call)
  return "waiting needs no 'await' here: write " .. call
end

-- For what follows the word: a call that waits, or something to wait for.
local function await_of(text)
  local object, rest = text:match("^([%a_][%w_.]*)%s*(.?)")
  if object and not rest:find("^[(:{\"'%[]") then
    return ("await is a function: write await(%s)"):format(object)
  end
  return without_await(call_in(text) or "it without")
end

-- What follows the word in `x = await fetch()`: for Lua these are two statements, and
-- what surprises it, if anything does, comes later.
local function awaited_in(text, pattern)
  local awaited = text:match(pattern .. "await%s+([%a_][^\n]*)")
  return awaited and not keywords[awaited:match("^[%w_]*")] and awaited or nil
end

local function awaited_in_assignment(line)
  return awaited_in(line, "=[^=\"']-%f[%w_.:]")
end

-- What was assigned so to the variable.
local function awaited_for(case, name)
  return awaited_in(case:source(), "%f[%w_]" .. name .. "%s*=%s*")
end

-- x + 1, table.concat(x), x < 1, where x is the function await.
local function await_as_value(case)
  local name = case:find("attempt to [^\n]- function value %(%a+ '([%a_][%w_]*)'%)")
  if name then return awaited_for(case, name) end
  if not case:find("(bad argument [^\n]*got function%))")
      and not case:find("(attempt to compare [^\n]*function)") then return end
  for word in case:line():gmatch("%f[%w_][%a_][%w_]*") do
    local awaited = awaited_for(case, word)
    if awaited then return awaited end
  end
end

local function await_word(case)
  local token = case:find("[^\n]+ near (.+)$")
  if token then
    token = token:match("^'(.+)'$") or token
    local lines = case:two_lines()
    local at = lines:match("%f[%w_.:]await%s+()%f[%w_{(]" .. plain(token))
    at = at or lines:match("%f[%w_.:]await[ \t]+()[%a_][%w_.]*%s*" .. plain(token))
      or token == "<eof>" and lines:match("%f[%w_.:]await[ \t]+()[%a_][%w_.]*%s*$")
    if at then return await_of(lines:sub(at)) end
    local awaited = awaited_in_assignment(case:line())
    return awaited and awaited:find(token, 1, true) and await_of(awaited) or nil
  end
  local awaited = await_as_value(case)
  return awaited and await_of(awaited)
end

-- What went wrong in a line that also has the word; more telling hints come first.
local function await_beside(case)
  local awaited = case:find("(.)") and awaited_in_assignment(case:line())
  return awaited and await_of(awaited)
end

-- ------------------------------------------------------------ what was left out

-- Is the word, with dots and colons, something of the library that is called?
local function is_called(word)
  local method = word:match("[.:]([%a_][%w_]*)$")
  if has(word) then return type(has(word)) == "function" end
  return method and not word:find("^async[.:]") and is_method(method)
end

local function begins_statement(text)
  local before = text:match("(%a*)%s*$")
  return text:find("^%s*$") or text:find("[;\n]%s*$") or text:find("%)%s*$")
    or before == "then" or before == "do" or before == "else" or before == "repeat"
end

-- What ends where the parser was surprised, if that is a word of the library.
local function word_before(text, is_method_call)
  if is_method_call then
    local word = text:match("([%w_.]*:[%a_][%w_]*)%s*$")
    return word and is_called(word) and word
  end
  local rest, word = text:match("^(.-)([%a_][%w_.]*)%s*$")
  if word and is_called(word) and begins_statement(rest) then return word end
end

local function forgotten_call(case)
  local what, token = case:find("([^\n]+) near (.+)$")
  if not what then return end
  local line, before = case:line(), case:before() .. "\n"
  local methods = what == "function arguments expected"
  token = token:match("^'(.*)'$") or token
  if token == "<eof>" then
    local word = word_before(case:source(), methods)
    return word and ("a function is called with parentheses: write %s()"):format(word)
  end
  local from = 1
  repeat
    local at, stop = line:find(token, from, true)
    local word = at and word_before(before .. line:sub(1, at - 1), methods)
    if word and line:sub(1, at - 1):find("%S") and not methods and not keywords[token] then
      return ("a function is called with parentheses: write %s(%s)"):format(word, token)
    elseif word then
      return ("a function is called with parentheses: write %s()"):format(word)
    end
    from = (stop or 0) + 1
  until not at
end

-- ------------------------------------------------------------------ wrong names

local function meant(word, text)
  return word and ("did you mean %s? %s"):format(word, text) or text
end

-- A method or field that an object of the library was asked for in vain.
local function missing_method(case)
  local kind, key = case.missed:match("^(.-)%.(.*)$")
  local how, name = case:find("attempt to call a nil value %((%a+) '([^']+)'%)")
  if not name or name ~= key or not kinds[kind] or how ~= "method" and how ~= "field" then return end
  local names = sorted(kinds[kind])
  local best = nearest_of(name, names)
  local object = case:line():match("([%w_%.%]]+)%s*[.:]%s*" .. plain(name) .. "%f[^%w_]")
  object = object or kind:lower()
  local article = kind:find("^[AEIOU]") and "an" or "a"
  return meant(best and object .. ":" .. best,
    ("%s %s has %s"):format(article, kind, listed(names)))
end

-- async.chanel(), runner.run(), also where async has another name.
local function missing_field(case)
  local how, name = case:find("attempt to %a+ a nil value %((%a+) '([^']+)'%)")
  if how ~= "field" and how ~= "method" then return end
  local aliases = case:names_of_async()
  for owner in case:source():gmatch("([%a_][%w_]*)%s*[.:]%s*" .. plain(name) .. "%f[^%w_]") do
    local of = aliases[owner] and "async" or owner ~= "async" and owner
    if of and type(own_globals[of]) == "table" and not (own_globals[name] and of ~= "async") then
      local names = sorted(own_globals[of])
      if of == "runner" and name:find("^run") then
        return "tasks run by themselves, when the script waits or ends: leave it out"
      end
      if own_globals[name] then return ("%s is a global: write %s(...)"):format(name, name) end
      local best = nearest_of(name, names)
      local global = not best and elsewhere[name] and nearest_of(name, sorted(own_globals))
      return meant(best and owner .. "." .. best or global,
        ("%s has %s"):format(owner, listed(names)))
    end
  end
end

-- The library's name, of a value of this type, that a global's misspelt name is
-- near, unless a name of the script's own is as near.  That async. is missing is a
-- mistake already: the rest may have one more.
local function nearest_global(case, word, kind)
  local paths, names = {}, {}
  for path, value in pairs(everything) do
    local name = path:match("^async%.(.+)$") or path
    if type(value) == kind and not name:find("%.")
        and (path == name or name == word or #name >= 6 and distance(word, name) == 1) then
      paths[name] = paths[name] or path
      names[#names + 1] = name
    end
  end
  table.sort(names)
  local best, changes = nearest(word, names)
  local own_names = case:own_names()
  if own_names[word] then return end
  if has(global_elsewhere[word]) then return global_elsewhere[word] end
  for own in pairs(best and own_names or {}) do
    if not paths[own] and distance(word, own) <= changes then return end
  end
  return best and paths[best]
end

-- cancel(task), send(ch, 1): a method that was called like a function, with what the
-- source has from the library.
local function method_as_function(case, word)
  local object, rest = case:line():match("%f[%w_.:]" .. word .. "%s*%(%s*([%a_][%w_]*)%s*([,)].*)$")
  if not object or not is_method(word) or case:own_names()[word] then return end
  local source = case:source()
  local value = source:match("%f[%w_]" .. object .. "%s*=%s*([%a_][%w_.]*)")
  if value ~= "spawn" and not (value and has(value) and value:find("^async%.")) then return end
  local arguments = ("(" .. rest:gsub("^,%s*", "")):match("^%b()")
  return ("%s is a method: write %s:%s%s"):format(word, object, word, arguments or "(...)")
end

local function missing_global(case)
  local word = case:find("attempt to call a nil value %(global '([^']+)'%)")
  if not word then
    word = case:find("attempt to index a nil value %(global '([^']+)'%)")
    local best = word and nearest_global(case, word, "table")
    return best and ("did you mean %s?"):format(best)
  end
  local best = nearest_global(case, word, "function")
  if not best then return method_as_function(case, word) end
  return meant(best, ("the library has %s; async has more"):format(listed(sorted(own_globals))))
end

-- --------------------------------------------------------------- wrong calls

local function loop_over(case)
  local name = case:line():match("%f[%w_]in%s+([%a_][%w_.]*)")
  return ("for value in %s:iter() do"):format(name and name:gsub("%.iter$", "") or "channel")
end

-- A method that was called with a dot.
local function dot_call(case)
  local name, kind = case:find("bad argument #1 to '([^']+)' %((%u%a+)[%a ]* expected, got")
  if not name or not kinds[kind] then return end
  if name == "for iterator" then return "write " .. loop_over(case) end
  local object, arguments = case:line():match("([%w_%.%]%[]+)%." .. plain(name) .. "%s*(%b())")
  return ("use %s:%s%s"):format(object or kind:lower(), name, arguments or "(...)")
end

-- async:channel(1)
local function colon_call(case)
  if not case:find("([^\n]*got table)") then return end
  local name, arguments = case:line():match("%f[%w_]async:([%a_][%w_]*)%s*(%b())")
  return name and has("async." .. name) and ("use async.%s%s"):format(name, arguments)
end

local function call_of_object(case)
  local kind = case:find("attempt to call an? (%u%a+) value")
  if kind == "Channel" then return "to receive all that comes write " .. loop_over(case) end
  if case:find("attempt to call a table value %(%a+ '(async)'%)") then
    return "async is the library: spawn(fn, ...) makes a task of any function"
  end
end

-- Lua's own select.
local function lua_select(case)
  local kind = case:find("bad argument #1 to 'select' %(number expected, got (%u%a+)%)")
  if not kind or not kinds[kind] then return end
  local arguments = case:line():match("%f[%w_]select%s*(%b())")
  local list = arguments and arguments:sub(2, -2) or "a, b"
  return ("to wait for the first of several put them in a list: async.select{%s}"):format(list)
end

-- A task where its results were meant.
local function task_as_value(case)
  if case:find("bad [^\n]*%(%l+ expected, got Task%)") then
    return "this is a task; its results are await(task)"
  end
  local what, rest = case:find("attempt to (%l+) (.*)$")
  if not what or what == "call" or what == "index" then return end
  if not rest:find("%f[%w]Task value") and not rest:find("^number with Task")
      and not rest:find("^Task with number") then return end
  local name = rest:match("%(%a+ '([%a_][%w_]*)'%)") or "task"
  return ("this is a task; its results are await(%s)"):format(name)
end

-- async.channel.new(1), async.lock:new()
local function function_as_class(case)
  local name = case:find("attempt to index a function value %(%a+ '([%a_][%w_]*)'%)")
  if not name or not has("async." .. name) then return end
  local arguments = case:line():match("%f[%w_]async%." .. name .. "%s*[.:]%s*%a+%s*(%b())")
  return arguments and ("use async.%s%s"):format(name, arguments)
end

-- Does the source have a variable of this name, with or without a value?
local function is_declared(source, name)
  local word = "%f[%w_]" .. name .. "%f[^%w_]"
  return source:find(word .. "%s*=[^=]") or source:find("%f[%w_]function%s+" .. word)
    or source:find("%f[%w_]function[%s%w_.:]*%([^)]*" .. word)
    or source:find("%f[%w_]local%s[^\n=]*" .. word)
    or source:find("%f[%w_]for%s[^\n=]-" .. word .. "[^\n]-%f[%a]in%f[%A]")
end

-- spawn(main), where main is nil: it is misspelt, or defined further below.
local function nil_for_function(case)
  local how = case:find("bad argument #%d to '([%a_]+)' %(function expected, got nil;")
  if not how then return end
  for name in case:line():gmatch("%f[%w_]" .. how .. "%s*%(%s*([%a_][%w_]*)%s*[,)]") do
    if name ~= "nil" and not is_declared(case:source(), name) then
      local own = case:own_names()
      own[name] = nil
      local best = nearest(name, sorted(own))
      return best and ("%s is nil here: did you mean %s?"):format(name, best)
    end
    local above = case:before() .. "\n"
    local defined = "%f[%w_]function%s+" .. name .. "%s*%("
    if case:source():find(defined) and not above:find(defined) then
      return ("%s is nil here: its function is defined further below"):format(name)
    end
  end
end

local function require_of_async(case)
  if case:find("module 'async' not found") then return "async is there already, without require" end
end

local recognisers = {
  async_function, await_word, forgotten_call, missing_method, missing_field, missing_global,
  dot_call, colon_call, call_of_object, lua_select, task_as_value, function_as_class,
  nil_for_function, require_of_async, await_beside,
}

-- ------------------------------------------------------------------------ hint

local told = {}

-- (message, missed) -> a hint, each once
return function(text, missed)
  for _, recognise in ipairs(recognisers) do
    local hint = recognise(setmetatable({text = text, missed = missed}, Case))
    if hint then
      local known = told[hint]
      told[hint] = true
      return not known and hint or nil
    end
  end
end
