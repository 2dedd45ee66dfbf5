package.loaded[...] = {by = "hand"}
sleep(1)
