local function message(f)
  local ok, err = pcall(f, {})
  return ok, err:match("^%a+: nothing")
end
print(message(async.any))                          -- expect: false	any: nothing
print(message(async.race))                         -- expect: false	race: nothing
