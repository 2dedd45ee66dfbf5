-- SPDX-License-Identifier: MIT
--
-- color.lua -- async.color: text in colours, where somebody sees them.

local raise_mistake = kit_parts().raise
local wants_colours = paint_parts().wants_colours

-- What begins each, and what ends it: not all, so that they can be one in the other.
local styles = {
  bold = {1, 22}, dim = {2, 22}, italic = {3, 23}, underline = {4, 24}, reverse = {7, 27},
  black = {30, 39}, red = {31, 39}, green = {32, 39}, yellow = {33, 39}, blue = {34, 39},
  magenta = {35, 39}, cyan = {36, 39}, white = {37, 39}, gray = {90, 39},
}

local color = {}

-- What ends within it would end the outer one of the kind as well: that is begun again.
local function paint(name, codes)
  local from, to = format("\27[%dm", codes[1]), format("\27[%dm", codes[2])
  local pattern = format("\27%%[%dm", codes[2])
  return function(text, stream)
    if type(text) ~= "string" and type(text) ~= "number" then
      raise_mistake(format("color.%s: expected a string, got %s", name, type(text)))
    end
    text = tostring(text)
    if text == "" or not wants_colours(stream) then return text end
    return from .. gsub(text, pattern, to .. from) .. to
  end
end

for name, codes in next, styles do color[name] = paint(name, codes) end

-- Are there colours, where that is written?
function color.enabled(stream) return wants_colours(stream) end

-- Without colours, and whatever else a terminal would obey of that kind.
function color.strip(text)
  if type(text) ~= "string" then
    raise_mistake("color.strip: expected a string, got " .. type(text))
  end
  return (gsub(text, "\27%[[0-?]*[ -/]*[@-~]", ""))
end

return {color = color}
