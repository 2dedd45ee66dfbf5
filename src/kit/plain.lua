-- SPDX-License-Identifier: MIT
--
-- plain.lua -- texts that steer no terminal.

local plain = {}

local escapes = {["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ['"'] = '\\"', ["\\"] = "\\\\"}

-- The character as it is shown in its place.
function plain.escape(character)
  return escapes[character] or format("\\x%02x", byte(character))
end

local escape = plain.escape

-- One line, of which each control character is escaped.
function plain.in_line(text)
  text = gsub(text, "[%c]", escape)
  return (gsub(text, "\xC2[\x80-\x9F]", function(pair)
    return escape(sub(pair, 1, 1)) .. escape(sub(pair, 2))
  end))
end

-- Lines, with a blank for each.
function plain.harmless(text)
  return (gsub(gsub(text, "\xC2[\x80-\x9F]", " "), "[\0-\8\11-\31\127]", " "))
end

return plain
