print("loading", ...)
sleep(1)
return {}
