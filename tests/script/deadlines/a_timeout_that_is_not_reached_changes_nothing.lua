-- options: --virtual-time --timeout=100
print(sleep(99))                                   -- expect: 99.0
spawn({daemon = true}, sleep, 1000)
