SET LOCAL work_mem = '64MB'; SET LOCAL jit = off
