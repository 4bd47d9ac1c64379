-- Moves the fact that the current generation was used into the record of a family. If only a newer
-- version can read the record, the fact stays for that version.
-- ARGV[4] sid   ARGV[5] subject
-- Reply: {now (ms)}
local record, newer_format = read(ARGV[4])
if newer_format then return { now_ms } end
if record and record[SEEN] == 0 and was_seen(ARGV[4], ARGV[5], record) then
  record[SEEN] = 1
  write(ARGV[4], record)
end
redis.call('HDEL', sightings_key, ARGV[4] .. ' ' .. ARGV[5])
return { now_ms }
