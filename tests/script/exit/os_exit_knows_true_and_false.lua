local program = arg[-2] .. " run -e "
print(select(3, os.execute(program .. "'os.exit()'")))             -- expect: 0
print(select(3, os.execute(program .. "'os.exit(true)'")))         -- expect: 0
print(select(3, os.execute(program .. "'os.exit(false)'")))        -- expect: 1
print(select(3, os.execute(program .. "'os.exit(false, true)'")))  -- expect: 1
print(select(3, os.execute(program .. "'os.exit(7, true)'")))      -- expect: 7
print(select(3, os.execute(program .. "'os.exit(7.0)'")))          -- expect: 7
