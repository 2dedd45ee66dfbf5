local object = {}
local done, failed = spawn(function() return 1 end), spawn(error, object)
local cancelled = spawn(sleep, 10)
print(done.error, failed.error, cancelled.error)   -- expect: nil	nil	nil
failed:pawait()
cancelled:cancel "enough"
cancelled:pawait()
print(done.error, failed.error == object)          -- expect: nil	true
local err = cancelled.error
print(err.kind, err.reason, err)                   -- expect: cancelled	enough	cancelled: enough
