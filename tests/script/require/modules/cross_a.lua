sleep(1)
return require "cross_b"
