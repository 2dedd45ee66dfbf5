-- options: --virtual-time --traceback=off
spawn(function() error "short" end)                -- expect stderr is: Error in task: $FILE:$LINE: short
-- expect status: 1
