print(load "return sleep(...)"(1.5))               -- expect: 1.5
