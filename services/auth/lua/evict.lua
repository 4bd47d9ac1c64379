-- Ends the oldest families of a user who has too many, but not the one that was just opened.
-- ARGV[4] sessions per user   ARGV[5] subject   ARGV[6] the client's address   ARGV[7] request id
-- ARGV[8] the sid of the family that was just opened
-- Reply: {now (ms), how many families ended}
local limit = tonumber(ARGV[4])
local live = parted()
local too_many = math.max(0, #live - limit)
local ended = 0
for _, family in ipairs(live) do
  if ended == too_many then break end
  if family[1] ~= ARGV[8] then
    ended = ended + 1
    finish(family[1], family[2])
    note_unrecorded(family[1], {
      subject = ARGV[5], kind = 'session-evicted', address = ARGV[6], requestId = ARGV[7],
      detail = { limit = limit }
    })
  end
end
return { now_ms, ended }
