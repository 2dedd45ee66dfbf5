spawn(function()
  local generator = coroutine.wrap(function()
    sleep(1)
    error "inside"
  end)
  generator()
end)
-- expect stderr is: Error in task: $FILE:6: $FILE:4: inside
-- expect stderr: $FILE:6: in function <$FILE:1>
-- expect status: 1
