sleep(1)
print("slow is loaded")
return {name = "slow"}
