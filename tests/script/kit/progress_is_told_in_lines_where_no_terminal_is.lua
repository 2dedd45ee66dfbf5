-- A line when a tenth more is done, or after ten seconds, but none within a second; one at the end.
do
  local bar <close> = async.progress{total = 1000, label = "copying"}
  for _ = 1, 10 do
    sleep(3)
    bar:add(50)
  end
  -- expect stderr is: copying: 100/1000 (10%), 17/s, 54 s left
  -- expect stderr is: copying: 200/1000 (20%), 17/s, 48 s left
  -- expect stderr is: copying: 300/1000 (30%), 17/s, 42 s left
  -- expect stderr is: copying: 400/1000 (40%), 17/s, 36 s left
  -- expect stderr is: copying: 500/1000 (50%), 17/s, 30 s left
end
-- expect stderr is: copying: 500/1000 (50%) in 30 s, 17/s

do
  local bar <close> = async.progress{label = "read", unit = "bytes"}
  for _ = 1, 25 do
    sleep(1)
    bar:add(100000)
  end
  -- expect stderr is: read: 1.0 MB, 100.0 KB/s
  -- expect stderr is: read: 2.0 MB, 100.0 KB/s
end
-- expect stderr is: read: 2.5 MB in 25 s, 100.0 KB/s

do
  local bar <close> = async.progress{total = 3, label = "fast"}
  for _ = 1, 3 do bar:add() end
end
-- expect stderr is: fast: 3/3 (100%) in 0 s

do
  local bar <close> = async.progress{total = 7200, done = 3600, label = "resumed", unit = "files"}
  sleep(10)
  bar:set(3610)
  -- expect stderr is: resumed: 3610/7200 files (50%), 1.0/s, 59 min 50 s left
  bar:label("renamed\27[2J")
  sleep(10)
  bar:set(7000, 14000)
  -- expect stderr is: renamed [2J: 7000/14000 files (50%), 170/s, 42 s left
end
-- expect stderr is: renamed [2J: 7000/14000 files (50%) in 20 s, 170/s

-- The rate is that of the last while, not of all the time.
do
  local bar <close> = async.progress{total = 1000, label = "slower", leave = false}
  sleep(1)
  bar:add(100)
  -- expect stderr is: slower: 100/1000 (10%), 100/s, 9 s left
  sleep(15)
  bar:add(15)
  -- expect stderr is: slower: 115/1000 (11%), 7.2/s, 2 min 4 s left
  sleep(15)
  bar:add(15)
  -- expect stderr is: slower: 130/1000 (13%), 1.0/s, 14 min 30 s left
end
-- Nothing is left of it in the end.
print "end" -- expect: end
