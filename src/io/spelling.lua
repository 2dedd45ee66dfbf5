-- SPDX-License-Identifier: MIT
--
-- spelling.lua -- words as a program gets them, as a shell does, and as they may be shown; secrets.
--
-- It sees nothing of the script's globals, and knows no command.

local parts = process_parts()
local raise = parts.raise
local harmless = parts.use "output".harmless

local SHOWN = 200 -- bytes of a command in messages
local LEAST_SECRET = 4 -- bytes: shorter ones are not looked for in what a command wrote

local spelling = {}

-- ------------------------------------------------------------------- secrets

-- What may be shown of one is mostly "***"; of a command for a shell only a part is secret.
local texts_of_secrets = setmetatable({}, {__mode = "k"})
local masked_secrets = setmetatable({}, {__mode = "k"})
local secret_parts = setmetatable({}, {__mode = "k"})
local Secret = {__name = "secret"}

function Secret.__tostring(value) return masked_secrets[value] or "***" end

function spelling.secret(text)
  if type(text) ~= "string" then
    raise(format("secret: expected a string, got %s", type(text)))
  end
  local made = setmetatable({}, Secret)
  texts_of_secrets[made], secret_parts[made] = text, {text}
  return made
end

-- What is secret of it: a list of texts; nil if nothing is.
function spelling.secrets_of(value) return secret_parts[value] end

-- Its text, which is for the program alone; nil of what is no secret.
function spelling.text_of(value) return texts_of_secrets[value] end

-- A function that masks these texts, also where no newline is behind them.
function spelling.masker(secrets)
  return function(text)
    for i = 1, #secrets do
      local hidden = gsub(secrets[i], "\n+$", "")
      local pattern = gsub(hidden, "%W", "%%%0")
      if #hidden >= LEAST_SECRET then text = gsub(text, pattern, "***") end
    end
    return text
  end
end

-- --------------------------------------------------------------------- words

local function quote(text)
  if text == "" then return "''" end
  if find(text, "^[%w@%%_+=:,./-]+$") then return text end
  return "'" .. gsub(text, "'", [['\'']]) .. "'"
end

-- A word as the program gets it, and as it may be shown.
local function word_of(name, value, which)
  if texts_of_secrets[value] then
    local masked = masked_secrets[value]
    value = word_of(name, texts_of_secrets[value], which)
    return value, masked and quote(masked) or "***"
  end
  local kind = type(value)
  if kind == "number" then value, kind = tostring(value), "string" end
  if kind ~= "string" then
    raise(format("process.%s: %s must be a string or a number, got %s", name, which, kind))
  end
  if find(value, "\0", 1, true) then
    raise(format("process.%s: %s holds a zero byte, which no program can be given", name, which))
  end
  return value, quote(value)
end

spelling.word_of = word_of

local function cut(text, most)
  if #text <= most then return text end
  return sub(text, 1, most) .. "..."
end

-- A command in a message.
function spelling.shown(shown)
  return cut(harmless(concat(shown, " ")), SHOWN)
end

-- How many words there are: as many as the last one's number says.
local function count_words(name, cmd)
  local count = 0
  for key in next, cmd do
    if type(key) == "number" then
      if not tointeger(key) or key < 1 then
        raise(format("process.%s: words are numbered from 1, got one at [%s]", name, key))
      end
      count = max(count, key)
    end
  end
  if count == 0 then
    raise(format("process.%s: the command has no words, as in {\"make\", \"-j4\"}", name))
  end
  return count
end

-- The words of a command, and how each is shown.
function spelling.words_of(name, cmd)
  local words, shown = {}, {}
  for i = 1, count_words(name, cmd) do
    words[i], shown[i] = word_of(name, cmd[i], "word " .. i)
  end
  return words, shown
end

-- ------------------------------------------------------------------ for a shell

function spelling.quote(text)
  if type(text) == "number" then text = tostring(text) end
  if type(text) ~= "string" then
    raise(format("process.quote: expected a string, got %s", type(text)))
  end
  if find(text, "\0", 1, true) then raise "process.quote: no shell can be given a zero byte" end
  return quote(text)
end

-- A value as the shell gets it, and as it may be shown; what is secret of it goes to `found`.
local function quote_word(value, i, found)
  local text, shown = word_of("sh", value, "value " .. i)
  for _, part in ipairs(secret_parts[value] or {}) do found[#found + 1] = part end
  text = quote(text)
  return text, secret_parts[value] and shown or text
end

local function quote_value(value, i, found)
  if type(value) ~= "table" or texts_of_secrets[value] then return quote_word(value, i, found) end
  local words, shown = {}, {}
  for k = 1, #value do words[k], shown[k] = quote_word(value[k], i, found) end
  return concat(words, " "), concat(shown, " ")
end

-- Steps over one piece of a template at `i`, of which the innermost of `open` says how a shell
-- reads it: gives where the next one begins, and whether it was a {} that is quoted already.
local function step(template, i, open)
  local inside, char = open[#open], sub(template, i, i)
  if inside == "'" then
    if char == "'" then open[#open] = nil end
  elseif char == "\\" then
    return i + 2, false
  elseif char == inside then
    open[#open] = nil
  elseif sub(template, i, i + 1) == "$(" then
    open[#open + 1] = ")"
    return i + 2, false
  elseif char == '"' or char == "`" or inside ~= '"' and char == "'" then
    open[#open + 1] = char
  elseif inside ~= '"' and char == "#" and find(sub(template, i - 1, i - 1), "^[%s;&|()]?$") then
    return (find(template, "\n", i, true) or #template) + 1, false
  end
  local is_place = sub(template, i, i + 1) == "{}"
  return is_place and i + 2 or i + 1, is_place and (inside == "'" or inside == '"')
end

-- A value between quotes would end these, and what is in it be run.
local function check_quotes(template)
  local open, i, place = {}, 1, 0
  while i <= #template do
    local next_i, is_quoted = step(template, i, open)
    if sub(template, i, next_i - 1) == "{}" then place = place + 1 end
    if is_quoted then
      raise(format("process.sh: {} number %d stands in quotes: values are quoted already; "
        .. "end the quotes before it, as in 'name: '{}", place))
    end
    i = next_i
  end
end

local function fill(template, texts)
  local i = 0
  return (gsub(template, "{}", function()
    i = i + 1
    return texts[i]
  end))
end

function spelling.sh(template, ...)
  if type(template) ~= "string" then
    raise(format("process.sh: expected a template as argument 1, got %s", type(template)))
  end
  local values, _, count = pack(...), gsub(template, "{}", "")
  if count ~= values.n then
    raise(format("process.sh: the template has %d {}, and there are %d values", count, values.n))
  end
  check_quotes(template)
  local texts, shown, found = {}, {}, {}
  for i = 1, count do texts[i], shown[i] = quote_value(values[i], i, found) end
  local text = fill(template, texts)
  if #found == 0 then return {"sh", "-c", text} end
  local made = setmetatable({}, Secret)
  texts_of_secrets[made], masked_secrets[made] = text, fill(template, shown)
  secret_parts[made] = found
  return {"sh", "-c", made}
end

-- Without the newlines at its end.
function spelling.chomp(text)
  if byte(text, -1) ~= 10 then return text end
  return match(text, "^.*[^\n]") or ""
end

return spelling
