-- The options of walks and patterns, and paths that begin as asked.

local fs = async.fs
local top <close> = assert(fs.temp_dir())
assert(async.cd(top.path))
fs.mkdir("a/b/c", {parents = true})
fs.write("a/b/x.c", "")
fs.write("a/.h", "")
fs.write("a/b/c/deep", "")
fs.link("b", "a/l")
fs.link("nowhere", "a/m")
async.process.run {"mkfifo", "a/p", cwd = top.path}

local function show(...)
  local list = {}
  for path, kind in ... do list[#list + 1] = path .. ":" .. kind:sub(1, 2) end
  print(table.concat(list, " "))
end

show(fs.walk("a", {sort = true})) -- expect: a/.h:fi a/b:di a/b/c:di a/b/c/deep:fi a/b/x.c:fi a/l:li a/m:li a/p:fi
show(fs.walk("./a/", {sort = true, depth = 1, hidden = false})) -- expect: ./a/b:di ./a/l:li ./a/m:li ./a/p:fi
show(fs.walk("a", {sort = true, types = "directory"})) -- expect: a/b:di a/b/c:di
show(fs.walk("a", {sort = true, types = {"link", "fifo"}, depth = 2})) -- expect: a/l:li a/m:li a/p:fi
show(fs.walk("a/l", {sort = true})) -- expect: a/l/c:di a/l/c/deep:fi a/l/x.c:fi
show(fs.walk("a/l", {sort = true, depth = 1, follow = true})) -- expect: a/l/c:di a/l/x.c:fi
async.cd "a"
show(fs.walk(nil, {sort = true, depth = 1})) -- expect: ./.h:fi ./b:di ./l:li ./m:li ./p:fi
show(fs.glob "*") -- expect: b:di l:li m:li p:fi
show(fs.glob "./**") -- expect: ./b:di ./b/c:di ./b/c/deep:fi ./b/x.c:fi ./l:li ./m:li ./p:fi
show(fs.glob("*", {hidden = true})) -- expect: .h:fi b:di l:li m:li p:fi
show(fs.glob "*/") -- expect: b/:di l/:di
show(fs.glob "l/*.c") -- expect: l/x.c:fi
show(fs.glob "../a/b/x.c") -- expect: ../a/b/x.c:fi
show(fs.glob "b/{x.c,y.c}") -- expect: b/x.c:fi
show(fs.glob "{b/*,b/x*,.h}") -- expect: b/c:di b/x.c:fi .h:fi
show(fs.glob "nowhere/*") -- expect:
show(fs.glob "") -- expect:
