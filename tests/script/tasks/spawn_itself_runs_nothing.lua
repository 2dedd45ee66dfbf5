spawn(print, "child")
print("parent")                                    -- expect: parent
-- expect: child
