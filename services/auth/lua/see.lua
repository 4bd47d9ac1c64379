-- Moves the fact that the current generation was used into the record of a family.
-- ARGV[4] sid   ARGV[5] subject
-- Reply: {now (ms)}
local record = read(ARGV[4])
if record and record[SEEN] == 0 and was_seen(ARGV[4], ARGV[5], record) then
  record[SEEN] = 1
  write(ARGV[4], record)
end
redis.call('HDEL', sightings_key, ARGV[4] .. ' ' .. ARGV[5])
return { now_ms }
