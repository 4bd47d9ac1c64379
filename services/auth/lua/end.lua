-- Ends families of a user, and revokes those that the store has lost: their access tokens may still
-- be valid. Does the same with a family that was idle for too long according to its record, because
-- the record may have lost its last uses.
-- ARGV[4..] sids
-- Reply: {now (ms), how many were live or in a newer format}
local ended = 0
for i = 4, #ARGV do
  local sid = ARGV[i]
  local record, newer_format = read(sid)
  if newer_format or (record and is_live(record)) then ended = ended + 1 end
  end_known(sid, record, newer_format)
end
return { now_ms, ended }
