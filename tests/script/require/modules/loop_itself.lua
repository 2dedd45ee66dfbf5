return require "loop_itself"
