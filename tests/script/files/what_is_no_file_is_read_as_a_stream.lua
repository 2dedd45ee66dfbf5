-- A pipe holds up one task, devices are read and written to, and /proc, whose files claim to be
-- empty, is read to its end.

local fs = async.fs
local dir <close> = async.temp_dir()
async.cd(dir.path)
os.execute "mkfifo pipe"

local reader = spawn(fs.read, "pipe")
sleep(0.05)
print(reader:status()) -- expect: waiting	read pipe
print(fs.write("pipe", "through the pipe"), reader:await()) -- expect: true	through the pipe
print(select(3, fs.open("pipe", "w"))) -- expect: ENXIO
local given_up = spawn(fs.read, "pipe")
sleep(0.05)
given_up:cancel()
print(given_up:pawait()) -- expect: false	cancelled
print(fs.read "/dev/null", fs.write("/dev/null", "x"), fs.append("/dev/null", "x")) -- expect: 	true	true
print(fs.stat "/proc/self/status".size, #fs.read "/proc/self/status" > 100) -- expect: 0	true
print(fs.stat "pipe".type, fs.stat "/dev/null".type) -- expect: fifo	character device
