-- options: --virtual-time --traceback=off
spawn(function() error("reported", 0) end)         -- expect stderr is: Error in task: reported
sleep(1)
os.exit(0, true)
