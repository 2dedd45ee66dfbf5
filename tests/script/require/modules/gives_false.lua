print "loading gives_false"
return false
