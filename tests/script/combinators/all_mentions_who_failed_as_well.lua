-- Several fail at one moment: the first is raised, and the others are told of, with
-- tasks that were given and without.
local function fails(name)
  return function() sleep(1) error(name, 0) end
end
spawn({name = "without"}, async.all, {fails "one", fails "two"})
-- expect stderr: Error in task: one
-- expect stderr: failed: two
sleep(2)
spawn({name = "with"}, async.all, {spawn(fails "three"), fails "four", fails "five"})
-- expect stderr: Error in task: three
-- expect stderr: failed: four
-- expect stderr: failed: five
-- expect status: 1
