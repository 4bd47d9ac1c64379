-- Reads the number of partitions of the sessions. Records it first if this is the first start.
-- KEYS[1] the number   KEYS[2] the marker of earlier releases, which have one partition
-- ARGV[1] the number for a new installation
-- Reply: the number
local new = redis.call('GET', KEYS[2]) and '1' or ARGV[1]
redis.call('SET', KEYS[1], new, 'NX')
return redis.call('GET', KEYS[1])
