-- Writes a heartbeat into the revocation log, unless a writer has just done so. There is only one
-- at a time: the previous one is deleted, so that heartbeats neither fill the log nor push a
-- revocation out.
-- KEYS[1] the revocation stream   KEYS[2] the last heartbeat
-- KEYS[3] the mark of the data of this partition, which is lost with all data
-- KEYS[4] the number of partitions, only for the common log
-- ARGV[1] the writer   ARGV[2] for how long one heartbeat is enough (ms)
-- ARGV[3] that number, as the writer knows it
-- ARGV[4] the mark of the data to which everything is published, as far as the writer knows; absent:
-- the writer vouches for any data
-- Reply: 1 if this writer has written it, 0 if another has, -1 if there is another number, -2 if
-- there is other data, which may lack revocations
-- If all data was lost, this records the number again.
if KEYS[4] then redis.call('SET', KEYS[4], ARGV[3], 'NX') end
local partitions = KEYS[4] and redis.call('GET', KEYS[4]) or '1'
if KEYS[4] and partitions ~= ARGV[3] then return -1 end
if ARGV[4] and redis.call('GET', KEYS[3]) ~= ARGV[4] then return -2 end
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local id, at = unpack(redis.call('HMGET', KEYS[2], 'id', 'at'))
local age_ms = at and now_ms - tonumber(at)
-- A negative age: the clock was set back, or another server has taken over.
if age_ms and age_ms >= 0 and age_ms < tonumber(ARGV[2]) then return 0 end
if id then redis.call('XDEL', KEYS[1], id) end
local at_ms = string.format('%.0f', now_ms)
local until_s = string.format('%.0f', math.ceil(now_ms / 1000) + 60)
local entry = { 'kind', 'heartbeat', 'id', ARGV[1], 'until', until_s, 'at', at_ms }
if partitions ~= '1' then
  -- A gateway that follows only one log cannot read this kind, and so knows that it may miss ends.
  entry[2] = 'partitioned-heartbeat'
  entry[#entry + 1] = 'partitions'
  entry[#entry + 1] = partitions
end
id = redis.call('XADD', KEYS[1], '*', unpack(entry))
redis.call('HSET', KEYS[2], 'id', id, 'at', at_ms)
redis.call('EXPIRE', KEYS[2], 3600)
-- The ids of entries continue from the last one as long as the stream exists.
if redis.call('TTL', KEYS[1]) < 3600 then redis.call('EXPIRE', KEYS[1], 7200) end
return 1
