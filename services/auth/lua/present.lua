-- A refresh token whose MAC is good is presented: the state machine of src/sessions/family.ts, in one round trip.
-- KEYS[1] the user's families   KEYS[2] the revocation stream   KEYS[3] when the last access token runs out
-- ARGV[1] sid   ARGV[2] presented generation   ARGV[3] now (ms)   ARGV[4] idle lifetime (s)   ARGV[5] grace (s)
-- ARGV[6] replay cap   ARGV[7] how long a revocation is remembered (s)
-- Reply: {outcome, record before, record after}, the records as arrays; {'ended'} where there is none
local key, stream, horizon, sid = KEYS[1], KEYS[2], KEYS[3], ARGV[1]
local presented, now_ms, idle = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local grace, cap, remember = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])

local record = read(key, sid)
if not record then return { 'ended' } end
local before = { unpack(record) }
if not is_live(record, now_ms) then return { 'ended', before, record } end

local behind = record[GENERATION] - presented
if behind <= 0 then
  record[GENERATION] = presented + 1
  record[ROTATED_MS] = now_ms
  record[IDLE_EXPIRES] = math.min(math.floor(now_ms / 1000) + idle, record[EXPIRES])
  record[REPLAYS] = 0
  write(key, sid, record)
  token_horizon(horizon, now_ms, remember)
  return { behind == 0 and 'rotated' or 'healed', before, record }
end

local within_grace = grace > 0 and now_ms - record[ROTATED_MS] < grace * 1000 and record[REPLAYS] < cap
if behind == 1 and within_grace then
  record[REPLAYS] = record[REPLAYS] + 1
  write(key, sid, record)
  token_horizon(horizon, now_ms, remember)
  return { 'replayed', before, record }
end

finish(key, stream, horizon, sid, record, now_ms, remember)
return { 'reused', before, record }
