sleep(1)
return require "loop_c"
