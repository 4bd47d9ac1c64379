-- The record of a family, packed in one field of its user's hash. Shared by the scripts about
-- families: the loader puts revocations.lua and this file before them. The names are those of
-- src/sessions/families/family.ts.
--
-- In addition to the arguments in revocations.lua, every script about families gets:
-- KEYS[3] the user's families   KEYS[4] ends that the database may not have
-- KEYS[5] generations that were used, and are in no record yet
-- KEYS[6] the mark of withdrawn signing keys (src/keys/key-withdrawals.ts)
-- KEYS[7] the mark of changed accounts (src/revocations/change-marks.ts)
--
-- Fields, in the order of the packed array:
--   1 generation  2 openedAt (s)  3 rotatedAtMs  4 idleExpiresAt (s)  5 expiresAt (s)
--   6 replays *   7 endedAt (s)   8 clientId     9 scope   10 label ***; empty once it has ended
--   11 ** access tokens with an earlier iat (s) are stale; absent if none is
--   12 and following: of a newer version. This version does not read them, and keeps them.
-- * Negative while no token of the current generation was used: -1 means no replay, -2 one. So a
-- record of an earlier version counts as used, and no record is longer than the 64 bytes that Redis
-- keeps in a compact hash.
-- ** Negative while the current generation is the result of a recovery.
-- *** As src/sessions/families/redis/packed-label.ts shortens it.
-- Within a script, the array has one more number for each of the two: 12 seen, and 13 answered
-- again (0 or 1). `newer` has the fields of a newer version.
--
-- These fields are format 1, which has no number of its own. A later format that this version must
-- not read begins with its negative number, such as -2, where a generation is never negative.
local GENERATION, OPENED, ROTATED_MS, IDLE_EXPIRES, EXPIRES, REPLAYS, ENDED = 1, 2, 3, 4, 5, 6, 7
local LABEL, TOKENS_NOT_BEFORE, SEEN, ANSWERED_AGAIN = 10, 11, 12, 13
local family_key, unrecorded_key, sightings_key = KEYS[3], KEYS[4], KEYS[5]

-- The record; nil and the number of its format if only a newer version can read it.
local function unpacked(packed)
  local record = cmsgpack.unpack(packed)
  local generation = type(record) == 'table' and tonumber(record[GENERATION]) or -math.huge
  if generation < 0 then return nil, -generation end
  if #record > TOKENS_NOT_BEFORE then record.newer = { unpack(record, TOKENS_NOT_BEFORE + 1) } end
  record[TOKENS_NOT_BEFORE] = record[TOKENS_NOT_BEFORE] or 0
  record[ANSWERED_AGAIN] = record[TOKENS_NOT_BEFORE] < 0 and 1 or 0
  record[TOKENS_NOT_BEFORE] = math.abs(record[TOKENS_NOT_BEFORE])
  record[SEEN] = record[REPLAYS] < 0 and 0 or 1
  if record[SEEN] == 0 then record[REPLAYS] = -1 - record[REPLAYS] end
  return record
end

local function packed(record)
  local is_short = record[TOKENS_NOT_BEFORE] == 0 and not record.newer
  local kept = { unpack(record, 1, is_short and LABEL or TOKENS_NOT_BEFORE) }
  if record[SEEN] == 0 then kept[REPLAYS] = -1 - kept[REPLAYS] end
  if record[ANSWERED_AGAIN] == 1 then kept[TOKENS_NOT_BEFORE] = -kept[TOKENS_NOT_BEFORE] end
  for _, field in ipairs(record.newer or {}) do kept[#kept + 1] = field end
  return cmsgpack.pack(kept)
end

-- As `unpacked`; nil alone if there is no record.
local function read(sid)
  local packed = redis.call('HGET', family_key, sid)
  if packed then return unpacked(packed) end
end

-- The key lives as long as its family with the latest expiry: a family that was opened under a
-- longer policy may outlive this one.
local function write(sid, record)
  redis.call('HSET', family_key, sid, packed(record))
  if redis.call('EXPIRETIME', family_key) < record[EXPIRES] then
    redis.call('EXPIREAT', family_key, record[EXPIRES])
  end
end

-- Whether it has ended or expired finally; one that was only idle for too long has not.
local function is_over(record)
  return record[ENDED] ~= 0 or now_ms >= record[EXPIRES] * 1000
end

local function is_live(record)
  return not is_over(record) and now_ms < record[IDLE_EXPIRES] * 1000
end

-- Whether the current generation was used, even if its record does not say so yet.
local function was_seen(sid, subject, record)
  local generation = tonumber(redis.call('HGET', sightings_key, sid .. ' ' .. subject) or '-1')
  return record[SEEN] == 1 or generation >= record[GENERATION]
end

local function finish(sid, record)
  record[ENDED], record[LABEL] = now_s, ''
  write(sid, record)
  revoke(sid)
end

-- Ends a family that the database has ended. If the store has lost it, its access tokens may still
-- be valid. This version cannot mark a record of a newer format as ended, so it deletes the record.
local function end_known(sid, record, newer_format)
  if newer_format then redis.call('HDEL', family_key, sid) end
  if not record then
    revoke(sid)
  elseif record[ENDED] == 0 then
    finish(sid, record)
  elseif record[LABEL] ~= '' then
    -- An earlier version ended it, and kept the label.
    record[LABEL] = ''
    write(sid, record)
  end
end

-- Notes an end for the database. The note stays until the database has the end.
local function note_unrecorded(sid, ended)
  ended.atMs = now_ms
  redis.call('HSET', unrecorded_key, sid, cjson.encode(ended))
end

-- Orders by bytes, as the embedded store does: `<` on strings follows the locale of the server.
local function precedes(a, b)
  for i = 1, math.min(#a, #b) do
    if a:byte(i) ~= b:byte(i) then return a:byte(i) < b:byte(i) end
  end
  return #a < #b
end

-- All families of the user as {sid, record}, the oldest first, and the sids of those whose record
-- only a newer version can read.
local function read_all()
  local flat = redis.call('HGETALL', family_key)
  local all, unreadable = {}, {}
  for i = 1, #flat, 2 do
    local record = unpacked(flat[i + 1])
    if record then
      all[#all + 1] = { flat[i], record }
    else
      unreadable[#unreadable + 1] = flat[i]
    end
  end
  table.sort(all, function(a, b)
    if a[2][OPENED] ~= b[2][OPENED] then return a[2][OPENED] < b[2][OPENED] end
    return precedes(a[1], b[1])
  end)
  return all, unreadable
end

-- The live families of the user and the others, the oldest first, and the sids of the unreadable
-- ones.
local function parted()
  local live, past = {}, {}
  local all, unreadable = read_all()
  for _, family in ipairs(all) do
    local list = is_live(family[2]) and live or past
    list[#list + 1] = family
  end
  return live, past, unreadable
end

-- Deletes the families that have expired, and all but the newest `keep` of those that have ended.
-- Keeps those whose end the database may not know, and those that it would restore because they
-- were idle for less than `late` seconds too long.
local function forget(past, keep, late)
  local forgettable = {}
  for _, family in ipairs(past) do
    local sid, record = family[1], family[2]
    local is_restorable = record[ENDED] == 0 and now_ms < (record[IDLE_EXPIRES] + late) * 1000
    if now_ms >= record[EXPIRES] * 1000 then
      redis.call('HDEL', family_key, sid)
    elseif not is_restorable and not redis.call('HGET', unrecorded_key, sid) then
      forgettable[#forgettable + 1] = sid
    end
  end
  for i = 1, #forgettable - keep do
    redis.call('HDEL', family_key, forgettable[i])
  end
end
