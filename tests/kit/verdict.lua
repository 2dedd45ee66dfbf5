-- SPDX-License-Identifier: MIT
--
-- verdict.lua -- what was printed beside what was wanted, and what is said of a test.

local verdict = {failed = 0}

-- The lines of a text; one without an end says so.
function verdict.split(text)
  local lines = {}
  for line in text:gmatch("([^\n]*)\n") do lines[#lines + 1] = line end
  local rest = text:match(".*\n(.*)$") or text
  if rest ~= "" then lines[#lines + 1] = rest .. " (no newline)" end
  return lines
end

-- Where the lines first differ from those that are wanted, in words; nil: nowhere.
function verdict.first_difference(lines, wanted)
  for i = 1, math.max(#lines, #wanted) do
    if lines[i] ~= wanted[i] then
      return ("line %d of its output: expected %s, got %s"):format(
        i, wanted[i] or "no more", lines[i] or "no more")
    end
  end
end

-- The test is well when there is no fault.
function verdict.report(name, fault)
  if fault then
    verdict.failed = verdict.failed + 1
    print("not ok " .. name .. ": " .. tostring(fault):gsub("%s*$", ""):gsub("\n", "\n  "))
  else
    print("ok " .. name)
  end
end

-- Ends the program with the status that fits.
function verdict.leave()
  os.exit(verdict.failed == 0, true)
end

return verdict
