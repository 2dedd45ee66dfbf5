attempts = (attempts or 0) + 1
local attempt = attempts
sleep(1)
if attempt == 1 then error("first attempt", 0) end
return "attempt " .. attempt
