-- Ends the oldest families of a user who has too many.
-- ARGV[4] sessions per user   ARGV[5] subject   ARGV[6] the client's address   ARGV[7] request id
-- Reply: {now (ms), how many families ended}
local limit = tonumber(ARGV[4])
local live = parted()
local too_many = math.max(0, #live - limit)
for i = 1, too_many do
  finish(live[i][1], live[i][2])
  note_unrecorded(live[i][1], {
    subject = ARGV[5], kind = 'session-evicted', address = ARGV[6], requestId = ARGV[7], detail = { limit = limit }
  })
end
return { now_ms, too_many }
