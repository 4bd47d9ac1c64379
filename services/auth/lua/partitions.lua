-- Reads the number of partitions of the sessions. Records it first if Redis has none.
-- KEYS[1] the number   KEYS[2] the marker of earlier releases, which have one partition
-- ARGV[1] the number of this installation; empty: the caller does not know it
-- ARGV[2] the number for a new installation
-- Reply: the number
local new = ARGV[1]
if new == '' then new = redis.call('GET', KEYS[2]) and '1' or ARGV[2] end
redis.call('SET', KEYS[1], new, 'NX')
return redis.call('GET', KEYS[1])
