local function sub(...) print(async.current().name, ...) end
print(runner.add_task({name = "a"}, sub, 1).id)    -- expect: 2
print(runner:add_task({name = "b"}, sub, 2).name)  -- expect: b
runner:add_task(sub, 3)
-- expect: a	1
-- expect: b	2
-- expect: add_task_is_spawn_in_the_words_of_the_article.lua:1	3
