-- Missing, older, as old to the nanosecond; what must be there and is not.

local folder <close> = async.temp_dir()
local p = async.process

local function touch(path, time)
  p.run{"touch", "-d", "2026-01-02 03:04:" .. time, path, cwd = folder.path}
end

-- In the folder, which is left out of what is said.
local function within(paths)
  if type(paths) == "string" then return folder.path .. "/" .. paths end
  if type(paths) ~= "table" then return paths end
  return async.map(paths, within)
end

local function show(outputs, inputs)
  local _, answer, why = pcall(async.stale, within(outputs), within(inputs))
  local function short(text)
    return type(text) == "string" and text:gsub("/tmp/[^/]*/", "") or text
  end
  print(short(answer), (short(why)))
end

touch("a", "05.000000001")
touch("b", "05.000000002")
show("none", "a") -- expect: true	none is missing
show("a", "b") -- expect: true	a is older than b
show("b", "a") -- expect: false	nil
show("a", "a") -- expect: false	nil
show({"b", "a"}, {"a", "b"}) -- expect: true	a is older than b
show({"b", "none"}, {"a"}) -- expect: true	none is missing
show({"a"}, {}) -- expect: false	nil
show("a/below", "a") -- expect: true	a/below is missing
p.run{"ln", "-s", "b", "link", cwd = folder.path}
show("a", "link") -- expect: true	a is older than link

show("none", "nothing") -- expect: $FILE:18: stale: cannot look at nothing: no such file or directory	nil
show({}, "a") -- expect: $FILE:18: stale: expected an output	nil
show(7, "a") -- expect: $FILE:18: stale: expected outputs as a path or a list of paths, got number	nil
show("a", {7}) -- expect: $FILE:18: stale: expected inputs as a path or a list of paths, got number	nil
