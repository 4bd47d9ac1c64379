-- The record of a family, packed in one field of its user's hash. Shared by every script here: the loader puts this file
-- before the others. The same words as src/sessions/family.ts.
--
-- Fields, in the order of the packed array:
--   1 generation  2 openedAt (s)  3 rotatedAtMs  4 idleExpiresAt (s)  5 expiresAt (s)
--   6 replays     7 endedAt (s)   8 clientId     9 scope             10 label
local GENERATION, OPENED, ROTATED_MS, IDLE_EXPIRES, EXPIRES, REPLAYS, ENDED = 1, 2, 3, 4, 5, 6, 7

local function read(key, sid)
  local packed = redis.call('HGET', key, sid)
  return packed and cmsgpack.unpack(packed) or nil
end

local function write(key, sid, record)
  redis.call('HSET', key, sid, cmsgpack.pack(record))
end

local function is_live(record, now_ms)
  return record[ENDED] == 0 and now_ms < math.min(record[IDLE_EXPIRES], record[EXPIRES]) * 1000
end

-- Notes that an access token is given out now, and returns when the last one that ever was will have run out (s). The
-- lifetime may be set lower while longer tokens are still about, so what it is today does not tell.
local function token_horizon(horizon, now_ms, revocation_seconds)
  local until_s = math.ceil(now_ms / 1000) + revocation_seconds
  local noted = tonumber(redis.call('GET', horizon) or '0')
  if noted >= until_s then return noted end
  redis.call('SET', horizon, string.format('%.0f', until_s), 'EX', revocation_seconds + 60)
  return until_s
end

-- Forgets the oldest entries of the stream, where the tokens they killed have run out. Whichever clock is behind decides.
-- A key's entry stays for longer than others, and keeps none of them.
local function forget(stream, now_ms)
  local now = math.min(now_ms / 1000, tonumber(redis.call('TIME')[1]))
  for _, entry in ipairs(redis.call('XRANGE', stream, '-', '+', 'COUNT', 10)) do
    if tonumber(entry[2][6]) < now then
      redis.call('XDEL', stream, entry[1])
    elseif entry[2][2] ~= 'key' then
      return
    end
  end
end

-- Keeps the stream as long as its new entry must be remembered, and what has had its time no longer.
local function remember(stream, now_ms, until_s)
  forget(stream, now_ms)
  local life = math.ceil(until_s) - math.floor(now_ms / 1000) + 60
  if redis.call('TTL', stream) < life then redis.call('EXPIRE', stream, life) end
end

-- Writes what every gateway must learn, in the same atomic step as the change that it tells of.
local function revoke(stream, horizon, sid, now_ms, revocation_seconds)
  local until_s = token_horizon(horizon, now_ms, revocation_seconds)
  redis.call('XADD', stream, '*', 'kind', 'session', 'id', sid, 'until', string.format('%.0f', until_s))
  remember(stream, now_ms, until_s)
end

local function finish(key, stream, horizon, sid, record, now_ms, revocation_seconds)
  record[ENDED] = math.floor(now_ms / 1000)
  write(key, sid, record)
  revoke(stream, horizon, sid, now_ms, revocation_seconds)
end

-- By bytes, as the embedded store orders: `<` on strings follows the locale that the server happens to run in.
local function precedes(a, b)
  for i = 1, math.min(#a, #b) do
    if a:byte(i) ~= b:byte(i) then return a:byte(i) < b:byte(i) end
  end
  return #a < #b
end

-- All families of the user as {sid, record}, the oldest first.
local function read_all(key)
  local flat = redis.call('HGETALL', key)
  local all = {}
  for i = 1, #flat, 2 do
    all[#all + 1] = { flat[i], cmsgpack.unpack(flat[i + 1]) }
  end
  table.sort(all, function(a, b)
    if a[2][OPENED] ~= b[2][OPENED] then return a[2][OPENED] < b[2][OPENED] end
    return precedes(a[1], b[1])
  end)
  return all
end

-- Forgets what has expired, and all but the newest tombstones; returns what is left alive, the oldest first.
local function prune(key, now_ms, keep_tombstones)
  local live, tombstones = {}, {}
  for _, family in ipairs(read_all(key)) do
    local sid, record = family[1], family[2]
    if is_live(record, now_ms) then
      live[#live + 1] = family
    elseif record[ENDED] > 0 and now_ms < record[EXPIRES] * 1000 then
      tombstones[#tombstones + 1] = family
    else
      redis.call('HDEL', key, sid)
    end
  end
  for i = 1, #tombstones - keep_tombstones do
    redis.call('HDEL', key, tombstones[i][1])
  end
  return live
end
