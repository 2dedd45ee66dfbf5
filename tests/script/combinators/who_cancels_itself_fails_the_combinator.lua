-- Its result is missing: that must not pass in silence.
local function give_up(item)
  if item ~= 2 then async.current():cancel("I give up") end
  sleep(1)
  return item
end
local function kind(ok, err)
  return ok, err.kind, err.reason or err[1] and err[1].reason, async.now()
end
local function slow() sleep(10) end
print(kind(pcall(async.all, {give_up, slow})))     -- expect: false	cancelled	I give up	0.0
print(kind(pcall(async.race, {give_up, slow})))    -- expect: false	cancelled	I give up	0.0
print(kind(pcall(async.any, {give_up})))           -- expect: false	errors	I give up	0.0
print(kind(pcall(async.map, {1, 2}, give_up)))     -- expect: false	cancelled	I give up	0.0
print(kind(pcall(async.map, {1, 2}, give_up, {limit = 1})))  -- expect: false	cancelled	I give up	0.0
