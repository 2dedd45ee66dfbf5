-- options: --timeout=100
package.path = "tests/?.lua;" .. package.path
local watching = require "kit.watching"
local write, sh, settle, told = watching.write, watching.sh, watching.settle, watching.told
local d <const>, gone <close> = watching.directory()

-- Whichever way an editor saves, it is one change of the file, whether that is watched or the
-- directory in which it lies.
local file = d .. "/text"
write(file, "old")
local ways = {
  {"in place", 'printf new >>"$1"'},
  {"truncated", ': >"$1"; printf new >"$1"'},
  {"a temporary file over it", 'printf new >"$1.tmp"; mv "$1.tmp" "$1"'},
  {"deleted and made again", 'rm "$1"; printf new >"$1"'},
  {"moved away, made again, the old one deleted", 'mv "$1" "$1~"; printf new >"$1"; rm "$1~"'},
  {"emacs", 'cp "$1" "$1~"; printf more >"#t#"; cat "#t#" >"$1"; rm "#t#" "$1~"'},
}
-- expect: in place: changed text
-- expect: in place: changed text
-- expect: truncated: changed text
-- expect: truncated: changed text
-- expect: a temporary file over it: changed text
-- expect: a temporary file over it: changed text
-- expect: deleted and made again: changed text
-- expect: deleted and made again: changed text
-- expect: moved away, made again, the old one deleted: changed text
-- expect: moved away, made again, the old one deleted: changed text
-- expect: emacs: changed text
-- expect: emacs: changed text
for _, way in ipairs(ways) do
  for _, path in ipairs{file, d} do
    local act = function() sh('cd "${1%/*}"; set -- text; ' .. way[2], file) end
    print(way[1] .. ": " .. told(path, {debounce = 0.3}, d, act))
  end
end

-- Again and again: the watch follows the name, not the file.
-- expect: changed text, changed text, deleted text, created text
print(told(file, nil, d, function()
  for i = 1, 2 do
    write(d .. "/new", ("x"):rep(i))
    os.rename(d .. "/new", file)
    settle()
  end
  os.remove(file)
  settle()
  write(file, "back")
end))

-- Through a link it is the file that it leads to.
sh('mkdir "$1/real"; echo 1 >"$1/real/conf"; ln -s real/conf "$1/conf"', d)
-- expect: changed conf, changed conf
print(told(d .. "/conf", nil, d, function()
  write(d .. "/real/conf", "22")
  settle()
  sh('cd "$1"; echo 333 >other; ln -sf other conf', d)
end))
