-- Where nothing can be suspended it ends at once.
table.sort({2, 1}, function() os.exit(4, true) end)
print "never"
-- expect status: 4
