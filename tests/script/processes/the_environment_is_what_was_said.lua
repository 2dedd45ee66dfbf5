-- options: --timeout=100
local process = async.process
local here = os.getenv "HOME"

-- expect: yes	true
print(process.read{"sh", "-c", "echo $MINE", env = {MINE = "yes"}},
  process.read{"sh", "-c", "echo $HOME", env = {MINE = "yes"}} == here)
-- expect: unset
print(process.read{"sh", "-c", "echo ${HOME-unset}", env = {HOME = false}})
-- expect: A=1,B=2.5,
print((process.try(process.pipe({"/usr/bin/env", clear_env = true, env = {A = 1, B = 2.5, C = false}},
  {"sort"})).stdout:gsub("\n", ",")))
-- expect: true
print(process.read{"/usr/bin/env", clear_env = true} == "")
-- expect: true	nil
print(process.which "sh" ~= nil, process.which "there-is-no-such")
-- expect: /bin/sh	nil
print(process.which "/bin/sh", process.which "/tmp")
