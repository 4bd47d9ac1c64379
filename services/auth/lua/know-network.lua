-- Remembers a network from which an account's owner has signed in, up to a number per account.
-- KEYS[1] the account's networks
-- ARGV[1] the network   ARGV[2] now (ms)   ARGV[3] how long it is remembered (s)
-- ARGV[4] how many are kept, the latest ones
-- Reply: 1
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - tonumber(ARGV[4]))
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
